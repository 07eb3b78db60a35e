#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/definition_rows.h"
#include "core/registry/registry_impl.h"

namespace mat {

DefinitionRecord Registry::create_pool(const DefinitionRecord& pool) {
  check_name("pool", pool.name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (find_definition(connection, "pools", pool.name)) {
      throw Error(ErrorKind::conflict, fmt::format("the pool '{}' exists already", pool.name),
                  fmt::format("choose another name, or 'mat pool delete {}' first", pool.name));
    }
    return insert_definition(connection, "pools", pool);
  });
}

std::optional<DefinitionRecord> Registry::find_pool(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_definition(connection, "pools", name); });
}

std::vector<DefinitionRecord> Registry::pools() {
  return impl_->database.read(
      [](SQLite::Database& connection) { return read_definitions(connection, "pools"); });
}

void Registry::set_pool_definition(const std::string& name, const Json& definition) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection, "UPDATE pools SET definition = ? WHERE name = ?");
    update.bind(1, to_json_text(definition));
    update.bind(2, name);
    update.exec();
  });
}

void Registry::delete_pool(const std::string& name) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement used(connection, "SELECT count(*) FROM queue WHERE pool = ?");
    used.bind(1, name);
    used.executeStep();
    if (const auto count = used.getColumn(0).getInt64(); count > 0) {
      throw Error(ErrorKind::conflict,
                  fmt::format("versions wait or run in the pool '{}' ({})", name, count),
                  "stop them first, or wait until they have ended");
    }
    delete_definition(connection, "pools", "pool", name);
  });
}

}  // namespace mat
