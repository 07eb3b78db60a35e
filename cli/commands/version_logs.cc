#include "cli/commands/version_logs.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/pattern.h"
#include "core/base/text.h"
#include "core/run/run_description.h"
#include "core/training/log_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = 64 * 1024;
// A longer line is looked at in pieces.
constexpr std::size_t kMaxLineBytes = 1 << 20;
constexpr auto kPollInterval = std::chrono::milliseconds(200);
constexpr int kMaxOpenTries = 1000;

ssize_t read_at(int fd, std::vector<char>& buffer, off_t offset, std::size_t count) {
  for (;;) {
    const ssize_t size = ::pread(fd, buffer.data(), count, offset);
    if (size >= 0) return size;
    if (errno != EINTR) throw_io_error("cannot read the log", errno);
  }
}

FileDescriptor open_if_there(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) {
    throw_io_error(fmt::format("cannot read '{}'", path.string()), errno);
  }
  return file;
}

bool are_same(int a, int b) {
  struct stat first {
  }, second{};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
         first.st_dev == second.st_dev;
}

// Gets the log piece by piece.
using Tell = std::function<void(std::string_view)>;

struct Tail {
  off_t offset = 0;
  std::int64_t lines = 0;  // from there on; fewer than wanted when the file has no more
};

// Where the last `lines` lines begin; looks from the end, so that a large log costs nothing.
Tail tail_of(int fd, std::int64_t lines) {
  std::vector<char> buffer(kChunkBytes);
  const off_t end = ::lseek(fd, 0, SEEK_END);
  off_t begin = end;
  std::int64_t breaks = 0;
  while (begin > 0) {
    const auto count = static_cast<std::size_t>(std::min<off_t>(begin, kChunkBytes));
    begin -= static_cast<off_t>(count);
    const ssize_t size = read_at(fd, buffer, begin, count);
    for (ssize_t i = size - 1; i >= 0; --i) {
      const bool ends_last_line = begin + i + 1 == end;
      if (buffer[static_cast<std::size_t>(i)] == '\n' && !ends_last_line && ++breaks == lines) {
        return {begin + i + 1, lines};
      }
    }
  }
  return {0, end > 0 ? breaks + 1 : 0};
}

off_t tell_from(int fd, off_t offset, const Tell& tell) {
  std::vector<char> buffer(kChunkBytes);
  for (;;) {
    const ssize_t size = read_at(fd, buffer, offset, buffer.size());
    if (size == 0) return offset;
    tell({buffer.data(), static_cast<std::size_t>(size)});
    offset += size;
  }
}

// Tells each line from `offset` on; gives where the first unfinished one begins, which is told only
// if `is_over`.
off_t scan_lines(int fd, off_t offset, bool is_over,
                 const std::function<void(off_t, std::string_view)>& found) {
  std::vector<char> buffer(kMaxLineBytes);
  for (;;) {
    const ssize_t size = read_at(fd, buffer, offset, buffer.size());
    if (size == 0) return offset;
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    const bool has_break = bytes.find('\n') != std::string_view::npos;
    if (!has_break && (is_over || bytes.size() == buffer.size())) {
      found(offset, bytes);
      offset += size;
      continue;
    }
    if (!has_break) return offset;
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos;) {
      found(offset, bytes.substr(0, end));
      offset += static_cast<off_t>(end) + 1;
      bytes.remove_prefix(end + 1);
    }
  }
}

// The two files of a log that may turn over at any moment.
class Log {
 public:
  Log(const fs::path& folder, const LogOptions& options, Tell tell)
      : path_(folder / kLogName), options_(options), tell_(std::move(tell)) {
    if (!options.grep.empty()) pattern_.emplace(options.grep);
    // Between the two steps of turning over there is no log.txt.
    for (int tries = 0; !current_ && tries < kMaxOpenTries; ++tries) {
      if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      current_ = open_if_there(path_);
      older_ = open_if_there(folder / kOlderLogName);
      if (!current_ && !older_) return;
    }
    if (current_ && older_ && are_same(current_.get(), older_.get())) older_ = FileDescriptor();
  }

  bool exists() const { return static_cast<bool>(current_); }

  void print_beginning() {
    if (pattern_) return options_.tail > 0 ? print_last_matches() : print_all_matches();
    if (options_.tail == 0) {
      if (older_) tell_from(older_.get(), 0, tell_);
      return;
    }
    const Tail tail = tail_of(current_.get(), options_.tail);
    if (older_ && tail.lines < options_.tail) {
      const Tail before = tail_of(older_.get(), options_.tail - tail.lines);
      tell_from(older_.get(), before.offset, tell_);
    }
    offset_ = tail.offset;
  }

