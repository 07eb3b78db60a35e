#include "core/metrics/metric.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/commands/commands.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/command/metric_file.h"
#include "core/metrics/line_metrics.h"

namespace mat {
namespace {

int log_metric(const std::string& name, const std::string& value_text,
               std::optional<std::int64_t> step, bool json) {
  const char* file = std::getenv("MAT_METRICS_FILE");
  if (file == nullptr || *file == '\0') {
    throw Error(ErrorKind::usage, "'mat metric log' is for a command that mat runs",
                "mat sets MAT_METRICS_FILE for it; it is not set here");
  }
  check_metric_name(name);
  const auto value = parse_metric_value(value_text);
  if (!value) throw Error(ErrorKind::usage, fmt::format("'{}' is no number", value_text));
  append_metric(file, name, step, *value);
  if (json) {
    Json document{{"name", name}, {"value", *value}, {"step", nullptr}};
    // JSON has no word for these.
    if (!std::isfinite(*value)) document["value"] = fmt::format("{}", *value);
    if (step) document["step"] = *step;
    print_json(document);
  }
  return 0;
}

}  // namespace

void add_metric_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string name, value;
    std::optional<std::int64_t> step;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "metric", "For commands that mat runs: their metrics");
  CLI::App* command = group->add_subcommand("log", "Record a point of a metric, from inside a run");
  command->add_option("NAME", flags->name, "accuracy, val/f1, …")->required();
  command
      ->add_option("VALUE", flags->value,
                   "A number, nan or inf; what begins like an option after --")
      ->required();
  command->add_option("--step", flags->step, "Where on the curve; one after the last by default")
      ->type_name("N");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [flags] { return log_metric(flags->name, flags->value, flags->step, flags->json); });
}

}  // namespace mat
