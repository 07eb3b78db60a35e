#include "cli/commands/commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>

#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/run/background.h"
#include "core/run/run_node.h"

namespace mat {
namespace {

constexpr const char* kDescription =
    "Training jobs, their numbered versions, and what came out of them, on your own machine.";

constexpr const char* kFooter =
    R"(Exit codes: 0 done, 1 training failed, 2 usage or input, 3 not found, 4 conflict or wrong
state, 5 I/O, 6 terminated, 70 a bug, 130 interrupted.
A version is named JOB@V0003, JOB@3, JOB@latest or JOB@best; JOB alone is its latest.
Home: --home, then $MAT_HOME, then the nearest .mat/ upward, then the user's data folder.)";

struct Commands {
  std::string_view name;
  void (*add)(CLI::App&, Context&);
};

// In the order of the help.
constexpr Commands kCommands[] = {
    {"init", add_init_command},
    {"doctor", add_doctor_command},
    {"job", add_job_commands},
    {"version", add_version_commands},
    {"params", add_params_commands},
    {"experiment", add_experiment_commands},
    {"algorithm", add_algorithm_commands},
    {"dataset", add_dataset_commands},
    {"pool", add_pool_commands},
    {"exeml", add_exeml_commands},
    {"model", add_model_commands},
    {"evaluate", add_evaluate_command},
    {"predict", add_predict_command},
    {"service", add_service_commands},
    {"viz", add_visualization_commands},
    {"lineage", add_lineage_command},
    {kRunVersionCommand, add_run_version_command},
    {kKeepQueueCommand, add_keep_queue_command},
    {kRunNodeCommand, add_node_commands},
    {"metric", add_metric_commands},
    {"ui", add_ui_command},
    {"completion", add_completion_command},
};

// The word that says which command is meant; empty where there is none.
std::string first_word(const std::vector<std::string>& arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--home")
      ++i;
    else if (arguments[i].rfind('-', 0) != 0)
      return arguments[i];
  }
  return "";
}

}  // namespace

// To make all of them costs more than most commands do: what the first word names is enough.
void add_commands(CLI::App& app, Context& context) {
  app.name("mat");
  app.description(kDescription);
  app.footer(kFooter);
  app.set_version_flag("-V,--version", fmt::format("mat {}", mat_version()));
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--home", context.home_option, "The folder of the registry and of all results")
      ->type_name("DIR");
  app.fallthrough();
  app.require_subcommand(1);
  const std::string word = first_word(context.arguments);
  const auto named = [&word](const Commands& commands) { return commands.name == word; };
  const auto only = std::find_if(std::begin(kCommands), std::end(kCommands), named);
  if (only != std::end(kCommands)) return only->add(app, context);
  for (const Commands& commands : kCommands) commands.add(app, context);
}

CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* group = app.add_subcommand(name, description);
  group->fallthrough();
  group->require_subcommand(1);
  return group;
}

void set_action(CLI::App* command, Context& context, std::function<int()> run) {
  command->fallthrough();
  command->callback([&context, run = std::move(run)] { context.action = run; });
}

void add_json_flag(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "Print one JSON document");
}

CLI::Validator whole_number_from(std::int64_t least) {
  const auto check = [least](const std::string& text) {
    const auto number = parse_integer(text);
    return number && *number >= least ? std::string()
                                      : fmt::format("must be a whole number, {} or more", least);
  };
  return CLI::Validator(check, "");
}

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void for_each_name(const std::vector<std::string>& names,
                   const std::function<void(const std::string& name)>& act) {
  std::set<std::string> done;
  std::exception_ptr first;
  for (const std::string& name : names) {
    if (!done.insert(name).second) continue;
    try {
      act(name);
    } catch (const Error& e) {
      if (first) {
        note(e.message());
      } else {
        first = std::current_exception();
      }
    }
  }
  if (first) std::rethrow_exception(first);
}

void ListFlags::add_to(CLI::App* command, const char* example) {
  command->add_option("--limit", limit, "At most so many rows; 0 for all")
      ->type_name("N")
      ->check(whole_number_from(0))
      ->capture_default_str();
  command->add_option("--offset", offset, "Leave out so many rows first")
      ->type_name("N")
      ->check(whole_number_from(0));
  command
      ->add_option("--sort", sort,
                   "Fields to sort by: a metric begins with the best, all else ascends; -FIELD "
                   "descends, +FIELD ascends")
      ->type_name("FIELDS");
  command->add_option("--filter", filter, fmt::format("For example '{}'", example))
      ->type_name("EXPR");
  add_json_flag(command, json);
}

ListOptions ListFlags::options() const {
  ListOptions options;
  options.limit = limit;
  options.offset = offset;
  options.filter = parse_filter(filter);
  options.sort = parse_sort(sort);
  return options;
}

void note_total(std::size_t shown, std::int64_t total, bool total_is_exact, const char* what,
                std::int64_t offset) {
  const auto count = static_cast<std::int64_t>(shown);
  if (count >= total && total_is_exact) return;
  const std::string which = offset > 0 && count > 0
                                ? fmt::format("{} to {}", offset + 1, offset + count)
                                : std::to_string(count);
  note(fmt::format("showing {} of {}{} {}; --limit 0 shows all", which,
                   total_is_exact ? "" : "more than ", total, what));
}

Json list_document(const char* name, Json rows, std::int64_t total, bool total_is_exact) {
  Json document;
  document[name] = std::move(rows);
  document["total"] = total;
  document["total_is_exact"] = total_is_exact;
  return document;
}

void print_json(const Json& document) { print(to_json_text(document, 2) + "\n"); }

}  // namespace mat
