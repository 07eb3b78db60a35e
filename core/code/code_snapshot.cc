#include "core/code/code_snapshot.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/code/code_archive.h"
#include "core/code/code_listing.h"
#include "core/code/unpack_code.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestNamed = 3;
constexpr std::size_t kMostNotes = 20;

struct Entry {
  std::string path;  // relative
  std::uint64_t bytes = 0;
  bool is_executable = false;
  std::string target;  // of a link; empty: a file
};

bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

class Snapshot {
 public:
  // Finds out what is to be copied.
  Snapshot(const fs::path& code, const SnapshotLimits& limits,
           const std::vector<fs::path>& leave_out)
      : code_(code), limits_(limits) {
    CodeListing listing = list_code(code_);
    for (std::string& note : listing.notes) add_note(std::move(note));
    std::vector<std::string> out;
    for (const fs::path& path : leave_out) {
      std::error_code ignored;
      const fs::path inside = fs::weakly_canonical(path, ignored).lexically_relative(code_);
      if (!inside.empty() && *inside.begin() != "..") out.push_back(inside.string());
    }
    for (const std::string& path : listing.paths) {
      const bool is_out = std::any_of(out.begin(), out.end(), [&](const std::string& folder) {
        return path == folder || path.starts_with(folder + "/");
      });
      if (!is_out) look_at(path);
    }
    check_limits();
  }

  void check_readable() const {
    for (const Entry& entry : entries_) {
      const fs::path path = code_ / entry.path;
      if (!entry.target.empty() || ::access(path.c_str(), R_OK) == 0) continue;
      if (errno == ENOENT) continue;  // gone since it was listed
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' in the code folder cannot be read: {}", path.string(),
                              std::strerror(errno)),
                  "check its permissions, or name it in .gitignore when it is no code");
    }
  }

  Json pack(const fs::path& to) const {
    std::uint64_t expected = 0;
    for (const Entry& entry : entries_)
      expected += kTarBlock + entry.bytes + tar_padding(entry.bytes);
    CodeArchiveWriter archive(to, expected);
    std::uint64_t bytes = 0;
    for (const Entry& entry : entries_) {
      if (entry.target.empty()) {
        bytes += archive.add_file(entry.path, code_ / entry.path, entry.bytes, entry.is_executable);
      } else {
        archive.add_link(entry.path, entry.target);
      }
    }
    const std::string hash = archive.finish();
    return {{"files", entries_.size()}, {"bytes", bytes}, {"xxh3", hash}, {"notes", notes()}};
  }

 private:
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

  Json notes() const {
    Json notes = Json::array();
    for (std::size_t i = 0; i < std::min(notes_.size(), kMostNotes); ++i) {
      notes.push_back(printable(notes_[i]));
    }
    if (notes_.size() > kMostNotes) {
      notes.push_back(fmt::format("and {} more", notes_.size() - kMostNotes));
    }
    return notes;
  }

  void look_at(const std::string& path) {
    struct stat info {};
    if (::lstat((code_ / path).c_str(), &info) != 0) return;  // gone since it was listed
    Entry entry{path, 0, (info.st_mode & S_IXUSR) != 0, {}};
    if (S_ISREG(info.st_mode)) {
      entry.bytes = static_cast<std::uint64_t>(info.st_size);
    } else if (S_ISLNK(info.st_mode)) {
      std::error_code error;
      entry.target = fs::read_symlink(code_ / path, error).string();
      const std::string problem = error ? "cannot be read" : why_link_leads_out(path, entry.target);
      if (!problem.empty()) {
        add_note(fmt::format("the link '{}' was left out: it {}", path, problem));
        return;
      }
    } else {
      add_note(fmt::format("'{}' was left out: it is no file", path));
      return;
    }
    entries_.push_back(std::move(entry));
  }

  // A link may also lead out by way of another one, or out and in again, which only works here.
  std::string why_link_leads_out(const std::string& path, const fs::path& target) const {
    if (target.empty()) return "leads nowhere";
    if (target.is_absolute()) return "has an absolute target";
    auto depth = std::count(path.begin(), path.end(), '/');
    for (const fs::path& part : target) {
      depth += part == ".." ? -1 : part == "." || part.empty() ? 0 : 1;
      if (depth < 0) return "leads out of the folder";
    }
    std::error_code error;
    const fs::path real =
        fs::weakly_canonical(code_ / fs::path(path).parent_path() / target, error);
    if (error) return "leads nowhere";
    return is_within(real, code_) ? std::string() : "leads out of the folder";
  }

  void check_limits() const {
    std::uint64_t total = 0;
    for (const Entry& entry : entries_) total += entry.bytes;
    if (entries_.size() > limits_.files) {
      throw Error(ErrorKind::usage,
                  fmt::format("the code in '{}' is {} files, more than {}", code_.string(),
                              entries_.size(), limits_.files),
                  "name what is no code in .gitignore");
    }
    if (total > limits_.bytes) refuse_size(total);
  }

  [[noreturn]] void refuse_size(std::uint64_t total) const {
    const ByteUnits units = likely_units(limits_.bytes);
    std::vector<Entry> largest = entries_;
    std::stable_sort(largest.begin(), largest.end(),
                     [](const Entry& a, const Entry& b) { return a.bytes > b.bytes; });
    largest.resize(std::min(largest.size(), kLargestNamed));
    std::vector<std::string> named;
    for (const Entry& entry : largest) {
      named.push_back(fmt::format("{} ({})", entry.path, format_bytes(entry.bytes, units)));
    }
    throw Error(ErrorKind::usage,
                fmt::format("the code in '{}' is {}, more than its limit of {}; the largest: {}",
                            code_.string(), format_bytes(total, units),
                            format_bytes(limits_.bytes, units), join(named, ", ")),
                "name what is no code in .gitignore, or raise the algorithm's code_limit");
  }

  const fs::path code_;
  const SnapshotLimits limits_;
  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
};

fs::path folder_of_code(const fs::path& code) {
  require_there(code, "code folder");
  std::error_code error;
  fs::path folder = fs::canonical(code, error);
  if (error) throw_io_error(fmt::format("cannot read '{}'", code.string()), error.value());
  if (!fs::is_directory(folder, error)) {
    throw Error(ErrorKind::usage, fmt::format("the code '{}' is no folder", code.string()),
                "name the folder that it is in: it is copied whole");
  }
  return folder;
}

}  // namespace

Json snapshot_code(const fs::path& code, const fs::path& archive, const SnapshotLimits& limits,
                   const std::vector<fs::path>& leave_out) {
  std::vector<fs::path> out = leave_out;
  out.push_back(archive);
  return Snapshot(folder_of_code(code), limits, out).pack(archive);
}

void check_snapshot(const fs::path& code, const SnapshotLimits& limits,
                    const std::vector<fs::path>& leave_out) {
  Snapshot(folder_of_code(code), limits, leave_out).check_readable();
}

fs::path packed_code(const fs::path& version_folder) { return version_folder / "code.tar"; }
fs::path code_folder(const fs::path& version_folder) { return version_folder / "code"; }

void restore_code(const fs::path& version_folder, const Json& facts) {
  const fs::path packed = packed_code(version_folder);
  std::error_code error;
  if (!facts.contains("code") || !fs::exists(packed, error)) return;
  if (!fs::exists(code_folder(version_folder), error)) {
    unpack_code(packed, code_folder(version_folder), facts["code"].value("xxh3", ""));
  }
  fs::remove(packed, error);
}

}  // namespace mat
