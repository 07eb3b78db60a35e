#include "core/run/code_snapshot.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/run/code_listing.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 64 << 10;
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

class TreeHash {
 public:
  TreeHash() : state_(XXH3_createState(), &XXH3_freeState) {
    if (state_ == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void add(const void* bytes, std::size_t size) { XXH3_128bits_update(state_.get(), bytes, size); }
  // With its length in front, so that two texts are not one longer text.
  void add(std::string_view text) {
    const std::uint64_t size = text.size();
    add(&size, sizeof size);
    add(text.data(), text.size());
  }
  std::string hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  }

 private:
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

class Snapshot {
 public:
  Snapshot(const fs::path& code, const fs::path& to, const SnapshotLimits& limits)
      : code_(code), to_(to), limits_(limits) {}

  Json take(const std::vector<fs::path>& leave_out) {
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
    make_folders(to_);
    for (const Entry& entry : entries_) copy(entry);
    return {
        {"files", entries_.size()}, {"bytes", copied_}, {"xxh3", hash_.hex()}, {"notes", notes()}};
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
    std::vector<Entry> largest = entries_;
    std::stable_sort(largest.begin(), largest.end(),
                     [](const Entry& a, const Entry& b) { return a.bytes > b.bytes; });
    largest.resize(std::min(largest.size(), kLargestNamed));
    std::vector<std::string> named;
    for (const Entry& entry : largest) {
      named.push_back(fmt::format("{} ({})", entry.path, format_bytes(entry.bytes)));
    }
    throw Error(ErrorKind::usage,
                fmt::format("the code in '{}' is {}, more than its limit of {}; the largest: {}",
                            code_.string(), format_bytes(total), format_bytes(limits_.bytes),
                            join(named, ", ")),
                "name what is no code in .gitignore, or raise the algorithm's code_limit");
  }

  void copy(const Entry& entry) {
    const fs::path to = to_ / entry.path;
    make_folders(to.parent_path());
    ::unlink(to.c_str());
    hash_.add(entry.path);
    hash_.add(entry.target.empty() ? (entry.is_executable ? "x" : "f") : "l");
    if (entry.target.empty()) {
      copy_file(entry, to);
    } else {
      hash_.add(entry.target);
      if (::symlink(entry.target.c_str(), to.c_str()) != 0) fail("cannot write", to);
    }
  }

  [[noreturn]] static void fail(const char* what, const fs::path& path) {
    throw_io_error(fmt::format("{} '{}'", what, path.string()), errno);
  }

  // Exactly as many bytes as were counted: a file that grows meanwhile cannot pass the limit.
  void copy_file(const Entry& entry, const fs::path& to) {
    const fs::path from = code_ / entry.path;
    const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!in) fail("cannot read", from);
    const FileDescriptor out(::open(to.c_str(),
                                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                    entry.is_executable ? 0777 : 0666));
    if (!out) fail("cannot write", to);
    std::uint64_t left = entry.bytes;
    while (left > 0) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
      const ssize_t count = ::read(in.get(), buffer_.data(), wanted);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot read", from);
      if (count == 0) break;
      write_all(out.get(), static_cast<std::size_t>(count), to);
      left -= static_cast<std::uint64_t>(count);
    }
    const std::uint64_t size = entry.bytes - left;
    hash_.add(&size, sizeof size);
    copied_ += size;
  }

  void write_all(int fd, std::size_t size, const fs::path& path) {
    hash_.add(buffer_.data(), size);
    for (std::size_t done = 0; done < size;) {
      const ssize_t count = ::write(fd, buffer_.data() + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot write", path);
      done += static_cast<std::size_t>(count);
    }
  }

  const fs::path code_, to_;
  const SnapshotLimits limits_;
  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
  std::uint64_t copied_ = 0;
  TreeHash hash_;
  std::array<char, kBufferBytes> buffer_;
};

}  // namespace

Json snapshot_code(const fs::path& code, const fs::path& to, const SnapshotLimits& limits,
                   const std::vector<fs::path>& leave_out) {
  std::error_code error;
  const fs::path folder = fs::canonical(code, error);
  if (error || !fs::is_directory(folder, error)) {
    throw Error(ErrorKind::usage, fmt::format("the code folder '{}' is not there", code.string()),
                "paths in a spec are relative to the spec's folder");
  }
  std::vector<fs::path> out = leave_out;
  out.push_back(to);
  return Snapshot(folder, to, limits).take(out);
}

}  // namespace mat
