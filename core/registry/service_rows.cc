#include "core/registry/service_rows.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

template <typename Value>
std::vector<std::string> names_where(SQLite::Database& connection, const std::string& condition,
                                     const Value& value) {
  SQLite::Statement row(connection,
                        "SELECT name FROM services WHERE " + condition + " ORDER BY name");
  row.bind(1, value);
  std::vector<std::string> names;
  while (row.executeStep()) names.push_back(row.getColumn(0).getString());
  return names;
}

}  // namespace

std::vector<std::string> services_of_model_version(SQLite::Database& connection, Id version) {
  return names_where(connection, "model_version_id = ?1", version);
}

std::vector<std::string> services_of_version(SQLite::Database& connection,
                                             const std::string& reference) {
  return names_where(connection, "source = ?1", "version:" + reference);
}

std::vector<std::string> services_of_job(SQLite::Database& connection, const std::string& job) {
  return names_where(connection, "substr(source, 1, length(?1)) = ?1",
                     fmt::format("version:{}@", job));
}

void refuse_in_service(const std::string& what, const std::vector<std::string>& services) {
  if (services.empty()) return;
  const bool is_one = services.size() == 1;
  throw Error(
      ErrorKind::conflict,
      fmt::format("{} is used by the service{} {}", what, is_one ? "" : "s", join(services, ", ")),
      fmt::format("delete {} first, or give {} another model",
                  is_one ? "the service" : "the services", is_one ? "it" : "them"));
}

}  // namespace mat
