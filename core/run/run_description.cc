#include "core/run/run_description.h"

#include <fmt/core.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 256 << 20;

fs::path description_path(const fs::path& version_folder) { return version_folder / "run.json"; }

// A file that was not there is believed to be missing for up to a minute by other machines that
// share the folder over NFS; one that is replaced is seen at once.
constexpr const char* kNoResult = "{}\n";

fs::path result_path(const fs::path& version_folder, int node) {
  return node_folder(version_folder, node) / "result.json";
}

Json capacity_json(const Capacity& capacity) {
  return {
      {"cores", capacity.cores}, {"memory_bytes", capacity.memory_bytes}, {"gpus", capacity.gpus}};
}

// What was written by mat: whatever is wrong with it, it is damaged.
template <typename Read>
auto read_own(const fs::path& path, const std::string& text, const Read& read) {
  try {
    return read(parse_json(text, fmt::format("'{}'", path.string())));
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("'{}' is damaged: {}", path.string(), e.what()));
  }
}

ErrorKind kind_from_code(int code) {
  for (const ErrorKind kind :
       {ErrorKind::usage, ErrorKind::not_found, ErrorKind::conflict, ErrorKind::io,
        ErrorKind::terminated, ErrorKind::bug, ErrorKind::interrupted}) {
    if (static_cast<int>(kind) == code) return kind;
  }
  return ErrorKind::training_failed;
}

}  // namespace

int nodes_of(const VersionRecord& version) {
  const auto setting = version.settings.find("resources.nodes");
  if (setting == version.settings.end() || !setting->is_object()) return 1;
  const auto value = setting->find("value");
  return value != setting->end() && value->is_number_integer() ? value->get<int>() : 1;
}

fs::path node_folder(const fs::path& version_folder, int node) {
  return version_folder / "nodes" / std::to_string(node);
}

fs::path node_log_folder(const fs::path& version_folder, int node) {
  return node == 0 ? version_folder : node_folder(version_folder, node);
}

void write_run_description(const fs::path& version_folder, const HeldVersion& held,
                           const AttemptPlan& plan) {
  const VersionRecord& version = held.version;
  const Json json{{"id", version.id},
                  {"job", version.job},
                  {"number", version.number},
                  {"algorithm", version.algorithm},
                  {"created_ms", version.created_ms},
                  {"settings", version.settings},
                  {"facts", version.facts},
                  {"needs", capacity_json(plan.needs)},
                  {"gpu_ids", plan.gpu_ids},
                  {"nodes", plan.group.nodes},
                  {"resume", plan.resume}};
  for (int node = 0; node < plan.group.nodes; ++node) {
    make_folders(node_folder(version_folder, node));
    write_file_atomic(result_path(version_folder, node), kNoResult);
  }
  write_file_atomic(description_path(version_folder), to_json_text(json, 2) + "\n");
}

RunDescription read_run_description(const fs::path& version_folder) {
  const fs::path path = description_path(version_folder);
  return read_own(path, read_file(path, kMostBytes), [](const Json& json) {
    RunDescription run;
    VersionRecord& version = run.held.version;
    version.id = json.at("id").get<Id>();
    version.job = json.at("job").get<std::string>();
    version.number = json.at("number").get<std::int64_t>();
    version.algorithm = json.at("algorithm").get<std::string>();
    version.created_ms = json.at("created_ms").get<std::int64_t>();
    version.status = Status::running;
    version.settings = json.at("settings");
    version.facts = json.at("facts");
    run.held.spec = resolve(settings_from_json(version.settings), recorded_lookup(version.facts));
    const Json& needs = json.at("needs");
    run.plan.needs = {needs.at("cores").get<int>(), needs.at("memory_bytes").get<std::uint64_t>(),
                      needs.at("gpus").get<int>()};
    run.plan.gpu_ids = json.at("gpu_ids").get<std::vector<int>>();
    run.plan.resume = json.at("resume").get<bool>();
    run.plan.group.nodes = json.at("nodes").get<int>();
    return run;
  });
}

void write_node_result(const fs::path& version_folder, int node, const NodeResult& result) {
  Json metrics = Json::object();
  for (const auto& [name, summary] : result.metrics) metrics[name] = to_json(summary);
  const Json json{{"status", name_of(result.run.status)},
                  {"reason", result.run.reason},
                  {"error", static_cast<int>(result.run.error)},
                  {"hint", result.run.hint},
                  {"lost_nodes", result.run.lost_nodes},
                  {"ended_ms", result.ended_ms},
                  {"facts", result.facts},
                  {"metrics", std::move(metrics)}};
  make_folders(node_folder(version_folder, node));
  write_file_atomic(result_path(version_folder, node), to_json_text(json, 2) + "\n");
}

std::optional<NodeResult> read_node_result(const fs::path& version_folder, int node) {
  const fs::path path = result_path(version_folder, node);
  const auto text = read_file_if_exists(path, kMostBytes);
  if (!text || *text == kNoResult) return std::nullopt;
  return read_own(path, *text, [&](const Json& json) {
    NodeResult result;
    const auto status = status_from_name(json.at("status").get<std::string>());
    if (!status) throw Error(ErrorKind::io, fmt::format("'{}' is damaged", path.string()));
    result.run.status = *status;
    result.run.reason = json.at("reason").get<std::string>();
    result.run.error = kind_from_code(json.at("error").get<int>());
    result.run.hint = json.at("hint").get<std::string>();
    result.run.lost_nodes = json.at("lost_nodes").get<bool>();
    result.ended_ms = json.at("ended_ms").get<std::int64_t>();
    result.facts = json.at("facts");
    for (const auto& [name, summary] : json.at("metrics").items()) {
      result.metrics[name] = metric_summary_from_json(summary);
    }
    return result;
  });
}

}  // namespace mat
