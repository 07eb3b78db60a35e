#include "core/code/git_facts.h"

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/code/git.h"

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

}  // namespace mat
