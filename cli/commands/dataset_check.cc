#include "cli/commands/dataset_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/data_path.h"
#include "cli/commands/format_flags.h"
#include "cli/output/progress_bar.h"
#include "cli/output/table.h"
#include "cli/signals.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/inspect/check_page.h"
#include "core/inspect/dataset_check.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamesInTable = 3;

struct Flags {
  std::string data, html;
  FormatFlags format;
  bool json = false, strict = false;
};

Style style_of(Severity severity) {
  return severity == Severity::error     ? Style::bad
         : severity == Severity::warning ? Style::warning
                                         : Style::plain;
}

// Two pictures that show what was found.
std::pair<std::uint32_t, std::uint32_t> two_of(const DatasetCheck& check, const Finding& finding) {
  const auto& pictures = finding.pictures;
  if (finding.kind != FindingKind::conflicting_labels) return {pictures[0], pictures[1]};
  std::optional<std::uint32_t> first;
  for (const std::uint32_t picture : pictures) {
    const std::string label = check.files.label_text(picture);
    if (label.empty()) continue;
    if (!first) first = picture;
    if (label != check.files.label_text(*first)) return {*first, picture};
  }
  return {pictures[0], pictures[1]};
}

// The first few things that a kind is about.
std::string examples(const DatasetCheck& check, FindingKind kind) {
  std::vector<std::string> names;
  for (const Finding& finding : check.findings) {
    if (finding.kind != kind) continue;
    if (names.size() == kNamesInTable) {
      names.emplace_back("…");
      break;
    }
    if (finding.pictures.empty()) {
      names.push_back(finding.subject);
    } else if (text_of(kind).is_group && finding.pictures.size() > 1) {
      const auto name = [&](std::uint32_t picture) {
        return kind == FindingKind::conflicting_labels
                   ? fmt::format("{} ({})", check.files.name(picture),
                                 check.files.label_text(picture))
                   : check.files.name(picture);
      };
      const auto [one, other] = two_of(check, finding);
      names.push_back(fmt::format("{} = {}", name(one), name(other)));
    } else {
      names.push_back(check.files.name(finding.pictures.front()));
    }
  }
  return join(names, ", ");
}

void print_findings(const DatasetCheck& check) {
  const auto kinds = summarize(check);
  if (kinds.empty()) {
    print("Nothing was found to be wrong\n");
    return;
  }
  Table table({{""}, {"COUNT", Align::right}, {"FINDING"}, {"FOR EXAMPLE", Align::left, true, 1}});
  for (const KindSummary& k : kinds) {
    const KindText& kind = text_of(k.kind);
    table.add({Cell(text_of(kind.severity), style_of(kind.severity)), std::to_string(k.findings),
               kind.title, examples(check, k.kind)});
  }
  print(table.text());
}

void print_classes(const DatasetCheck& check) {
  if (check.classes.empty()) return;
  std::vector<Column> columns = {{"CLASS", Align::left, true}, {"PICTURES", Align::right}};
  if (check.has_usages) {
    for (const char* title : {"TRAIN", "VALIDATION", "TEST"}) {
      columns.push_back({title, Align::right});
    }
  }
  const bool has_unreadable =
      std::any_of(check.classes.begin(), check.classes.end(),
                  [](const DatasetCheck::Class& c) { return c.unreadable > 0; });
  if (has_unreadable) columns.push_back({"UNREADABLE", Align::right});
  Table table(columns);
  for (const auto& c : check.classes) {
    std::vector<Cell> row = {c.name, std::to_string(c.pictures)};
    if (check.has_usages) {
      for (const auto count : {c.train, c.validation, c.test}) {
        row.emplace_back(std::to_string(count));
      }
    }
    if (has_unreadable) row.emplace_back(std::to_string(c.unreadable));
    table.add(std::move(row));
  }
  print("\n" + table.text());
}

void print_check(const DatasetCheck& check) {
  std::string head = fmt::format(
      "{}: {} in {}", printable(check.files.root.string()),
      counted(check.picture_count(), "picture"),
      check.classes.size() == 1 ? "1 class" : fmt::format("{} classes", check.classes.size()));
  if (check.unlabelled > 0) head += fmt::format(", {} without a label", check.unlabelled);
  if (check.several_labels > 0) {
    head += fmt::format(", {} with several labels", check.several_labels);
  }
  print(head + "\n\n");
  print_findings(check);
  print_classes(check);
}

int check_data(const Context& context, const Flags& flags) {
  LabelledFiles files =
      read_labelled_files(data_path(context, flags.data, true), flags.format.options());
  // Before the work rather than after it.
  const fs::path page = flags.html.empty() ? fs::path() : absolute_path(flags.html);
  if (!page.empty()) require_folder_of(page);
  const SignalsAsStop signals;
  ProgressBar bar("pictures");
  CheckOptions options;
  options.cache_folder = context.home().cache();
  options.threads = usable_cores();
  options.progress = [&bar](std::string_view phase, std::int64_t done, std::int64_t total) {
    bar.show(phase, done, total);
    return SignalsAsStop::reason().empty();
  };
  const DatasetCheck check = check_dataset(std::move(files), options);
  if (!page.empty()) {
    bar.show("writing the page", 0, 0);
    write_file_atomic(page, check_page(check, flags.data));
  }
  bar.finish();
  if (!check.loaded.note.empty()) note(printable(check.loaded.note));
  if (flags.json) {
    print_json(to_json(check));
  } else {
    print_check(check);
  }
  if (!page.empty()) note(fmt::format("the pictures: {}", printable(page.string())));
  return flags.strict && check.has_errors() ? 1 : 0;
}

}  // namespace

void add_dataset_check(CLI::App* group, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = group->add_subcommand(
      "check", "Look at every picture: unreadable, doubled, blurred, wrongly labelled ones");
  command
      ->add_option("DATA", flags->data,
                   "A dataset, one of its versions, a folder, manifest or CSV file")
      ->required();
  command->add_option("--html", flags->html, "Also write a page with the pictures")
      ->type_name("FILE");
  command->add_flag("--strict", flags->strict,
                    "End with 1 when there are errors among the findings");
  flags->format.add_to(command);
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return check_data(context, *flags); });
}

}  // namespace mat
