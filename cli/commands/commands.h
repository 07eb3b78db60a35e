#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace mat {

// Puts the commands into `app`: all of them, or, where the first word of the command line names a
// group, that one alone. A new group is a file beside this one and a line here and in commands.cc.
void add_commands(CLI::App& app, Context& context);

void add_init_command(CLI::App& app, Context& context);
void add_doctor_command(CLI::App& app, Context& context);
void add_job_commands(CLI::App& app, Context& context);
void add_version_commands(CLI::App& app, Context& context);
void add_params_commands(CLI::App& app, Context& context);
void add_experiment_commands(CLI::App& app, Context& context);
void add_algorithm_commands(CLI::App& app, Context& context);
void add_dataset_commands(CLI::App& app, Context& context);
void add_model_commands(CLI::App& app, Context& context);
void add_evaluate_command(CLI::App& app, Context& context);
void add_predict_command(CLI::App& app, Context& context);
void add_service_commands(CLI::App& app, Context& context);
void add_visualization_commands(CLI::App& app, Context& context);
void add_lineage_command(CLI::App& app, Context& context);
void add_pool_commands(CLI::App& app, Context& context);
void add_exeml_commands(CLI::App& app, Context& context);
void add_run_version_command(CLI::App& app, Context& context);
void add_keep_queue_command(CLI::App& app, Context& context);
void add_node_commands(CLI::App& app, Context& context);
void add_metric_commands(CLI::App& app, Context& context);
void add_ui_command(CLI::App& app, Context& context);
void add_completion_command(CLI::App& app, Context& context);

// A noun with verbs below it. Called alone it prints its help on stderr and ends with 2, so that a
// script with an empty variable for the verb does not seem to succeed.
CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description);

// What a command does: `run` is called after the whole command line has been read.
void set_action(CLI::App* command, Context& context, std::function<int()> run);

// --json, on every command that prints.
void add_json_flag(CLI::App* command, bool& json);

// For options: "must be a whole number, 0 or more", with `least` in place of 0.
CLI::Validator whole_number_from(std::int64_t least);

// "1 version", "2 versions".
std::string counted(std::int64_t count, const std::string& noun);

// Calls `act` with each of the names once. One that fails keeps no other from its turn: the first
// error is thrown at the end, those after it are noted.
void for_each_name(const std::vector<std::string>& names,
                   const std::function<void(const std::string& name)>& act);

// The options of all lists.
struct ListFlags {
  std::int64_t limit = 20, offset = 0;
  std::string sort;
  std::string filter;
  bool json = false;

  // `example` is a filter of this list's own fields.
  void add_to(CLI::App* command, const char* example);
  ListOptions options() const;
};

// "showing 20 of 1000" below a list, on stderr; nothing when everything is shown. `offset` rows
// before those that are shown were left out.
void note_total(std::size_t shown, std::int64_t total, bool total_is_exact, const char* what,
                std::int64_t offset = 0);

// Puts "total", "total_is_exact" and the rows under `name` into one document.
Json list_document(const char* name, Json rows, std::int64_t total, bool total_is_exact);

void print_json(const Json& document);

}  // namespace mat
