#include "cli/commands/train.h"

#include <fmt/core.h>

#include <csignal>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/progress_bar.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/check_inputs.h"
#include "core/run/runner.h"

namespace mat {
namespace {

volatile std::sig_atomic_t received_signal = 0;

extern "C" void keep_signal(int number) {
  received_signal = number;
  // A second Ctrl-C does not wait for the batch.
  if (number == SIGINT) std::signal(SIGINT, SIG_DFL);
}

// Signals that ask to end become a request to stop; a vanished terminal or pipe ends nothing.
class SignalsAsStop {
 public:
  SignalsAsStop() {
    received_signal = 0;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, keep_signal);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~SignalsAsStop() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_DFL);
  }
  SignalsAsStop(const SignalsAsStop&) = delete;
  SignalsAsStop& operator=(const SignalsAsStop&) = delete;
};

StopReason make_stop_reason(const JobSpec& spec) {
  const double begin_s = monotonic_seconds();
  const std::optional<double> limit_s = spec.auto_stop_s;
  return [begin_s, limit_s]() -> std::string {
    if (received_signal == SIGINT) return "interrupted by Ctrl-C";
    if (received_signal != 0) return "ended by a signal";
    if (limit_s && monotonic_seconds() - begin_s >= *limit_s) {
      return "auto_stop after " + format_duration(*limit_s);
    }
    return {};
  };
}

void print_results(const Home& home, const VersionRecord& version) {
  std::vector<std::pair<std::string, Cell>> fields;
  for (const auto& [name, summary] : version.metrics) {
    const bool is_of_training = name == "lr" || name.rfind("train_", 0) == 0 ||
                                name.find("_per_second") != std::string::npos;
    if (!is_of_training) fields.emplace_back("  " + name, metric_text(summary.best));
  }
  const auto folder = home.version_folder(version.job, version.number);
  std::error_code ignored;
  if (std::filesystem::exists(folder / "output" / "best.safetensors", ignored)) {
    fields.emplace_back("  weights", (folder / "output" / "best.safetensors").string());
  }
  print(fmt::format("{}  {} in {}\n", version.reference(),
                    styled(name_of(version.status), style_of(version.status), stdout_has_colour()),
                    format_duration(duration_s(version))));
  print_fields(fields);
}

int exit_code_of(const RunResult& result) {
  if (result.status == Status::completed) return 0;
  if (result.status == Status::failed) return static_cast<int>(result.error);
  return static_cast<int>(received_signal == SIGINT ? ErrorKind::interrupted
                                                    : ErrorKind::terminated);
}

}  // namespace

int record_and_train(const Context& context, const JobSpec& spec,
                     const std::filesystem::path& spec_folder, std::optional<Id> parent,
                     bool json) {
  check_inputs(spec);
  Registry registry = context.open_to_write();
  const SignalsAsStop signals;
  const VersionRecord recorded =
      record_version(registry, spec, context.arguments, spec_folder, parent);
  note(fmt::format("{} trains {} (stop with Ctrl-C)", recorded.reference(), spec.algorithm));

  const Algorithm* algorithm = find_builtin_algorithm(spec.algorithm);
  ProgressBar bar(algorithm != nullptr && algorithm->task == Task::tabular ? "rows" : "images");
  RunDisplay display;
  display.progress = [&bar](const Progress& p) { bar.show(p); };
  display.phase = [&bar](std::string_view what, std::int64_t done, std::int64_t total) {
    bar.show(what, done, total);
  };
  display.log = [&bar](std::string_view line) { bar.log(line); };
  const RunResult result = run_version(registry, recorded, spec, display, make_stop_reason(spec));
  bar.finish();

  const VersionRecord version = registry.version(recorded.id);
  if (json) {
    print_json(version_json(version));
  } else {
    print_results(registry.home(), version);
  }
  finish_output();
  if (result.status == Status::failed) {
    const std::string log = fmt::format("the log: mat version logs {}", version.reference());
    throw Error(result.error, fmt::format("{} failed: {}", version.reference(), result.reason),
                result.hint.empty() ? log : result.hint + "\n" + log);
  }
  if (!result.reason.empty()) note(fmt::format("{}: {}", version.reference(), result.reason));
  return exit_code_of(result);
}

int print_resolved(const JobSpec& spec, bool json) {
  if (json) {
    print_json(to_json(spec.settings));
  } else {
    print(to_yaml(spec, true));
  }
  return 0;
}

}  // namespace mat
