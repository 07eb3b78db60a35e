#include "cli/ui/command_runner.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/ui/json_answer.h"
#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

// Still this program after its file was replaced by a newer one.
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr double kReadSeconds = 300;
constexpr double kChangeSeconds = 3600;
constexpr std::size_t kMostBytes = 64 << 20;
constexpr std::size_t kMostErrorBytes = 64 << 10;

ChildResult run_mat(const Home& home, const std::vector<std::string>& arguments, double seconds) {
  std::vector<std::string> whole{"mat", "--home", home.root.string()};
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  ChildLimits limits;
  limits.seconds = seconds;
  limits.output_bytes = kMostBytes;
  limits.error_bytes = kMostErrorBytes;
  return run_child(whole, environment_with({{"NO_COLOR", "1"}}), limits, kThisProgram);
}

// What it has said on stderr, line by line: "mat: error: …", "mat: hint: …", "mat: …".
Json error_of(const ChildResult& child) {
  constexpr std::string_view kError = "mat: error: ", kHint = "mat: hint: ";
  std::string error, hint;
  const auto add = [](std::string& to, std::string_view line) {
    if (!to.empty()) to += '\n';
    to += line;
  };
  for (const std::string& text : split(child.error, '\n')) {
    const std::string_view line(text);
    if (line.starts_with(kError)) add(error, line.substr(kError.size()));
    if (line.starts_with(kHint)) add(hint, line.substr(kHint.size()));
  }
  if (!child.started) error = "mat cannot be started";
  if (child.timed_out) error = "it took too long";
  if (child.output_cut) error = "there is too much to show";
  if (error.empty()) error = fmt::format("it ended with {}", child.exit_status);
  Json document{{"error", error}, {"exit_code", child.exit_status}};
  if (!hint.empty()) document["hint"] = hint;
  return document;
}

// As a shell takes it for one word.
std::string quoted(const std::string& word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("@%+=:,./_-").find(c) != std::string::npos;
  });
  if (is_plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string CommandRunner::words(const std::vector<std::string>& arguments) {
  std::string text = "mat";
  const auto names = std::find(arguments.begin(), arguments.end(), "--");
  for (auto at = arguments.begin(); at != names; ++at) {
    if (*at != "--json" && *at != "--yes") text += " " + quoted(*at);
  }
  if (names == arguments.end()) return text;
  // What keeps names from being options is of no use to a person where none looks like one.
  const bool is_needed = std::any_of(names + 1, arguments.end(),
                                     [](const std::string& name) { return name.starts_with('-'); });
  if (is_needed) text += " --";
  for (auto at = names + 1; at != arguments.end(); ++at) text += " " + quoted(*at);
  return text;
}

HttpResponse CommandRunner::read(const std::vector<std::string>& arguments) const {
  const ChildResult child = run_mat(home_, arguments, kReadSeconds);
  if (child.exit_status != 0 || child.output_cut) {
    return json_answer(error_of(child), status_of_exit(child.exit_status));
  }
  HttpResponse response;
  response.body = child.output;
  return response;
}

HttpResponse CommandRunner::change(const std::vector<std::string>& arguments) const {
  const ChildResult child = run_mat(home_, arguments, kChangeSeconds);
  Json document{{"command", words(arguments)}};
  if (child.exit_status != 0) {
    document.update(error_of(child));
    return json_answer(document, status_of_exit(child.exit_status));
  }
  document["result"] = parse_json(child.output, "what mat has printed");
  return json_answer(document);
}

}  // namespace mat
