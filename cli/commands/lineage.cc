#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/lineage/lineage_svg.h"
#include "core/lineage/lineage_text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct LineageFlags {
  std::string reference, format = "text", out;
  bool up = false, down = false, all = false, json = false;
  int depth = 0;
};

Style style_of(LineageRole role) {
  switch (role) {
    case LineageRole::heading:
    case LineageRole::start:
      return Style::bold;
    case LineageRole::good:
      return Style::good;
    case LineageRole::bad:
      return Style::bad;
    case LineageRole::active:
    case LineageRole::relation:
      return Style::active;
    case LineageRole::tree:
    case LineageRole::faint:
      return Style::dim;
    case LineageRole::name:
    case LineageRole::detail:
      break;
  }
  return Style::plain;
}

std::string tree_text(const LineageGraph& graph, int columns, bool has_colour) {
  std::string text;
  for (const LineageLine& line : lineage_lines(graph, columns)) {
    for (const LineageSpan& span : line) text += styled(span.text, style_of(span.role), has_colour);
    text += '\n';
  }
  return text;
}

bool is_anything_hidden(const LineageGraph& graph) {
  for (const LineageNode& node : graph.nodes) {
    if (node.hidden > 0) return true;
  }
  return false;
}

int show(const Context& context, LineageFlags flags) {
  if (flags.json) flags.format = "json";
  if (!flags.out.empty()) require_folder_of(flags.out);
  LineageOptions options;
  options.up = flags.up || !flags.down;
  options.down = flags.down || !flags.up;
  options.depth = flags.depth;
  options.is_folded = !flags.all && flags.format != "json";
  LineageGraph graph;
  {
    Registry registry = context.open_to_read();
    graph = lineage_of(registry, flags.reference, options);
  }
  std::string text;
  if (flags.format == "json") {
    text = to_json_text(to_json(graph), 2) + "\n";
  } else if (flags.format == "dot") {
    text = lineage_dot(graph);
  } else if (flags.format == "svg") {
    text = lineage_svg(graph);
  } else {
    const bool is_file = !flags.out.empty();
    text = tree_text(graph, is_file ? 0 : stdout_width(), !is_file && stdout_has_colour());
  }
  if (flags.out.empty()) {
    print(text);
  } else {
    write_file_atomic(fs::path(flags.out), text);
  }
  if (!graph.note.empty()) note(graph.note);
  if (options.is_folded && is_anything_hidden(graph)) note("--all shows what is left out");
  return 0;
}

}  // namespace

void add_lineage_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<LineageFlags>();
  CLI::App* command = app.add_subcommand(
      "lineage", "What something was made from, and what was made from it, also when deleted");
  command
      ->add_option("REF", flags->reference,
                   "JOB, JOB@3, job:JOB, dataset:D, dataset:D@V001, model:M@1.0.0, service:S, "
                   "params:P, algorithm:A, experiment:E, data:PATH, or the id of a node")
      ->required();
  command->add_option("--format", flags->format, "text, json, dot (for graphviz) or svg")
      ->check(CLI::IsMember({"text", "json", "dot", "svg"}))
      ->capture_default_str();
  command->add_flag("--up", flags->up, "Only what it was made from");
  command->add_flag("--down", flags->down, "Only what was made from it");
  command->add_option("--depth", flags->depth, "So many steps away at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--all", flags->all, "Leave nothing out; JSON never does");
  command->add_option("-o,--out", flags->out, "Write it into a file")->type_name("FILE");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return show(context, *flags); });
}

}  // namespace mat
