#include "core/registry/lineage_rows.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "core/registry/status_rows.h"

namespace mat {
namespace {

constexpr std::array<std::pair<LineageKind, const char*>, 11> kKinds{{
    {LineageKind::data, "data"},
    {LineageKind::dataset, "dataset"},
    {LineageKind::dataset_version, "dataset_version"},
    {LineageKind::experiment, "experiment"},
    {LineageKind::job, "job"},
    {LineageKind::version, "version"},
    {LineageKind::params, "params"},
    {LineageKind::algorithm, "algorithm"},
    {LineageKind::model, "model"},
    {LineageKind::model_version, "model_version"},
    {LineageKind::service, "service"},
}};

// A row as `name, created_ms, facts`, with facts as JSON.
const char* select_of(LineageKind kind) {
  switch (kind) {
    case LineageKind::dataset:
      return "SELECT name, created_ms, json_object('pictures', iif(json_valid(pictures), "
             "json_extract(pictures, '$.pictures'), NULL)) FROM datasets WHERE id = ?";
    case LineageKind::dataset_version:
      return "SELECT d.name || '@' || format('V%03d', v.number), v.created_ms, "
             "json_object('given_name', nullif(v.name, ''), 'fingerprint', v.fingerprint, "
             "'pictures', iif(json_valid(v.counts), json_extract(v.counts, '$.pictures'), NULL)) "
             "FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE v.id = ?";
    case LineageKind::experiment:
      return "SELECT name, created_ms, '{}' FROM experiments WHERE id = ?";
    case LineageKind::job:
      return "SELECT j.name, j.created_ms, json_object('experiment', e.name) FROM jobs j "
             "LEFT JOIN experiments e ON e.id = j.experiment_id WHERE j.id = ?";
    case LineageKind::version:
      return "SELECT j.name || '@' || format('V%04d', v.number), v.created_ms, json_object("
             "'status', v.status, 'reason', nullif(v.reason, ''), 'algorithm', v.algorithm, "
             "'experiment', e.name, "
             "'accuracy', (SELECT best FROM metrics WHERE version_id = v.id AND key_id = 1), "
             "'git', iif(json_valid(d.facts), json_extract(d.facts, '$.git.commit'), NULL), "
             "'dirty', iif(json_valid(d.facts), json_extract(d.facts, '$.git.dirty'), NULL), "
             "'resumes', (SELECT count(*) FROM status_changes c WHERE version_id = v.id "
             "AND status = 'Pending' AND (SELECT p.status FROM status_changes p "
             "WHERE p.version_id = c.version_id AND p.rowid < c.rowid ORDER BY p.rowid DESC "
             "LIMIT 1) IN ('Failed', 'Terminated', 'Abnormal'))) "
             "FROM versions v JOIN jobs j ON j.id = v.job_id "
             "LEFT JOIN version_details d ON d.version_id = v.id "
             "LEFT JOIN experiments e ON e.id = j.experiment_id WHERE v.id = ?";
    case LineageKind::params:
      return "SELECT name, created_ms, '{}' FROM params WHERE id = ?";
    case LineageKind::algorithm:
      return "SELECT name, created_ms, '{}' FROM algorithms WHERE id = ?";
    case LineageKind::model:
      return "SELECT name, created_ms, '{}' FROM models WHERE id = ?";
    case LineageKind::model_version:
      return "SELECT m.name || '@' || v.major || '.' || v.minor || '.' || v.patch, v.created_ms, "
             "json_object('network', v.network, "
             "'accuracy', iif(json_valid(v.metrics), json_extract(v.metrics, '$.accuracy'), NULL), "
             "'file', iif(json_valid(v.origin), json_extract(v.origin, '$.file'), NULL), "
             "'exported_from', iif(json_valid(v.origin), "
             "json_extract(v.origin, '$.exported.model'), NULL), "
             "'aliases', (SELECT group_concat(name, ', ') FROM (SELECT name FROM model_aliases "
             "WHERE version_id = v.id ORDER BY name))) "
             "FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = ?";
    case LineageKind::service:
      return "SELECT name, created_ms, json_object('status', status, 'reason', nullif(reason, ''), "
             "'address', nullif(address, '')) FROM services WHERE id = ?";
    case LineageKind::data:
      break;
  }
  return nullptr;
}

// What tells the things that belong to one: `kind` of the members, their table and its column.
struct Members {
  LineageKind owner;
  const char* kind;
  const char* table;
  const char* column;
  const char* relation;
};
constexpr std::array<Members, 4> kMembers{{
    {LineageKind::dataset, "dataset_version", "dataset_versions", "dataset_id", "version"},
    {LineageKind::experiment, "job", "jobs", "experiment_id", "member"},
    {LineageKind::job, "version", "versions", "job_id", "version"},
    {LineageKind::model, "model_version", "model_versions", "model_id", "version"},
}};

Json facts_of(const std::string& text, const std::string& name) {
  Json facts = parse_json(text, "in the registry, " + name);
  if (!facts.is_object()) return Json::object();
  for (auto it = facts.begin(); it != facts.end();) it = it->is_null() ? facts.erase(it) : ++it;
  return facts;
}

std::optional<LineageRecord> live_record(SQLite::Database& connection, const LineageKey& key) {
  SQLite::Statement row(connection, select_of(key.kind));
  row.bind(1, key.id);
  if (!row.executeStep()) return std::nullopt;
  LineageRecord record{key, row.getColumn(0).getString(), row.getColumn(1).getInt64(), {}, {}};
  record.facts = facts_of(row.getColumn(2).getString(), record.name);
  return record;
}

std::optional<LineageRecord> deleted_record(SQLite::Database& connection, const LineageKey& key) {
  SQLite::Statement row(connection,
                        "SELECT d.name, d.created_ms, d.deleted_ms, d.facts, "
                        "(SELECT ifnull(e.name, x.name) FROM (SELECT ifnull(j.experiment_id, "
                        "  g.owner_id) AS id FROM (SELECT d.owner_id AS id) o "
                        "  LEFT JOIN jobs j ON j.id = o.id "
                        "  LEFT JOIN deleted g ON g.kind = 'job' AND g.id = o.id) i "
                        "  LEFT JOIN experiments e ON e.id = i.id "
                        "  LEFT JOIN deleted x ON x.kind = 'experiment' AND x.id = i.id) "
                        "FROM deleted d WHERE d.kind = ? AND d.id = ?");
  row.bind(1, name_of(key.kind));
  row.bind(2, key.id);
  if (!row.executeStep()) return std::nullopt;
  LineageRecord record{key,
                       row.getColumn(0).getString(),
                       row.getColumn(1).getInt64(),
                       row.getColumn(2).getInt64(),
                       {}};
  record.facts = facts_of(row.getColumn(3).getString(), record.name);
  if (key.kind == LineageKind::version && !row.getColumn(4).isNull()) {
    record.facts["experiment"] = row.getColumn(4).getString();
  }
  return record;
}

void add_link(std::vector<LineageLink>& links, LineageKey from, const LineageKey& to,
              const char* relation, const std::string& label = {}) {
  links.push_back({std::move(from), to, relation, label});
}

// The places of raw data that a version had as inputs, but for those that `links` explain.
void add_places(SQLite::Database& connection, const LineageRecord& record,
                std::vector<LineageLink>& links) {
  Json inputs = record.facts.value("inputs", Json::object());
  if (!record.deleted_ms) {
    SQLite::Statement row(connection,
                          "SELECT substr(k.name, 8), s.value FROM version_values s "
                          "JOIN keys k ON k.id = s.key_id "
                          "WHERE s.version_id = ? AND k.name GLOB 'inputs.*'");
    row.bind(1, record.key.id);
    while (row.executeStep()) inputs[row.getColumn(0).getString()] = row.getColumn(1).getString();
  }
  if (!inputs.is_object()) return;
  for (const auto& [channel, place] : inputs.items()) {
    if (!place.is_string()) continue;
    const auto& text = place.get_ref<const std::string&>();
    bool is_known = false;
    for (const LineageLink& link : links) {
      is_known |=
          link.label == channel || (link.relation == "incremental" && channel == "weights_url");
    }
    // The address of a dataset is of one that was not there when the version was made.
    if (is_known || text.empty()) continue;
    add_link(links, {LineageKind::data, 0, text}, record.key, "input", channel);
  }
}

void add_owner(SQLite::Database& connection, const LineageKey& key,
               std::vector<LineageLink>& links) {
  SQLite::Statement row(connection,
                        "SELECT dataset_id FROM dataset_versions WHERE id = ?1 UNION ALL "
                        "SELECT owner_id FROM deleted WHERE kind = 'dataset_version' AND id = ?1 "
                        "AND owner_id IS NOT NULL");
  row.bind(1, key.id);
  if (row.executeStep()) {
    add_link(links, {LineageKind::dataset, row.getColumn(0).getInt64(), {}}, key, "version");
  }
}

// The rows `kind, id, relation, label` of what was made from it, as a table.
std::string children_sql(const LineageKey& key) {
  std::string sql =
      "SELECT child_kind AS kind, child_id AS id, relation, label FROM origins "
      "WHERE parent_kind = ?2 AND parent_id = ?1";
  for (const Members& members : kMembers) {
    if (members.owner != key.kind) continue;
    sql += fmt::format(
        " UNION ALL SELECT '{0}', id, '{3}', '' FROM {1} WHERE {2} = ?1 "
        "UNION ALL SELECT '{0}', id, '{3}', '' FROM deleted WHERE kind = '{0}' AND owner_id = ?1",
        members.kind, members.table, members.column, members.relation);
  }
  if (key.id != 0) return sql;
  if (key.kind == LineageKind::algorithm) {
    return "SELECT 'version' AS kind, id, 'algorithm' AS relation, '' AS label FROM versions "
           "WHERE algorithm = ?1 UNION ALL SELECT kind, id, 'algorithm', '' FROM deleted "
           "WHERE kind = ?2 AND json_extract(facts, '$.algorithm') = ?1";
  }
  // Job by job, since that is how the index is ordered.
  return "SELECT 'version' AS kind, s.version_id AS id, 'input' AS relation, "
         "substr(k.name, 8) AS label FROM keys k CROSS JOIN jobs j CROSS JOIN version_values s "
         "ON s.job_id = j.id AND s.key_id = k.id WHERE k.name GLOB 'inputs.*' AND s.value = ?1 "
         "UNION ALL SELECT d.kind, d.id, 'input', i.key FROM deleted d, "
         "json_each(d.facts, '$.inputs') i WHERE d.kind = ?2 AND i.value = ?1 "
         "UNION ALL SELECT 'model_version', id, 'import', '' FROM model_versions "
         "WHERE json_valid(origin) AND json_extract(origin, '$.file') = ?1 "
         "UNION ALL SELECT kind, id, 'import', '' FROM deleted "
         "WHERE kind = 'model_version' AND json_extract(facts, '$.file') = ?1";
}

void bind_key(SQLite::Statement& statement, const LineageKey& key) {
  if (key.id != 0) {
    statement.bind(1, key.id);
    statement.bind(2, name_of(key.kind));
  } else {
    statement.bind(1, key.text);
    statement.bind(2, "version");
  }
}

}  // namespace

const char* name_of(LineageKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

std::optional<LineageKind> lineage_kind_from_name(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::optional<LineageRecord> lineage_record(SQLite::Database& connection, const LineageKey& key) {
  if (key.id == 0) return LineageRecord{key, key.text, 0, {}, Json::object()};
  if (key.kind == LineageKind::data) return std::nullopt;
  if (auto record = live_record(connection, key)) return record;
  return deleted_record(connection, key);
}

std::vector<LineageLink> lineage_parents(SQLite::Database& connection,
                                         const LineageRecord& record) {
  std::vector<LineageLink> links;
  const LineageKey& key = record.key;
  if (key.id == 0 || key.kind == LineageKind::job) return links;
  SQLite::Statement row(connection,
                        "SELECT parent_kind, parent_id, relation, label FROM origins "
                        "WHERE child_kind = ? AND child_id = ? AND relation <> 'algorithm' "
                        "ORDER BY relation = 'served', relation <> 'input', label");
  row.bind(1, name_of(key.kind));
  row.bind(2, key.id);
  while (row.executeStep()) {
    const auto kind = lineage_kind_from_name(row.getColumn(0).getString());
    if (!kind) continue;
    add_link(links, {*kind, row.getColumn(1).getInt64(), {}}, key,
             row.getColumn(2).getString().c_str(), row.getColumn(3).getString());
  }
  if (key.kind == LineageKind::version) add_places(connection, record, links);
  if (key.kind == LineageKind::dataset_version) add_owner(connection, key, links);
  if (key.kind == LineageKind::model_version && record.facts.contains("file") &&
      record.facts["file"].is_string()) {
    add_link(links, {LineageKind::data, 0, record.facts["file"].get<std::string>()}, key, "import");
  }
  return links;
}

LineageChildren lineage_children(SQLite::Database& connection, const LineageKey& key,
                                 std::int64_t limit) {
  LineageChildren children;
  const std::string table = children_sql(key);
  // One more than is shown tells whether they have to be counted.
  SQLite::Statement row(
      connection,
      fmt::format("SELECT kind, id, relation, label FROM ({}) c ORDER BY EXISTS (SELECT 1 FROM "
                  "origins n WHERE n.parent_kind = c.kind AND n.parent_id = c.id) DESC, "
                  "relation = 'served', id DESC LIMIT {}",
                  table, limit == 0 ? -1 : limit));
  bind_key(row, key);
  while (row.executeStep()) {
    const auto kind = lineage_kind_from_name(row.getColumn(0).getString());
    if (!kind) continue;
    children.links.push_back({key,
                              {*kind, row.getColumn(1).getInt64(), {}},
                              row.getColumn(2).getString(),
                              row.getColumn(3).getString()});
  }
  children.total = static_cast<std::int64_t>(children.links.size());
  if (limit != 0 && children.total == limit) {
    SQLite::Statement count(connection, fmt::format("SELECT count(*) FROM ({})", table));
    bind_key(count, key);
    count.executeStep();
    children.total = count.getColumn(0).getInt64();
  }
  return children;
}

}  // namespace mat
