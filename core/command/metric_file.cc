#include "core/command/metric_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/metrics/line_metrics.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using std::string_view;

constexpr std::size_t kMaxLineBytes = 1 << 20;
constexpr std::size_t kReadBytes = 64 << 10;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::usage, why); }

// JSON has no NaN and no infinities; Python writes these words. Outside of strings they become
// strings, which number_of() knows.
std::string with_quoted_words(string_view line) {
  constexpr std::array<string_view, 3> kWords{"-Infinity", "Infinity", "NaN"};
  std::string text;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size();) {
    string_view word;
    for (const string_view each : kWords) {
      if (!in_string && word.empty() && line.substr(i).starts_with(each)) word = each;
    }
    if (!word.empty()) {
      text += fmt::format("\"{}\"", word);
      i += word.size();
      continue;
    }
    if (in_string && line[i] == '\\' && i + 1 < line.size())
      text += line[i++];
    else if (line[i] == '"')
      in_string = !in_string;
    text += line[i++];
  }
  return text;
}

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text != "NaN" && text != "Infinity" && text != "-Infinity") return std::nullopt;
  return parse_metric_value(text);
}

std::optional<std::int64_t> step_of(const Json& value) {
  constexpr double kLargestExact = 9007199254740992.0;
  if (value.is_null()) return std::nullopt;
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const bool is_too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest;
  if (value.is_number_integer() && !is_too_large) return value.get<std::int64_t>();
  const auto number = number_of(value);
  if (!number || std::floor(*number) != *number || std::abs(*number) > kLargestExact) {
    refuse("its step is no whole number");
  }
  return static_cast<std::int64_t>(*number);
}

bool is_time(const std::string& name) {
  return name == "time" || name == "timestamp" || name == "wall_time";
}

Json parse_object(string_view line) {
  Json object = Json::parse(line.begin(), line.end(), nullptr, false);
  if (object.is_discarded()) {
    const std::string quoted = with_quoted_words(line);
    object = Json::parse(quoted, nullptr, false);
  }
  if (!object.is_object()) refuse("it is no JSON object");
  return object;
}

}  // namespace

MetricLine parse_metric_line(string_view line) {
  const Json object = parse_object(line);
  MetricLine result;
  const bool has_step = object.contains("step") && !object["step"].is_null();
  if (has_step) result.step = step_of(object["step"]);
  const auto name = object.find("name");
  if (name != object.end() && name->is_string() && object.contains("value")) {
    const auto value = number_of(object["value"]);
    if (!value) refuse("its value is no number");
    result.values.emplace_back(name->get<std::string>(), *value);
    return result;
  }
  const bool counts_epochs = !has_step && object.contains("epoch");
  if (counts_epochs) {
    const auto epoch = number_of(object["epoch"]);
    if (epoch && std::floor(*epoch) == *epoch) result.step = step_of(object["epoch"]);
  }
  for (const auto& [key, value] : object.items()) {
    if (key == "step" || key == "epoch" || is_time(key)) continue;
    if (const auto number = number_of(value)) result.values.emplace_back(key, *number);
  }
  if (result.values.empty()) refuse("it has no metric");
  return result;
}

void append_metric(const fs::path& file, string_view name, std::optional<std::int64_t> step,
                   double value) {
  const FileDescriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd) throw_io_error(fmt::format("cannot open '{}'", file.string()), errno);
  // Not to_json_text(), which turns NaN into null.
  const std::string number = std::isnan(value)    ? "NaN"
                             : !std::isinf(value) ? Json(value).dump()
                             : value > 0          ? "Infinity"
                                                  : "-Infinity";
  std::string line =
      fmt::format("{{\"name\": {}, \"value\": {}", to_json_text(Json(std::string(name))), number);
  if (step) line += fmt::format(", \"step\": {}", *step);
  line += "}\n";
  ssize_t written = 0;
  do {
    written = ::write(fd.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  const bool is_whole = written == static_cast<ssize_t>(line.size());
  if (!is_whole) {
    throw_io_error(fmt::format("cannot write '{}'", file.string()), written < 0 ? errno : ENOSPC);
  }
}

MetricFile::MetricFile(const fs::path& path) : path_(path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) earlier_bytes_ = static_cast<std::uint64_t>(info.st_size);
}

void MetricFile::poll(MetricSink& sink, TrainObserver& observer) {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size == offset_ || !S_ISREG(info.st_mode)) return;
  if (size < offset_) {
    offset_ = earlier_bytes_ = 0;
    line_.clear();
    is_too_long_ = false;
  }
  const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return;
  if (!file) throw_io_error(fmt::format("cannot read '{}'", path_.string()), errno);
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t count =
        ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_io_error(fmt::format("cannot read '{}'", path_.string()), errno);
    if (count == 0) return;
    offset_ += static_cast<std::uint64_t>(count);
    string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    for (;;) {
      const std::size_t end = bytes.find('\n');
      const string_view part = bytes.substr(0, end);
      is_too_long_ = is_too_long_ || line_.size() + part.size() > kMaxLineBytes;
      if (is_too_long_) line_.clear();
      if (!is_too_long_) line_ += part;
      if (end == string_view::npos) break;
      bytes.remove_prefix(end + 1);
      take_line(line_, offset_ - bytes.size() <= earlier_bytes_, sink, observer);
      line_.clear();
      is_too_long_ = false;
    }
  }
}

void MetricFile::finish(MetricSink& sink, TrainObserver& observer) {
  poll(sink, observer);
  if (!line_.empty() || is_too_long_) {
    take_line(line_, offset_ <= earlier_bytes_, sink, observer);
  }
  line_.clear();
  if (bad_lines_ > 1) {
    observer.log(
        fmt::format("{} lines of {} were no metrics", bad_lines_, path_.filename().string()));
  }
}

void MetricFile::take_line(string_view line, bool is_earlier, MetricSink& sink,
                           TrainObserver& observer) {
  ++lines_;
  line = trim(line);
  if (line.empty() && !is_too_long_) return;
  MetricLine metrics;
  try {
    if (is_too_long_) refuse("it is too long");
    metrics = parse_metric_line(line);
  } catch (const Error& e) {
    if (++bad_lines_ == 1) {
      observer.log(fmt::format("line {} of {} is no metric: {}", lines_, path_.filename().string(),
                               e.message()));
    }
    return;
  }
  for (const auto& [name, value] : metrics.values) {
    if (!is_earlier) {
      sink.add_of_file(name, metrics.step, value);
    } else if (metrics.step) {
      sink.add_of_earlier_file(name, *metrics.step, value);
    }
  }
}

}  // namespace mat
