#include "cli/commands/dataset_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr std::size_t kShownProblems = 10;
constexpr std::size_t kShownClasses = 20;

Json nothing_if_empty(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string count_in(const Json& counts, const char* key) {
  const auto found = counts.find(key);
  return found == counts.end() ? "-" : to_json_text(*found);
}

std::string current_text(const DatasetRecord& dataset) {
  return dataset.current_number == 0 ? "-" : dataset_version_label(dataset.current_number);
}

Json problems_json(const std::vector<ImportProblem>& problems) {
  Json list = Json::array();
  for (const ImportProblem& problem : problems) {
    list.push_back({{"place", problem.place}, {"problem", problem.what}});
  }
  return list;
}

Json side_json(const PictureChange::Side& side) {
  if (side.source.empty()) return nullptr;
  return {{"source", side.source},
          {"labels", side.labels},
          {"usage", side.usage ? Json(usage_text(*side.usage)) : Json(nullptr)}};
}

Json changes_json(const std::vector<PictureChange>& changes) {
  Json list = Json::array();
  for (const PictureChange& change : changes) {
    list.push_back({{"before", side_json(change.before)}, {"after", side_json(change.after)}});
  }
  return list;
}

std::string labels_text(const PictureChange::Side& side) {
  return side.labels.empty() ? "-" : join(side.labels, ", ");
}

std::string usage_of(const PictureChange::Side& side) {
  return side.usage ? usage_text(*side.usage) : "-";
}

Json contradictory_json(const PublishReport& report) {
  Json all = Json::array();
  for (const auto& pictures : report.contradictory) {
    Json one = Json::array();
    for (const auto& [source, labels] : pictures) {
      one.push_back({{"source", source}, {"labels", labels}});
    }
    all.push_back(std::move(one));
  }
  return all;
}

void note_contradictory(const PublishReport& report) {
  if (report.contradictory_count == 0) return;
  const std::size_t shown = std::min(report.contradictory.size(), kShownProblems);
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<std::string> parts;
    for (const auto& [source, labels] : report.contradictory[i]) {
      parts.push_back(
          fmt::format("{} is '{}'", printable(source), printable(join(labels, "', '"))));
    }
    note("one picture, several labels: " + join(parts, ", "));
  }
  const auto more = report.contradictory_count - static_cast<std::int64_t>(shown);
  if (more > 0) note(fmt::format("one picture, several labels: {} more", more));
  note("a training takes them as they are: keep the files whose label is right, publish again");
}

// Of which nothing can be said afterwards.
void note_not_validated(const PictureCounts& counts) {
  std::vector<std::string> without;
  std::int64_t validation = 0;
  for (const auto& [label, usage] : counts.classes) {
    validation += usage.validation;
    if (usage.train > 0 && usage.validation == 0) without.push_back(printable(label));
  }
  if (without.empty()) return;
  const std::size_t shown = std::min(without.size(), kShownClasses);
  const std::string more =
      without.size() > shown ? fmt::format(" and {} more", without.size() - shown) : "";
  without.resize(shown);
  if (validation > 0) return note("no validation pictures of: " + join(without, ", ") + more);
  note(
      "no picture could be set aside to validate with without having what shows the same on both "
      "sides");
}

}  // namespace

Json dataset_json(const DatasetRecord& dataset) {
  return {{"name", dataset.name},
          {"description", dataset.description},
          {"created", utc_text(dataset.created_ms)},
          {"versions", dataset.version_count},
          {"current", dataset.current_number == 0
                          ? Json(nullptr)
                          : Json(dataset_version_label(dataset.current_number))},
          {"pictures", dataset.pictures}};
}

Table dataset_table(const std::vector<DatasetRecord>& datasets) {
  Table table({{"NAME"},
               {"PICTURES", Align::right},
               {"CLASSES", Align::right},
               {"UNLABELLED", Align::right, false, 2},
               {"VERSIONS", Align::right},
               {"CURRENT"},
               {"CREATED", Align::left, false, 1},
               {"DESCRIPTION", Align::left, true}});
  for (const DatasetRecord& d : datasets) {
    const auto classes = d.pictures.find("classes");
    table.add({d.name, count_in(d.pictures, "pictures"),
               classes == d.pictures.end() ? "-" : std::to_string(classes->size()),
               count_in(d.pictures, "unlabelled"), std::to_string(d.version_count), current_text(d),
               short_local_text(d.created_ms), d.description});
  }
  return table;
}

