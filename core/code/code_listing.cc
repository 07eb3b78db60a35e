#include "core/code/code_listing.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/scratch_folder.h"
#include "core/base/text.h"
#include "core/code/git.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr ChildLimits kLimits{.seconds = 60, .output_bytes = 64 << 20};
constexpr int kDeepestNesting = 8;
// Of so many at most a person is told.
constexpr std::size_t kMostOddThings = 1000;

using Words = std::vector<std::string>;

Words joined(Words first, const Words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

// A repository without a commit, which only lends its rules.
class TemporaryRepository {
 public:
  ChildResult init() const {
    return run_git(folder_.path(), {"init", "--quiet", "--template="}, kLimits);
  }
  std::string git_dir() const { return (folder_.path() / ".git").string(); }

 private:
  ScratchFolder folder_{"git"};
};

bool has_worked(const ChildResult& git) {
  return git.started && git.exit_status == 0 && !git.timed_out && !git.output_cut;
}

bool has_said(const ChildResult& git, std::string_view words) {
  return git.error.find(words) != std::string::npos;
}

// A bare one has no files that could be listed.
bool is_in_no_repository(const ChildResult& git) {
  return has_said(git, "not a git repository") || has_said(git, "must be run in a work tree") ||
         has_said(git, "cannot use bare repository");
}

// A repository of somebody else; in the words of older ones, too.
bool is_not_trusted(const ChildResult& git) {
  return has_said(git, "dubious ownership") || has_said(git, "unsafe repository");
}

// Warnings may come before it.
std::string problem_of(const ChildResult& git) {
  const auto at = git.error.find("fatal: ");
  const std::string said = git.error.substr(at == std::string::npos ? 0 : at);
  const std::string problem = printable(trim(split(said, '\n').front()));
  return problem.empty() ? "it has ended without a word" : problem;
}

[[noreturn]] void throw_not_listed(const fs::path& folder, const ChildResult& git) {
  constexpr const char* kMendSize = "name what is no code in .gitignore";
  if (git.output_cut) {
    throw Error(ErrorKind::usage,
                fmt::format("the code in '{}' is too many files to list", folder.string()),
                kMendSize);
  }
  if (git.timed_out) {
    throw Error(ErrorKind::io,
                fmt::format("git takes longer than {:.0f} s to list the code in '{}'",
                            kLimits.seconds, folder.string()),
                kMendSize);
  }
  throw Error(ErrorKind::io,
              fmt::format("git cannot list the code in '{}': {}", folder.string(), problem_of(git)),
              "look at it by: git status");
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
    const fs::path folder = at.empty() ? folder_ : folder_ / at;
    const ChildResult git =
        run_git(folder, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"}, kLimits);
    if (!git.started) {
      note("there is no git, so nothing but .git was left out");
      walk(folder, at);
    } else if (has_worked(git) && (!git.output.empty() || !at.empty())) {
      list_odd_things(take(git.output, at, depth), at, {});
    } else if (has_worked(git)) {
      // Whoever names a folder as code means what is in it, also where the repository around it
      // ignores it whole.
      if (list_outside(folder, at, depth)) {
        note("git ignores this folder, so only its own .gitignore counts");
      }
    } else if (is_in_no_repository(git)) {
      list_outside(folder, at, depth);
    } else if (is_not_trusted(git)) {
      note(fmt::format("git refuses the repository, so only .gitignore counts: {}",
                       problem_of(git)));
      list_outside(folder, at, depth);
    } else {
      throw_not_listed(folder, git);
    }
  }

  // By its own rules alone. False when these leave no file.
  bool list_outside(const fs::path& folder, const std::string& at, int depth) {
    const TemporaryRepository repository;
    ChildResult git = repository.init();
    if (!has_worked(git)) throw_not_listed(folder, git);
    const Words rules{"--git-dir=" + repository.git_dir(), "--work-tree=" + folder.string()};
    git = run_git(folder, joined(rules, {"ls-files", "-z", "--others", "--exclude-standard"}),
                  kLimits);
    if (!has_worked(git)) throw_not_listed(folder, git);
    list_odd_things(take(git.output, at, depth), at, rules);
    return !git.output.empty();
  }

  // Pipes, sockets and devices beside the code, which git does not see, but for those that it would
  // ignore by `rules`.
  void list_odd_things(const std::set<std::string>& folders, const std::string& at,
                       const Words& rules) {
    const fs::path folder = folder_ / at;
    Words odd;
    for (const std::string& each : folders) {
      std::error_code error;
      for (fs::directory_iterator entry(folder / each, error), end; !error && entry != end;
           entry.increment(error)) {
        std::error_code unknown;
        if (is_odd(entry->symlink_status(unknown).type())) {
          odd.push_back(each + entry->path().filename().string());
        }
      }
    }
    if (odd.empty()) return;
    if (odd.size() > kMostOddThings) odd.resize(kMostOddThings);
    Words words = joined(rules, {"-c", "core.quotePath=false", "check-ignore", "--no-index", "--"});
    for (const std::string& path : odd) words.push_back("./" + path);
    // One with a line break or a quote in its name is quoted: it is told rather than missed.
    const Words ignored = split(run_git(folder, words, kLimits).output, '\n');
    for (const std::string& path : odd) {
      if (std::find(ignored.begin(), ignored.end(), "./" + path) == ignored.end()) {
        listing_.paths.push_back(at + path);
      }
    }
  }

  // Gives the folders of the repository's own files, "" and "lib/", with those around them.
  std::set<std::string> take(std::string_view paths, const std::string& at, int depth) {
    std::set<std::string> folders{""};
    while (!paths.empty()) {
      const auto end = std::min(paths.find('\0'), paths.size());
      std::string path = at + std::string(paths.substr(0, end));
      paths.remove_prefix(std::min(end + 1, paths.size()));
      std::error_code error;
      const fs::file_status status = fs::symlink_status(folder_ / path, error);
      // Tracked, but deleted.
      if (status.type() == fs::file_type::not_found) continue;
      if (status.type() != fs::file_type::directory) {
        add_folders(path.substr(at.size()), folders);
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
    return folders;
  }

  static void add_folders(std::string_view path, std::set<std::string>& folders) {
    for (auto end = path.rfind('/'); end != path.npos; end = path.rfind('/')) {
      if (!folders.emplace(path.substr(0, end + 1)).second) return;
      path = path.substr(0, end);
    }
  }

  static bool is_odd(fs::file_type type) {
    return type == fs::file_type::fifo || type == fs::file_type::socket ||
           type == fs::file_type::character || type == fs::file_type::block;
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

  fs::path folder_;
  CodeListing listing_;
};

}  // namespace

CodeListing list_code(const fs::path& folder) { return Lister(folder).list(); }

}  // namespace mat
