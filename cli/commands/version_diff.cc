#include "cli/commands/version_diff.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/compare/real_difference.h"
#include "core/compare/version_diff.h"

namespace mat {
namespace {

// "V0003", "3", "latest" or "best": a version when a job stands before it.
bool is_version_word(const std::string& word) {
  const bool has_v = !word.empty() && (word[0] == 'V' || word[0] == 'v');
  return word == "latest" || word == "best" ||
         parse_integer(has_v ? std::string_view(word).substr(1) : word).has_value();
}

std::vector<VersionRecord> whole_job(Registry& registry, const DiffFlags& flags) {
  const std::string& job = flags.references.front();
  ListOptions options;
  options.limit = flags.limit;
  const auto listing = registry.list_versions(job, options);
  if (listing.rows.size() < 2) {
    throw Error(ErrorKind::usage, fmt::format("{} has fewer than two versions to compare", job),
                fmt::format("mat version modify {} --set lr=0.1 trains another one", job));
  }
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "versions");
  std::vector<VersionRecord> versions;
  for (const VersionSummary& row : listing.rows) versions.push_back(registry.version(row.id));
  std::reverse(versions.begin(), versions.end());
  return versions;
}

std::vector<VersionRecord> chosen_versions(Registry& registry, const DiffFlags& flags) {
  const auto& words = flags.references;
  const bool has_job_first = words.front().find('@') == std::string::npos;
  if (words.size() == 1 && has_job_first) return whole_job(registry, flags);
  const bool is_job_and_versions =
      has_job_first && std::all_of(words.begin() + 1, words.end(), is_version_word);
  std::vector<VersionRecord> versions;
  for (std::size_t i = is_job_and_versions ? 1 : 0; i < words.size(); ++i) {
    versions.push_back(
        registry.version(is_job_and_versions ? words.front() + "@" + words[i] : words[i]));
  }
  if (versions.size() < 2) {
    throw Error(ErrorKind::usage, "a comparison needs two versions or more",
                fmt::format("as in: mat version diff {} JOB@V0002", versions.front().reference()));
  }
  return versions;
}

Json diff_json(const VersionDiff& diff, const RealDifferences& real, bool all) {
  Json document;
  document["versions"] = diff.references;
  for (const DiffSection& section : diff.sections) {
    Json rows = Json::array();
    for (const DiffRow& row : section.rows) {
      if (!all && (!row.differs || row.is_minor)) continue;
      Json best = Json::array();
      for (std::size_t i = 0; i < row.is_best.size(); ++i) {
        if (row.is_best[i]) best.push_back(diff.references[i]);
      }
      const char* direction = row.direction == Direction::higher_is_better  ? "higher_is_better"
                              : row.direction == Direction::lower_is_better ? "lower_is_better"
                                                                            : nullptr;
      rows.push_back({{"name", row.name},
                      {"values", row.values},
                      {"deviations", row.deviations},
                      {"differs", row.differs},
                      {"direction", direction != nullptr ? Json(direction) : Json(nullptr)},
                      {"best", best}});
    }
    document[section.title] = rows;
  }
  document["real_difference"] = Json::array();
  for (const RealDifference& difference : real.rows) {
    document["real_difference"].push_back(to_json(difference));
  }
  return document;
}

// Of several seeds, the mean with as many digits as the deviation.
std::string text_of(const DiffRow& row, std::size_t i) {
  const bool is_mean = !row.deviations.empty() && row.deviations[i].is_number();
  return is_mean ? metric_text(row.values[i].get<double>(), row.deviations[i].get<double>())
                 : value_text(row.values[i]);
}

Table diff_table(const VersionDiff& diff, bool all) {
  // Of one job, its name stands once.
  const std::string& first = diff.references.front();
  const std::string job = first.substr(0, first.find('@'));
  const bool is_one_job =
      std::all_of(diff.references.begin(), diff.references.end(),
                  [&](const std::string& r) { return r.starts_with(job + "@"); });
  std::vector<Column> columns{{is_one_job ? job : ""}};
  for (const std::string& reference : diff.references) {
    // Two can always be compared; further ones give way on a narrow terminal.
    const int optional = std::max(0, static_cast<int>(columns.size()) - 2);
    const std::string title = is_one_job ? reference.substr(job.size() + 1) : reference;
    columns.push_back({title, Align::left, true, optional});
  }
  Table table(columns);
  for (const DiffSection& section : diff.sections) {
    bool has_title = false;
    for (const DiffRow& row : section.rows) {
      if (!all && (!row.differs || row.is_minor)) continue;
      if (!has_title) table.add({Cell(section.title, Style::bold)});
      has_title = true;
      std::vector<Cell> cells{Cell("  " + row.name)};
      for (std::size_t i = 0; i < row.values.size(); ++i) {
        const bool is_best = i < row.is_best.size() && row.is_best[i];
        cells.emplace_back(text_of(row, i) + (is_best ? " *" : ""),
                           is_best ? Style::good : Style::plain);
      }
      table.add(cells);
    }
  }
  return table;
}

void print_real_differences(const RealDifferences& real, std::size_t versions) {
  if (real.rows.empty()) return;
  std::string text = styled("real difference", Style::bold, stdout_has_colour());
  if (versions > 2) {
    text += fmt::format(", each against {}, the most accurate", real.rows.front().against);
  }
  for (const RealDifference& difference : real.rows) text += "\n  " + difference.words;
  print(text + "\n");
}

}  // namespace

int diff_versions(const Context& context, const DiffFlags& flags) {
  Registry registry = context.open_to_read();
  const std::vector<VersionRecord> versions = chosen_versions(registry, flags);
  const VersionDiff diff = compare_versions(versions);
  const RealDifferences real = real_differences(registry.home(), versions);
  for (const std::string& text : real.notes) note(printable(text));
  if (flags.json) {
    print_json(diff_json(diff, real, flags.all));
    return 0;
  }
  const Table table = diff_table(diff, flags.all);
  if (!table.empty()) print(table.text());
  print_real_differences(real, versions.size());
  if (table.empty()) {
    note("nothing differs; --all shows everything");
    return 0;
  }
  note_left_out(table);
  note(flags.all
           ? "* best"
           : "* best; what is the same or follows from the rest is left out (--all shows it)");
  return 0;
}

}  // namespace mat
