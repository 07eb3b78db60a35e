#include <fmt/core.h>

#include "core/base/error.h"
#include "core/registry/fields.h"
#include "core/registry/registry_impl.h"

namespace mat {
namespace {

Json column_json(const SQLite::Column& column) {
  if (column.isNull()) return nullptr;
  if (column.isInteger()) return column.getInt64();
  if (column.isFloat()) return column.getDouble();
  return column.getString();
}

FieldValues::Meaning meaning_of(FieldType type) {
  switch (type) {
    case FieldType::time:
      return FieldValues::Meaning::time_ms;
    case FieldType::duration:
      return FieldValues::Meaning::duration_s;
    case FieldType::version:
      return FieldValues::Meaning::version_number;
    default:
      return FieldValues::Meaning::as_is;
  }
}

}  // namespace

std::vector<std::string> Registry::version_field_names() {
  return impl_->database.read(mat::version_field_names);
}

FieldValues Registry::values_of(const std::vector<VersionSummary>& versions,
                                const std::string& field) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Field found = VersionFields(connection, 0, 0).find(field);
    // A setting has its own type, true or false say, in the JSON only.
    const bool is_setting = found.type == FieldType::any;
    SQLite::Statement row(connection, is_setting ? "SELECT settings -> ?2 FROM version_details "
                                                   "WHERE version_id = ?1"
                                                 : "SELECT " + found.in_row +
                                                       " FROM versions v "
                                                       "WHERE v.id = ?1");
    if (is_setting) row.bind(2, fmt::format("$.\"{}\".value", find_key(connection, field)->second));
    FieldValues found_values{meaning_of(found.type), {}};
    found_values.values.reserve(versions.size());
    for (const VersionSummary& version : versions) {
      row.reset();
      row.bind(1, version.id);
      Json value = row.executeStep() ? column_json(row.getColumn(0)) : Json(nullptr);
      if (is_setting && value.is_string()) {
        value = parse_json(value.get_ref<const std::string&>(), "in the registry, a setting");
      }
      found_values.values.push_back(std::move(value));
    }
    return found_values;
  });
}

}  // namespace mat