  // What has come since; with `is_over`, what will never come to an end of line.
  void print_new(bool is_over) {
    for (;;) {
      FileDescriptor next = open_if_there(path_);
      const bool has_turned = next && !are_same(next.get(), current_.get());
      print_rest(is_over || has_turned);
      if (!has_turned) return;
      current_ = std::move(next);
      offset_ = 0;
    }
  }

 private:
  void tell_line(std::string_view line) {
    tell_(line);
    tell_("\n");
  }

  void print_rest(bool is_over) {
    if (!pattern_) {
      offset_ = tell_from(current_.get(), offset_, tell_);
      return;
    }
    offset_ = scan_lines(current_.get(), offset_, is_over, [this](off_t, std::string_view line) {
      if (pattern_->is_in(line)) tell_line(line);
    });
  }

  void print_all_matches() {
    if (!older_) return;
    scan_lines(older_.get(), 0, true, [this](off_t, std::string_view line) {
      if (pattern_->is_in(line)) tell_line(line);
    });
  }

  // Remembers places and not lines, which may be long and many.
  void print_last_matches() {
    struct Place {
      int fd;
      off_t offset;
      std::size_t size;
    };
    std::deque<Place> places;
    const auto scan = [&](int fd, bool is_over) {
      return scan_lines(fd, 0, is_over, [&](off_t offset, std::string_view line) {
        if (!pattern_->is_in(line)) return;
        places.push_back({fd, offset, line.size()});
        if (static_cast<std::int64_t>(places.size()) > options_.tail) places.pop_front();
      });
    };
    if (older_) scan(older_.get(), true);
    offset_ = scan(current_.get(), !options_.follow);
    std::vector<char> buffer(kMaxLineBytes);
    for (const Place& place : places) {
      const ssize_t size = read_at(place.fd, buffer, place.offset, place.size);
      tell_line({buffer.data(), static_cast<std::size_t>(size)});
    }
  }

  fs::path path_;
  const LogOptions& options_;
  Tell tell_;
  std::optional<Pattern> pattern_;
  FileDescriptor current_, older_;
  off_t offset_ = 0;  // in the current file: everything before is printed
};

fs::path folder_of_log(const Context& context, const VersionRecord& version, int node) {
  const int nodes = nodes_of(version);
  fs::path folder =
      node_log_folder(context.home().version_folder(version.job, version.number), node);
  // It may have had more before it went on.
  std::error_code ignored;
  if (node >= nodes && !fs::exists(folder / kLogName, ignored)) {
    throw Error(ErrorKind::not_found, fmt::format("{} has no node {}", version.reference(), node),
                nodes == 1 ? "it trains on one node, which is 0"
                           : fmt::format("its nodes are 0 to {}", nodes - 1));
  }
  return folder;
}

}  // namespace

int print_log(const Context& context, const LogOptions& options) {
  if (options.json && options.follow) {
    throw Error(ErrorKind::usage, "--json is one document and has no end with --follow",
                "leave one of them out; curves while they grow: mat version show REF --json");
  }
  const VersionRecord version = context.open_to_read().version(options.reference);
  const fs::path folder = folder_of_log(context, version, options.node);
  std::string text;
  const std::string whose = options.node == 0
                                ? version.reference()
                                : fmt::format("node {} of {}", options.node, version.reference());
  const Tell tell = [&](std::string_view piece) {
    options.json ? void(text += piece) : print(piece);
  };
  std::optional<Log> opened;
  std::optional<std::string> told;
  for (opened.emplace(folder, options, tell); !opened->exists();
       opened.emplace(folder, options, tell)) {
    const VersionRecord now = context.open_to_read().version(version.id);
    const std::string why = now.status_reason.empty() ? "" : ": " + printable(now.status_reason);
    if (!options.follow || !is_active(now.status)) {
      throw Error(ErrorKind::not_found, fmt::format("{} has no log", whose),
                  is_active(now.status)
                      ? fmt::format("it is {}; -f waits for it", name_of(now.status))
                      : fmt::format("it is {}{}", name_of(now.status), why));
    }
    if (told != why) {
      told = why;
      note(fmt::format("{} is {}{}", version.reference(), name_of(now.status), why));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  Log& log = *opened;
  log.print_beginning();
  // The status is read before the log, so that what was written before the end is printed.
  for (bool is_over = false; !is_over;) {
    is_over = !options.follow || !is_active(context.open_to_read().version(version.id).status);
    log.print_new(is_over);
    finish_output();
    if (!is_over) std::this_thread::sleep_for(kPollInterval);
  }
  if (options.json) {
    if (text.ends_with('\n')) text.pop_back();
    const Json lines = text.empty() ? Json::array() : Json(split(text, '\n'));
    print_json({{"reference", version.reference()}, {"lines", lines}});
  }
  return 0;
}

}  // namespace mat
