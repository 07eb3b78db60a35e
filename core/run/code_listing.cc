#include "core/run/code_listing.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/git.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr ChildLimits kLimits{.seconds = 60, .output_bytes = 64 << 20};
constexpr int kDeepestNesting = 8;

// A repository without a commit, which only lends its rules.
class TemporaryRepository {
 public:
  TemporaryRepository() {
    std::string name = (fs::temp_directory_path() / "mat-git-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_io_error("cannot make a temporary folder", errno);
    folder_ = name;
  }
  ~TemporaryRepository() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  TemporaryRepository(const TemporaryRepository&) = delete;
  TemporaryRepository& operator=(const TemporaryRepository&) = delete;

  ChildResult init() const { return run_git(folder_, {"init", "--quiet", "--template="}, kLimits); }
  std::string git_dir() const { return (folder_ / ".git").string(); }

 private:
  fs::path folder_;
};

bool has_worked(const ChildResult& git) {
  return git.started && git.exit_status == 0 && !git.timed_out && !git.output_cut;
}

class Lister {
 public:
  explicit Lister(const fs::path& folder) : folder_(folder) {}

  CodeListing list() {
    list_repository({}, 0);
    std::sort(listing_.paths.begin(), listing_.paths.end());
    const auto end = std::unique(listing_.paths.begin(), listing_.paths.end());
    listing_.paths.erase(end, listing_.paths.end());
    return std::move(listing_);
  }

 private:
  // `at` is the repository's folder within the whole one: "" or "vendor/x/".
  void list_repository(const std::string& at, int depth) {
    const fs::path folder = folder_ / at;
    ChildResult git =
        run_git(folder, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"}, kLimits);
    if (git.started && !has_worked(git)) git = list_outside(folder, git);
    if (has_worked(git)) {
      take(git.output, at, depth);
      return;
    }
    note(git.started ? fmt::format("git could not list '{}', so nothing but .git was left out: {}",
                                   folder.string(), first_line(git.error))
                     : "there is no git, so nothing but .git was left out");
    walk(folder, at);
  }

  // Where git knows no repository, or refuses one of somebody else.
  ChildResult list_outside(const fs::path& folder, const ChildResult& refused) {
    if (refused.error.find("not a git repository") == std::string::npos) {
      note(fmt::format("git refuses the repository, so only .gitignore counts: {}",
                       first_line(refused.error)));
    }
    const TemporaryRepository repository;
    ChildResult made = repository.init();
    if (!has_worked(made)) return made;
    return run_git(folder,
                   {"--git-dir=" + repository.git_dir(), "--work-tree=" + folder.string(),
                    "ls-files", "-z", "--others", "--exclude-standard"},
                   kLimits);
  }

  void take(std::string_view paths, const std::string& at, int depth) {
    while (!paths.empty()) {
      const auto end = std::min(paths.find('\0'), paths.size());
      std::string path = at + std::string(paths.substr(0, end));
      paths.remove_prefix(std::min(end + 1, paths.size()));
      std::error_code error;
      const fs::file_status status = fs::symlink_status(folder_ / path, error);
      // Tracked, but deleted.
      if (status.type() == fs::file_type::not_found) continue;
      if (status.type() != fs::file_type::directory) {
        listing_.paths.push_back(std::move(path));
        continue;
      }
      // A repository within the repository, or a submodule.
      if (path.back() != '/') path += '/';
      if (depth < kDeepestNesting) {
        list_repository(path, depth + 1);
      } else {
        note(fmt::format("'{}' was left out: too many repositories within each other", path));
      }
    }
  }

  void walk(const fs::path& folder, const std::string& at) {
    std::error_code error;
    for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (name == ".git") continue;
      std::error_code ignored;
      if (it->symlink_status(ignored).type() == fs::file_type::directory) {
        walk(it->path(), at + name + "/");
      } else {
        listing_.paths.push_back(at + name);
      }
    }
    if (error) throw_io_error(fmt::format("cannot read '{}'", folder.string()), error.value());
  }

  void note(std::string text) { listing_.notes.push_back(std::move(text)); }
  static std::string first_line(const std::string& text) {
    return std::string(trim(split(text, '\n').front()));
  }

  fs::path folder_;
  CodeListing listing_;
};

}  // namespace

CodeListing list_code(const fs::path& folder) { return Lister(folder).list(); }

}  // namespace mat