Json dataset_version_json(const DatasetVersionRecord& version) {
  return {{"reference", version.reference()},
          {"dataset", version.dataset},
          {"version", dataset_version_label(version.number)},
          {"name", nothing_if_empty(version.name)},
          {"description", version.description},
          {"created", utc_text(version.created_ms)},
          {"current", version.is_current},
          {"seed", version.seed},
          {"train_ratio", version.train_ratio},
          {"fingerprint", version.fingerprint},
          {"counts", version.counts}};
}

Table dataset_version_table(const std::vector<DatasetVersionRecord>& versions) {
  Table table({{"VERSION"},
               {"NAME"},
               {"PICTURES", Align::right},
               {"TRAIN", Align::right},
               {"EVAL", Align::right},
               {"TEST", Align::right},
               {"UNLABELLED", Align::right, false, 3},
               {"RATIO", Align::right, false, 2},
               {"SEED", Align::right, false, 2},
               {"CREATED", Align::left, false, 1},
               {"DESCRIPTION", Align::left, true}});
  for (const DatasetVersionRecord& v : versions) {
    const std::string label = dataset_version_label(v.number);
    table.add({v.is_current ? label + " *" : label, v.name.empty() ? "-" : v.name,
               count_in(v.counts, "pictures"), count_in(v.counts, "train"),
               count_in(v.counts, "eval"), count_in(v.counts, "test"),
               count_in(v.counts, "unlabelled"), format_number(v.train_ratio),
               std::to_string(v.seed), short_local_text(v.created_ms), v.description});
  }
  return table;
}

Table class_table(const PictureCounts& counts) {
  const bool has_undecided =
      std::any_of(counts.classes.begin(), counts.classes.end(),
                  [](const auto& entry) { return entry.second.undecided > 0; });
  std::vector<Column> columns{{"CLASS", Align::left, true},
                              {"PICTURES", Align::right},
                              {"TRAIN", Align::right},
                              {"EVAL", Align::right},
                              {"TEST", Align::right}};
  if (has_undecided) columns.push_back({"UNDECIDED", Align::right});
  Table table(columns);
  for (const auto& [name, c] : counts.classes) {
    std::vector<Cell> row{name, std::to_string(c.total()), std::to_string(c.train),
                          std::to_string(c.validation), std::to_string(c.test)};
    if (has_undecided) row.emplace_back(std::to_string(c.undecided));
    table.add(std::move(row));
  }
  return table;
}

std::string counts_text(const PictureCounts& counts) {
  const auto classes = static_cast<std::int64_t>(counts.classes.size());
  std::string text = fmt::format("{} in {}", counted(counts.pictures, "picture"),
                                 classes == 1 ? "1 class" : fmt::format("{} classes", classes));
  if (counts.unlabelled > 0) text += fmt::format(", {} without a label", counts.unlabelled);
  if (counts.several_labels > 0) {
    text += fmt::format(", {} with several labels", counts.several_labels);
  }
  return text;
}

std::string split_text(const PictureCounts& counts) {
  std::string text = fmt::format("{} TRAIN, {} EVAL", counts.usage.train, counts.usage.validation);
  if (counts.usage.test > 0) text += fmt::format(", {} TEST", counts.usage.test);
  return text;
}

Json import_json(const ImportReport& report) {
  const ImportSummary& found = report.found;
  return {{"format", format_text(found.format)},
          {"pictures", found.pictures},
          {"added", report.added},
          {"changed", report.changed},
          {"already_there", report.already_there},
          {"differing", report.differing},
          {"repeated", report.repeated},
          {"contradicted", report.contradicted},
          {"unlabelled", found.unlabelled},
          {"several_labels", found.several_labels},
          {"ignored", found.ignored},
          {"mapped_labels", found.mapped_labels},
          {"left_out", found.problem_count},
          {"problems", problems_json(found.problems)}};
}

