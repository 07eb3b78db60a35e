#include "core/metrics/event_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/metrics/metric.h"
#include "core/metrics/record_file.h"
#include "event.pb.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFilePrefix = "events.out.tfevents.";
constexpr const char* kFileVersion = "brain.Event:2";
constexpr std::size_t kWriteBytes = 64 << 10;
constexpr double kWriteSeconds = 2;
// Longer than any scalar with its tag. What is longer is not looked into.
constexpr std::size_t kMostScalarBytes = 4 << 10;

// The ten digits behind the prefix; 0 when there are others.
std::int64_t seconds_in_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return parse_integer(std::string_view(name).substr(kFilePrefix.size(), 10)).value_or(0);
}

std::string host_for_file_name() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  std::string name = *host ? host : "localhost";
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

[[noreturn]] void throw_cannot_go_on(const fs::path& path, std::string_view why) {
  throw Error(ErrorKind::io,
              fmt::format("the curves cannot be continued: '{}' {}", path.string(), why),
              "put the file back as it was, or train a new version");
}

// Whether a record ends just there and everything before is whole.
void check_end(const fs::path& path, std::uint64_t end) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) throw_cannot_go_on(path, "is not there");
  if (error) throw_io_error(fmt::format("cannot read '{}'", path.string()), error.value());
  if (size < end) throw_cannot_go_on(path, fmt::format("has {} of {} bytes", size, end));
  RecordReader reader(path);
  while (reader.valid_bytes() < end && reader.next()) {
  }
  if (reader.valid_bytes() != end) throw_cannot_go_on(path, "is damaged");
}

void remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    throw_io_error(fmt::format("cannot remove '{}'", path.string()), errno);
  }
}

void sync(const FileDescriptor& file, const fs::path& path) {
  if (::fdatasync(file.get()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", path.string()), errno);
  }
}

// Where a writer can go on: nothing when the file is damaged other than by a torn last record.
std::optional<std::uint64_t> end_to_go_on(const fs::path& path) {
  RecordReader reader(path);
  const auto first = reader.next();
  tensorboard::Event event;
  const bool is_event_file = first &&
                             event.ParseFromArray(first->data(), static_cast<int>(first->size())) &&
                             event.file_version() == kFileVersion;
  if (!is_event_file) return std::nullopt;
  while (reader.next()) {
  }
  if (reader.end() == RecordReader::End::damaged) return std::nullopt;
  return reader.valid_bytes();
}

}  // namespace

struct EventWriter::Impl {
  fs::path path;
  FileDescriptor file;
  std::uint64_t file_bytes = 0;  // whole records
  bool is_name_on_disk = false;
  std::string buffer;  // records that are not in the file yet
  double last_write = monotonic_seconds();
  tensorboard::Event event;
  std::string event_bytes;

  void go_on_in(const fs::path& existing, std::uint64_t end);
  void make_file(const fs::path& folder, const EventHead& head);
  void append_event();
  void append_summary(const EventSummary& summary);
  void write();
  void write_when_due();
};

void EventWriter::Impl::go_on_in(const fs::path& existing, std::uint64_t end) {
  path = existing;
  file = FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file) throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0) {
    throw_io_error(fmt::format("cannot cut the torn end of '{}'", path.string()), errno);
  }
  file_bytes = end;
}

void EventWriter::Impl::make_file(const fs::path& folder, const EventHead& head) {
  const std::string host = host_for_file_name();
  // Behind the others by its name, also when the clock was set back.
  const std::vector<fs::path> others = event_files_in(folder);
  std::int64_t seconds = now_ms() / 1000;
  if (!others.empty()) seconds = std::max(seconds, seconds_in_name(others.back()) + 1);
  for (; !file; ++seconds) {
    path = folder / fmt::format("{}{:010}.{}.{}", kFilePrefix, seconds, host, ::getpid());
    file = FileDescriptor(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file && errno != EEXIST) {
      throw_io_error(fmt::format("cannot make '{}'", path.string()), errno);
    }
  }
  event.set_file_version(kFileVersion);
  event.set_wall_time(static_cast<double>(now_ms()) / 1000);
  append_event();
  // With the file's first bytes: a file that is there has its head.
  if (head) {
    for (const EventSummary& summary : head()) append_summary(summary);
  }
  write();
}

void EventWriter::Impl::append_summary(const EventSummary& summary) {
  append_record(buffer, event_of(summary, static_cast<double>(now_ms()) / 1000));
}

void EventWriter::Impl::append_event() {
  event.SerializeToString(&event_bytes);
  append_record(buffer, event_bytes);
}

