#include "cli/commands/version_show.h"

#include <fmt/core.h>

#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/commands/evaluation_view.h"
#include "cli/commands/views.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string heading(const std::string& title) {
  return "\n" + styled(title, Style::bold, stdout_has_colour()) + "\n";
}

std::string time_text(const std::optional<std::int64_t>& ms) { return ms ? local_text(*ms) : ""; }

void print_head(const VersionRecord& v, const fs::path& folder) {
  print_fields({{"version", v.reference()},
                {"status", Cell(name_of(v.status), style_of(v.status))},
                {"reason", v.status_reason},
                {"algorithm", v.algorithm},
                {"parent", v.parent},
                {"created", local_text(v.created_ms)},
                {"started", time_text(v.started_ms)},
                {"ended", time_text(v.ended_ms)},
                {"training time", v.started_ms ? format_duration(duration_s(v)) : ""},
                {"folder", folder.string()}});
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
    table.add({name, number(m.best), std::to_string(m.best_step), number(m.last), number(m.min),
               number(m.max), std::to_string(m.count)});
  }
  print(heading("metrics") + table.text());
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
  const StoredEvaluation evaluation = read_evaluation(folder);
  if (json) {
    Json document = version_json(version);
    document["folder"] = folder.string();
    document["evaluation"] = evaluation.document;
    if (!evaluation.problem.empty()) note(printable(evaluation.problem));
    print_json(document);
    return 0;
  }
  print_head(version, folder);
  print_settings(version);
  print_metrics(version);
  print_evaluation(evaluation);
  Table facts({{""}, {"", Align::left, true}});
  print_facts(version.facts, "", facts);
  if (!facts.empty()) print(heading("recorded") + facts.text());
  return 0;
}

}  // namespace mat
