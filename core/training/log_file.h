#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

#include "core/base/file.h"

namespace mat {

// Half of the limit is the most that log.txt holds, the other half is for log.1.txt.
constexpr std::uint64_t kDefaultLogLimit = 1ULL << 30;
constexpr const char* kLogName = "log.txt";
constexpr const char* kOlderLogName = "log.1.txt";

// The log of a version, appended to: lines of mat's own with the time in front, and the raw bytes
// of a command's output. When log.txt would pass half of the limit it becomes log.1.txt, the
// log.1.txt before is lost, and a new log.txt begins with a line that says so. Only one LogFile may
// write a log at a time. Throws io errors.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& version_folder,
                   std::uint64_t limit_bytes = kDefaultLogLimit);
  // On a line of its own, also when the raw output before has not ended its last line.
  void line(std::string_view text);
  // As they are. Lines are kept whole where the log turns over, unless they alone pass the limit.
  void append(std::string_view bytes);
  // Whoever also gets the raw bytes.
  void echo_to(std::function<void(std::string_view)> echo) { echo_ = std::move(echo); }

 private:
  void put(std::string_view bytes);
  void open();
  void turn_over();
  void write(std::string_view bytes);

  std::filesystem::path folder_;
  std::uint64_t max_bytes_;  // of log.txt
  FileDescriptor file_;
  std::uint64_t bytes_ = 0;
  bool at_line_start_ = true;
  std::function<void(std::string_view)> echo_;
};

}  // namespace mat
