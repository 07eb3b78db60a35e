#include "core/slurm/client.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostOutput = 64 << 20;
constexpr double kVersionSeconds = 10;

std::vector<std::string> client_environment(const std::string& conf) {
  std::vector<std::string> variables;
  constexpr std::array<const char*, 7> kNeeded{"PATH",   "HOME", "USER",           "LOGNAME",
                                               "TMPDIR", "TZ",   "LD_LIBRARY_PATH"};
  for (const char* name : kNeeded) {
    if (const char* value = std::getenv(name))
      variables.push_back(fmt::format("{}={}", name, value));
  }
  // What they print is read by a program.
  variables.emplace_back("LC_ALL=C");
  if (!conf.empty()) variables.push_back("SLURM_CONF=" + conf);
  return variables;
}

// The last line that says something, without "sbatch: error:" in front.
std::string last_words(const std::string& text, const std::string& program) {
  std::string found;
  for (const std::string& line : split(text, '\n')) {
    std::string_view words = trim(line);
    for (const std::string& prefix :
         {program + ":", std::string("error:"), std::string("fatal:")}) {
      if (words.starts_with(prefix)) words = trim(words.substr(prefix.size()));
    }
    if (!words.empty()) found = words;
  }
  return found;
}

}  // namespace

std::optional<SlurmAnswer> SlurmClient::ask_if_there(const std::vector<std::string>& words,
                                                     double seconds) const {
  ChildLimits limits;
  limits.seconds = seconds;
  limits.output_bytes = kMostOutput;
  const ChildResult result = run_child(words, client_environment(conf_), limits);
  if (!result.started) return std::nullopt;
  SlurmAnswer answer;
  answer.ok = result.exit_status == 0;
  answer.timed_out = result.timed_out;
  answer.output = result.output;
  if (answer.ok) return answer;
  answer.problem = result.timed_out ? fmt::format("no answer within {}", format_duration(seconds))
                                    : last_words(result.error, words.front());
  if (answer.problem.empty()) answer.problem = "it failed without a word";
  return answer;
}

SlurmAnswer SlurmClient::ask(const std::vector<std::string>& words, double seconds) const {
  std::optional<SlurmAnswer> answer = ask_if_there(words, seconds);
  if (answer) return std::move(*answer);
  throw Error(ErrorKind::usage, fmt::format("Slurm's program {} is not found", words.front()),
              "a pool of kind Slurm works where Slurm's client commands are in the PATH");
}

std::string SlurmClient::version() const {
  const SlurmAnswer answer = ask({"sbatch", "--version"}, kVersionSeconds);
  const std::string_view text = trim(answer.output);
  const std::size_t space = text.rfind(' ');
  return std::string(space == std::string_view::npos ? text : text.substr(space + 1));
}

}  // namespace mat