void note_import(const ImportReport& report) {
  const ImportSummary& found = report.found;
  for (const auto& [from, to] : found.mapped_labels) {
    note(fmt::format("the label '{}' is '{}' here", printable(from), printable(to)));
  }
  for (std::size_t i = 0; i < std::min(found.problems.size(), kShownProblems); ++i) {
    note(fmt::format("left out: {}: {}", printable(found.problems[i].place),
                     printable(found.problems[i].what)));
  }
  const auto more = found.problem_count -
                    static_cast<std::int64_t>(std::min(found.problems.size(), kShownProblems));
  if (more > 0) note(fmt::format("left out: {} more", more));
  for (const auto& [why, count] : found.ignored) {
    note(fmt::format("passed over {}: {}", counted(count, "file"), printable(why)));
  }
  if (report.repeated > 0) {
    note(fmt::format("{} given more than once: the first one counts",
                     counted(report.repeated, "picture")));
  }
  if (report.contradicted > 0) {
    note(fmt::format("of those, {} with another label or usage than at first: {}{}",
                     counted(report.contradicted, "picture"), printable(report.first_contradicted),
                     report.contradicted > 1 ? ", …" : ""));
  }
  if (report.differing > 0) {
    note(
        fmt::format("{} had other labels or another usage already, which stay; --replace takes the "
                    "new ones",
                    counted(report.differing, "picture")));
  }
}

Json publish_json(const PublishReport& report) {
  Json json = dataset_version_json(report.version);
  json["already_split"] = report.already_split;
  json["duplicates"] = report.duplicates;
  json["divided"] = report.divided;
  json["contradictory"] = contradictory_json(report);
  json["read"] = report.hashed;
  json["left_out"] = report.left_out;
  return json;
}

void note_publish(const PublishReport& report) {
  std::size_t shown = 0;
  for (const auto& [file, why] : report.left_out) {
    if (++shown > kShownProblems) break;
    note(fmt::format("left out: {}: {}", printable(file), printable(why)));
  }
  const auto left_out = picture_counts_from_json(report.version.counts).left_out;
  const auto more =
      left_out - static_cast<std::int64_t>(std::min(report.left_out.size(), kShownProblems));
  if (more > 0) note(fmt::format("left out: {} more", more));
  if (report.duplicates > 0) {
    note(fmt::format("{} what another one shows, and went to the same side of the split",
                     report.duplicates == 1 ? "1 picture shows"
                                            : fmt::format("{} pictures show", report.duplicates)));
  }
  if (report.divided > 0) {
    note(
        fmt::format("{} show what is also on another side of the split, as their usage was given: "
                    "what is measured there looks better than it is",
                    counted(report.divided, "picture")));
  }
  note_contradictory(report);
  note_not_validated(picture_counts_from_json(report.version.counts));
}

Json diff_json(const ManifestDiff& diff) {
  return {{"same", diff.same},
          {"added", changes_json(diff.added)},
          {"removed", changes_json(diff.removed)},
          {"relabelled", changes_json(diff.relabelled)},
          {"other_usage", changes_json(diff.other_usage)},
          {"moved", changes_json(diff.moved)},
          {"changed", changes_json(diff.changed)}};
}

Table diff_table(const ManifestDiff& diff) {
  Table table({{"CHANGE"}, {"PICTURE", Align::left, true}, {"BEFORE"}, {"AFTER"}});
  for (const auto& c : diff.added) {
    table.add({Cell("added", Style::good), c.source(), "-", labels_text(c.after)});
  }
  for (const auto& c : diff.removed) {
    table.add({Cell("removed", Style::bad), c.source(), labels_text(c.before), "-"});
  }
  for (const auto& c : diff.relabelled) {
    table.add({"relabelled", c.source(), labels_text(c.before), labels_text(c.after)});
  }
  for (const auto& c : diff.changed) table.add({"other content", c.source(), "", ""});
  for (const auto& c : diff.moved) table.add({"moved", c.source(), c.before.source, ""});
  for (const auto& c : diff.other_usage) {
    table.add({"other usage", c.source(), usage_of(c.before), usage_of(c.after)});
  }
  return table;
}

Json export_json(const ExportSummary& summary) {
  return {{"pictures", summary.pictures},
          {"several_labels_left_out", summary.several_labels},
          {"renamed", summary.renamed},
          {"copied", summary.copied},
          {"linked", summary.linked},
          {"left_out", summary.problem_count},
          {"problems", problems_json(summary.problems)}};
}

}  // namespace mat