void EventWriter::Impl::write() {
  std::size_t written = 0;
  int error = 0;
  while (written < buffer.size() && error == 0) {
    const ssize_t count = ::write(file.get(), buffer.data() + written, buffer.size() - written);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  last_write = monotonic_seconds();
  const std::size_t whole = whole_records(buffer, written);
  buffer.erase(0, whole);
  file_bytes += whole;
  if (error == 0) return;
  if (written > whole && ::ftruncate(file.get(), static_cast<off_t>(file_bytes)) != 0) {
    throw_io_error(fmt::format("cannot cut the torn end of '{}'", path.string()), errno);
  }
  throw_io_error(fmt::format("cannot write '{}'", path.string()), error);
}

void EventWriter::Impl::write_when_due() {
  if (buffer.size() >= kWriteBytes || monotonic_seconds() - last_write > kWriteSeconds) write();
}

EventWriter::EventWriter(const fs::path& folder, const EventHead& head)
    : impl_(std::make_unique<Impl>()) {
  const std::vector<fs::path> files = event_files_in(folder);
  const auto end = files.empty() ? std::nullopt : end_to_go_on(files.back());
  if (end) {
    impl_->go_on_in(files.back(), *end);
  } else {
    impl_->make_file(folder, head);
  }
}

EventWriter::EventWriter(const fs::path& folder, const EventPosition& position,
                         const EventHead& head)
    : impl_(std::make_unique<Impl>()) {
  const fs::path file = folder / position.file;
  if (!position.file.empty()) check_end(file, position.bytes);
  // From the latest on: what a crash leaves in between still has all points before the place.
  std::vector<fs::path> files = event_files_in(folder);
  for (; !files.empty() && files.back().filename() > position.file; files.pop_back()) {
    remove_file(files.back());
  }
  if (position.file.empty()) {
    impl_->make_file(folder, head);
  } else {
    impl_->go_on_in(file, position.bytes);
  }
}

EventWriter::~EventWriter() {
  try {
    flush();
  } catch (const Error&) {
  }
}

void EventWriter::add(std::string_view tag, std::int64_t step, double value) {
  check_metric_name(tag);
  tensorboard::Event& event = impl_->event;
  tensorboard::Summary& summary = *event.mutable_summary();
  tensorboard::Summary::Value& point =
      summary.value_size() == 0 ? *summary.add_value() : *summary.mutable_value(0);
  event.set_wall_time(static_cast<double>(now_ms()) / 1000);
  event.set_step(step);
  point.set_tag(tag.data(), tag.size());
  point.set_simple_value(static_cast<float>(value));
  impl_->append_event();
  impl_->write_when_due();
}

void EventWriter::add(const EventSummary& summary) {
  impl_->append_summary(summary);
  impl_->write_when_due();
}

void EventWriter::flush() { impl_->write(); }

EventPosition EventWriter::position() {
  impl_->write();
  sync(impl_->file, impl_->path);
  if (!impl_->is_name_on_disk) {
    const fs::path folder = impl_->path.parent_path();
    const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw_io_error(fmt::format("cannot open '{}'", folder.string()), errno);
    sync(fd, folder);
    impl_->is_name_on_disk = true;
  }
  return {impl_->path.filename().string(), impl_->file_bytes};
}

Json to_json(const EventPosition& position) {
  return {{"file", position.file}, {"bytes", position.bytes}};
}

EventPosition event_position_from_json(const Json& json) {
  if (json.is_null()) return {};
  EventPosition position;
  try {
    position.file = json.at("file").get<std::string>();
    position.bytes = json.at("bytes").get<std::uint64_t>();
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io,
                fmt::format("the place in the event files is damaged: {}", e.what()));
  }
  const bool is_event_file =
      position.file.starts_with(kFilePrefix) && position.file.find('/') == std::string::npos;
  if (!is_event_file && !position.file.empty()) {
    throw Error(ErrorKind::io, fmt::format("'{}' is no event file", position.file));
  }
  return position;
}

std::vector<fs::path> event_files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code not_there;
    if (name.starts_with(kFilePrefix) && entry->is_regular_file(not_there)) {
      files.push_back(entry->path());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw_io_error(fmt::format("cannot read the folder '{}'", folder.string()), error.value());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Curve> read_event_files(const fs::path& folder) {
  std::vector<Curve> curves;
  std::unordered_map<std::string, std::size_t> curve_of_tag;
  tensorboard::Event event;
  for (const fs::path& path : event_files_in(folder)) {
    RecordReader reader(path);
    while (const auto record = reader.next()) {
      if (record->size() > kMostScalarBytes) continue;
      if (!event.ParseFromArray(record->data(), static_cast<int>(record->size()))) break;
      for (const auto& value : event.summary().value()) {
        if (!value.has_simple_value()) continue;
        const auto [found, is_new] = curve_of_tag.try_emplace(value.tag(), curves.size());
        if (is_new) curves.push_back({value.tag(), {}});
        curves[found->second].points.push_back(
            {event.step(), event.wall_time(), value.simple_value()});
      }
    }
  }
  return curves;
}

}  // namespace mat
