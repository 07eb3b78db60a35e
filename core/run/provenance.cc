#include "core/run/provenance.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/file.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/git.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDiffBytes = 1 << 20;

ChildResult run_git_within(const fs::path& folder, const std::vector<std::string>& words,
                           double seconds) {
  return run_git(folder, words, {.seconds = seconds, .output_bytes = kMaxDiffBytes});
}

Json git_note(const ChildResult& git) {
  if (git.timed_out) return {{"note", "git took too long"}};
  return {{"note", std::string(trim(split(git.error, '\n').front()))}};
}

// Saves the start of git where it would find nothing.
bool may_be_in_repository(const fs::path& folder) {
  std::error_code error;
  fs::path at = fs::canonical(folder, error);
  for (; !error; at = at.parent_path()) {
    std::error_code missing;
    if (fs::symlink_status(at / ".git", missing).type() != fs::file_type::not_found) return true;
    if (at == at.root_path()) return false;
  }
  return true;
}

// `facts` so far are those of the commit.
void add_changes(Json& facts, const fs::path& folder, double seconds) {
  ChildResult diff = run_git_within(folder,
                                    {"diff", "--no-ext-diff", "--no-textconv", "--no-color",
                                     "--ignore-submodules=dirty", "HEAD", "--"},
                                    seconds);
  if (!diff.output_cut && diff.exit_status != 0) {
    facts["dirty"] = nullptr;
    facts.erase("diff");
    facts.update(git_note(diff));
    return;
  }
  facts["dirty"] = !diff.output.empty();
  facts["diff"] = std::move(diff.output);
  if (diff.output_cut) facts["diff_cut"] = true;
}

// The value of "KEY=VALUE" or "KEY : VALUE" in a text of such lines, quotes taken off.
std::string value_in(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t middle = line.find(separator);
    if (middle == std::string_view::npos || trim(line.substr(0, middle)) != key) continue;
    std::string_view value = trim(line.substr(middle + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return "";
}

// /proc and /sys files need not be there: a container may hide them.
std::string text_of(const fs::path& path) {
  try {
    return read_file_if_exists(path, 1 << 24).value_or("");
  } catch (const std::exception&) {
    return "";
  }
}

std::string operating_system() {
  utsname kernel{};
  ::uname(&kernel);
  const std::string name = value_in(text_of("/etc/os-release"), "PRETTY_NAME", '=');
  return fmt::format("{}{}{} {} {}", name, name.empty() ? "" : ", ", kernel.sysname, kernel.release,
                     kernel.machine);
}

}  // namespace

Json git_facts(const fs::path& folder, double limit_s) {
  if (!may_be_in_repository(folder)) return nullptr;
  const double deadline = monotonic_seconds() + limit_s;
  // The first line comes before what fails without a commit.
  const ChildResult head = run_git_within(
      folder, {"rev-parse", "--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD"}, limit_s);
  if (!head.started) return nullptr;
  const std::vector<std::string> lines = split(head.output, '\n');
  const std::string& repository = lines.front();
  if (repository.empty() || head.timed_out) {
    const bool is_outside = head.error.find("not a git repository") != std::string::npos ||
                            head.error.find("must be run in a work tree") != std::string::npos;
    return is_outside ? Json(nullptr) : git_note(head);
  }

  Json facts = {{"commit", nullptr},
                {"branch", nullptr},
                {"dirty", true},
                {"diff", ""},
                {"repository", repository}};
  if (head.exit_status != 0 || lines.size() < 3) return facts;
  facts["commit"] = lines[1];
  constexpr std::string_view kBranches = "refs/heads/";
  if (lines[2].starts_with(kBranches)) facts["branch"] = lines[2].substr(kBranches.size());
  add_changes(facts, folder, deadline - monotonic_seconds());
  return facts;
}

const Machine& this_machine() {
  static const Machine machine = [] {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return Machine{host.data(), std::string(trim(text_of("/proc/sys/kernel/random/boot_id")))};
  }();
  return machine;
}

Json host_facts() {
  const std::string cpus = text_of("/proc/cpuinfo");
  const std::string model = value_in(cpus, "model name", ':');
  return {{"name", this_machine().host},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory_bytes", static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                               static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE))},
          {"os", operating_system()},
          {"cpu", model.empty() ? value_in(cpus, "Processor", ':') : model},
          {"boot_id", this_machine().boot_id}};
}

Json command_line_facts(const std::vector<std::string>& arguments) {
  Json facts = Json::array();
  bool hides_next = false;
  for (const std::string& argument : arguments) {
    std::string shown = hides_next ? kHiddenValue : argument;
    hides_next = false;
    std::size_t start = 0;
    for (std::size_t equals = shown.find('='); equals != std::string::npos;
         equals = shown.find('=', start)) {
      if (is_secret_name(std::string_view(shown).substr(start, equals - start))) {
        shown = shown.substr(0, equals + 1) + kHiddenValue;
        break;
      }
      start = equals + 1;
    }
    if (start == 0 && shown.find('=') == std::string::npos) {
      hides_next = shown.starts_with("--") && is_secret_name(shown);
    }
    facts.push_back(std::move(shown));
  }
  return facts;
}

std::string machine_text() { return this_machine().boot_id + " " + this_machine().host; }

bool is_this_machine(const std::string& host, const std::string& boot_id) {
  const Machine& here = this_machine();
  return (!boot_id.empty() && boot_id == here.boot_id) || (!host.empty() && host == here.host);
}

bool is_this_machine(const std::string& machine_text) {
  const std::size_t space = machine_text.find(' ');
  if (space == std::string::npos) return false;
  return is_this_machine(machine_text.substr(space + 1), machine_text.substr(0, space));
}

}  // namespace mat
