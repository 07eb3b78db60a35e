#include "core/registry/origin_writer.h"

#include <filesystem>
#include <set>

#include "core/base/address.h"
#include "core/base/names.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInputs = "inputs.", kFromParams = "params ";
constexpr const char* kWeights = "weights_url";

std::optional<Id> first_id(SQLite::Statement& row) {
  if (!row.executeStep()) return std::nullopt;
  return row.getColumn(0).getInt64();
}

std::optional<Id> id_of_dataset_version(SQLite::Database& connection, const std::string& text) {
  if (!is_dataset_reference(text)) return std::nullopt;
  const DatasetReference reference = parse_dataset_reference(text);
  if (reference.which != DatasetReference::Which::number) return std::nullopt;
  SQLite::Statement row(connection,
                        "SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = "
                        "v.dataset_id WHERE d.name = ? AND v.number = ?");
  row.bind(1, reference.dataset);
  row.bind(2, reference.number);
  return first_id(row);
}

std::string text_of(const Json& setting, const char* part) {
  if (!setting.is_object()) return {};
  const auto found = setting.find(part);
  return found != setting.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<Id> id_of_version(SQLite::Database& connection, const std::string& job,
                                std::int64_t number) {
  SQLite::Statement row(connection,
                        "SELECT v.id FROM versions v JOIN jobs j ON j.id = v.job_id "
                        "WHERE j.name = ? AND v.number = ?");
  row.bind(1, job);
  row.bind(2, number);
  return first_id(row);
}

std::optional<Id> OriginWriter::id_of(const char* table, const std::string& name) {
  const auto [known, is_new] = ids_.try_emplace(std::string(table) + "/" + name);
  if (is_new) {
    SQLite::Statement row(connection_, std::string("SELECT id FROM ") + table + " WHERE name = ?");
    row.bind(1, name);
    known->second = first_id(row);
  }
  return known->second;
}

// HOME/jobs/JOB/V0003/output/best.safetensors → that version.
std::optional<Id> OriginWriter::version_at(const std::string& path) {
  const fs::path relative =
      fs::path(path).lexically_normal().lexically_relative(home_.jobs().lexically_normal());
  if (relative.empty() || *relative.begin() == ".." || *relative.begin() == ".")
    return std::nullopt;
  const fs::path job = *relative.begin();
  const fs::path version =
      std::next(relative.begin()) == relative.end() ? fs::path() : *std::next(relative.begin());
  const auto number = parse_version_number(version.string());
  return number ? id_of_version(connection_, job.string(), *number) : std::nullopt;
}

void OriginWriter::add(const LineageKey& child, const char* relation, const std::string& label,
                       LineageKind parent_kind, Id parent) {
  if (!insert_) {
    insert_.emplace(connection_, "INSERT OR IGNORE INTO origins VALUES (?, ?, ?, ?, ?, ?)");
  }
  insert_->reset();
  insert_->bind(1, name_of(child.kind));
  insert_->bind(2, child.id);
  insert_->bind(3, relation);
  insert_->bind(4, label);
  insert_->bind(5, name_of(parent_kind));
  insert_->bind(6, parent);
  insert_->exec();
}

void OriginWriter::add_version(Id id, const NewVersion& version) {
  const LineageKey child{LineageKind::version, id, {}};
  std::set<std::string> configurations;
  bool starts_from_parent = false;
  for (const auto& [key, setting] : version.settings.items()) {
    const std::string source = text_of(setting, "source");
    if (source.starts_with(kFromParams)) configurations.insert(source.substr(kFromParams.size()));
    if (!key.starts_with(kInputs)) continue;
    const std::string channel = key.substr(kInputs.size());
    const std::string place = text_of(setting, "value");
    if (const auto dataset = dataset_of_address(place)) {
      const auto parent = id_of_dataset_version(connection_, *dataset);
      if (parent) add(child, "input", channel, LineageKind::dataset_version, *parent);
    } else if (const auto parent = version_at(place); parent && *parent != id) {
      const bool is_weights = channel == kWeights;
      add(child, is_weights ? "incremental" : "input", is_weights ? "" : channel,
          LineageKind::version, *parent);
      starts_from_parent |= is_weights && parent == version.parent;
    }
  }
  if (version.parent && !starts_from_parent) {
    add(child, "modify", "", LineageKind::version, *version.parent);
  }
  for (const std::string& name : configurations) {
    if (const auto parent = id_of("params", name)) {
      add(child, "params", "", LineageKind::params, *parent);
    }
  }
  if (const auto parent = id_of("algorithms", version.algorithm)) {
    add(child, "algorithm", "", LineageKind::algorithm, *parent);
  }
}

}  // namespace mat
