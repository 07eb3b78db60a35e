#include "cli/commands/version_show.h"

#include <fmt/core.h>

#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/commands/evaluation_view.h"
#include "cli/commands/views.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/live_progress.h"
#include "core/model/evaluate.h"
#include "core/pool/pools.h"
#include "core/pool/schedule.h"
#include "core/pool/space_reserve.h"
#include "core/run/attempts.h"
#include "core/run/run_description.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string heading(const std::string& title) {
  return "\n" + styled(title, Style::bold, stdout_has_colour()) + "\n";
}

std::string time_text(const std::optional<std::int64_t>& ms) { return ms ? local_text(*ms) : ""; }

// Why a version of this machine is Pending, with what it waits for; empty for others.
std::string waiting_reason(Registry& registry, const VersionRecord& version) {
  if (version.status != Status::pending) return {};
  const Schedule schedule(registry.active_versions(), all_pools(registry), machine_capacity(),
                          has_room_to_begin(registry.home().root), now_ms(),
                          [](const ActiveVersion&) { return false; });
  const std::string for_what = schedule.waits_for(version.id);
  if (for_what.empty()) return {};
  const std::string& before = version.status_reason;
  return fmt::format("{}{}waits for {}", before, before.empty() ? "" : "; ", for_what);
}

void print_head(const VersionRecord& v, const std::vector<StatusChange>& history,
                const Json& progress, const fs::path& folder, const std::string& waiting) {
  const int attempts = count_starts(history);
  std::error_code ignored;
  print_fields(
      {{"version", v.reference()},
       {"status", Cell(name_of(v.status), style_of(v.status))},
       {"reason", waiting.empty() ? v.status_reason : waiting},
       {"algorithm", v.algorithm},
       {"parent", v.parent},
       {"created", local_text(v.created_ms)},
       {"started", time_text(v.started_ms)},
       {"ended", time_text(v.ended_ms)},
       {"training time", attempts > 0 ? format_duration(duration_s(v)) : ""},
       {"attempts", attempts > 1 ? std::to_string(attempts) : ""},
       {"progress", progress.is_object() ? progress_text(progress) : ""},
       {"folder", folder.string() + (fs::exists(folder, ignored) ? "" : " (it is gone)")}});
}

void print_history(const std::vector<StatusChange>& history) {
  Table table({{"TIME"}, {"STATUS"}, {"REASON", Align::left, true}});
  for (const StatusChange& change : history) {
    table.add({local_text(change.at_ms), Cell(name_of(change.status), style_of(change.status)),
               change.reason});
  }
  print(heading("history") + table.text());
}

Json history_json(const std::vector<StatusChange>& history) {
  Json changes = Json::array();
  for (const StatusChange& change : history) {
    changes.push_back({{"time", utc_text(change.at_ms)},
                       {"status", name_of(change.status)},
                       {"reason", change.reason.empty() ? Json(nullptr) : Json(change.reason)}});
  }
  return changes;
}

void print_settings(const VersionRecord& v) {
  Table table({{"SETTING"}, {"VALUE", Align::left, true}, {"FROM"}});
  for (const auto& [key, setting] : v.settings.items()) {
    table.add({key, value_text(setting.value("value", Json())), setting.value("source", "")});
  }
  print(heading("settings") + table.text());
}

void print_metrics(const VersionRecord& v) {
  if (v.metrics.empty()) return;
  Table table({{"METRIC"},
               {"BEST", Align::right},
               {"AT STEP", Align::right},
               {"LAST", Align::right},
               {"MIN", Align::right},
               {"MAX", Align::right},
               {"POINTS", Align::right}});
  const auto number = [](double value) { return fmt::format("{:.5g}", value); };
  for (const auto& [name, m] : v.metrics) {
    if (is_deviation(v, name)) continue;
    const auto deviation = deviation_of(v, name);
    const std::string best = deviation ? metric_text(m.best, deviation) : number(m.best);
    table.add({name, best, std::to_string(m.best_step), number(m.last), number(m.min),
               number(m.max), std::to_string(m.count)});
  }
  print(heading("metrics") + table.text());
}

// Of a training of several nodes; one that went on alone has those of before recorded.
void print_nodes(const VersionRecord& version) {
  const auto nodes = version.facts.find("nodes");
  if (nodes_of(version) == 1 || nodes == version.facts.end() || !nodes->is_array()) return;
  Table table({{"NODE", Align::right},
               {"HOST", Align::left, true},
               {"IMAGES/S", Align::right},
               {"WAITING", Align::right}});
  const auto number = [](const Json& node, const char* key) {
    return node.contains(key) && node[key].is_number() ? node[key].get<double>() : 0.0;
  };
  for (const Json& node : *nodes) {
    if (!node.is_object()) continue;
    table.add({fmt::format("{:.0f}", number(node, "node")), value_text(node.value("host", Json())),
               fmt::format("{:.1f}", number(node, "images_per_second")),
               node.contains("waiting") ? fmt::format("{:.0f}%", number(node, "waiting") * 100)
                                        : std::string("-")});
  }
  print(heading("nodes") + table.text());
}

void print_facts(const Json& facts, const std::string& prefix, Table& table) {
  for (const auto& [key, value] : facts.items()) {
    const std::string name = prefix + key;
    if (value.is_object()) {
      print_facts(value, name + ".", table);
    } else if (!value.is_null()) {
      table.add({Cell(name, Style::dim), value_text(value)});
    }
  }
}

}  // namespace

int show_version(const Context& context, const std::string& reference, bool json) {
  Registry registry = context.open_to_read();
  const VersionRecord version = registry.version(reference);
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  const std::vector<StatusChange> history = registry.history(version.id);
  const Json progress = is_active(version.status) ? read_progress(folder) : Json(nullptr);
  const StoredEvaluation evaluation = read_evaluation(folder);
  const std::string waiting = waiting_reason(registry, version);
  if (json) {
    Json document = version_json(version);
    document["folder"] = folder.string();
    document["history"] = history_json(history);
    document["attempts"] = count_starts(history);
    document["progress"] = progress;
    if (!waiting.empty()) document["reason"] = waiting;
    document["evaluation"] = evaluation.document;
    document["evaluations"] = kept_evaluations(folder);
    if (!evaluation.problem.empty()) note(printable(evaluation.problem));
    print_json(document);
    return 0;
  }
  print_head(version, history, progress, folder, waiting);
  print_history(history);
  print_settings(version);
  print_metrics(version);
  print_evaluation(evaluation);
  if (const auto kept = kept_evaluations(folder); !kept.empty()) {
    print(heading("evaluations of other data") +
          fmt::format("{}; mat evaluate {}\n", join(kept, ", "), version.reference()));
  }
  print_nodes(version);
  Table facts({{""}, {"", Align::left, true}});
  Json recorded = version.facts;
  // A command that the spec spells out stands in the settings.
  if (version.settings.contains("algorithm.command")) recorded.erase("algorithm");
  recorded.erase("nodes");
  print_facts(recorded, "", facts);
  if (!facts.empty()) print(heading("recorded") + facts.text());
  return 0;
}

}  // namespace mat
