#include "core/curves/curve_index.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/curves/scalar_event.h"
#include "core/curves/thinner.h"
#include "core/metrics/record_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBuckets = 4096;
constexpr std::size_t kMostTags = 1000;
constexpr std::size_t kRememberedBytes = 64;
constexpr std::uint64_t kMostBytesReadAgain = 128 << 20;

// The bytes of a file before `end`, fewer when it has no more.
std::string bytes_before(const fs::path& path, std::uint64_t end) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(std::min<std::uint64_t>(end, kRememberedBytes), '\0');
  if (!file) return {};
  const ssize_t got =
      ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(end - bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

bool is_in(double low, double high, const CurveRange& range) {
  return high >= range.from && low <= range.to;
}

double low_of(const CurveBucket& bucket, CurveAxis axis) {
  return axis == CurveAxis::step ? static_cast<double>(bucket.low_step) : bucket.low_time;
}

double high_of(const CurveBucket& bucket, CurveAxis axis) {
  return axis == CurveAxis::step ? static_cast<double>(bucket.high_step) : bucket.high_time;
}

}  // namespace

bool CurveIndex::update() {
  const std::vector<fs::path> paths = event_files_in(folder_);
  const bool has_same_files =
      paths.size() >= files_.size() &&
      std::equal(files_.begin(), files_.end(), paths.begin(),
                 [](const File& file, const fs::path& path) { return file.path == path; });
  bool has_changed = false;
  if (!has_same_files || !std::all_of(files_.begin(), files_.end(), [this](const File& file) {
        return still_has_what_was_read(file);
      })) {
    start_over();
    has_changed = true;
  }
  while (files_.size() < paths.size()) {
    files_.emplace_back();
    files_.back().path = paths[files_.size() - 1];
  }
  for (std::size_t i = 0; i < files_.size(); ++i) has_changed |= read_new(i);
  return has_changed;
}

void CurveIndex::start_over() {
  files_.clear();
  curves_.clear();
  curve_of_tag_.clear();
  last_found_ = 0;
  ++generation_;
}

bool CurveIndex::still_has_what_was_read(const File& file) const {
  struct stat info {};
  if (::stat(file.path.c_str(), &info) != 0) return false;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::int64_t changed_ns = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  if (info.st_ino != file.inode || size < file.read_bytes) return false;
  if (size == file.size && changed_ns == file.changed_ns) return true;
  // It may have been cut and have grown again since. A record has the time of its point in it.
  return bytes_before(file.path, file.read_bytes) == file.last_bytes;
}

bool CurveIndex::read_new(std::size_t file_number) {
  File& file = files_[file_number];
  struct stat info {};
  if (::stat(file.path.c_str(), &info) != 0) return false;  // the next update() notices
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::int64_t changed_ns = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  if (file.inode == info.st_ino && file.size == size && file.changed_ns == changed_ns) return false;
  file.inode = info.st_ino;
  file.size = size;
  file.changed_ns = changed_ns;

  const std::uint64_t before = file.read_bytes;
  ScalarEvent event;
  RecordReader reader(file.path, file.read_bytes);
  while (const auto record = reader.next()) {
    if (!read_scalar_event(*record, event)) break;
    const RecordPlace place{static_cast<std::uint32_t>(file_number), file.read_bytes};
    file.read_bytes = reader.valid_bytes();
    for (const ScalarEvent::Value& value : event.values) {
      TagCurve* curve = curve_named(value.tag);
      if (curve == nullptr) continue;
      const CurveBucket point({event.step, event.wall_time, value.value}, place);
      curve->buckets.add(point);
    }
  }
  if (file.read_bytes == before) return false;
  file.last_bytes = bytes_before(file.path, file.read_bytes);
  return true;
}

CurveIndex::TagCurve* CurveIndex::curve_named(std::string_view tag) {
  const std::size_t next = last_found_ + 1 < curves_.size() ? last_found_ + 1 : 0;
  for (const std::size_t guess : {next, last_found_}) {
    if (guess < curves_.size() && curves_[guess].tag == tag) {
      last_found_ = guess;
      return &curves_[guess];
    }
  }
  const auto found = curve_of_tag_.find(tag);
  if (found != curve_of_tag_.end()) {
    last_found_ = found->second;
  } else {
    if (curves_.size() >= kMostTags) return nullptr;
    last_found_ = curves_.size();
    curve_of_tag_.emplace(tag, last_found_);
    curves_.push_back({std::string(tag), CurveBuckets(kBuckets)});
  }
  return &curves_[last_found_];
}

std::vector<CurveSummary> CurveIndex::curves() const {
  std::vector<CurveSummary> summaries;
  for (const TagCurve& curve : curves_) {
    CurveBucket whole = curve.buckets.all().front();
    for (std::size_t i = 1; i < curve.buckets.all().size(); ++i) whole.add(curve.buckets.all()[i]);
    summaries.push_back({curve.tag, whole});
  }
  return summaries;
}

std::uint64_t CurveIndex::memory_bytes() const {
  std::uint64_t bytes = sizeof *this;
  for (const TagCurve& curve : curves_) {
    bytes +=
        sizeof curve + 2 * curve.tag.size() + curve.buckets.all().capacity() * sizeof(CurveBucket);
  }
  return bytes;
}

// What one curve is thinned from: stretches as they are kept, and spans of the files that are read
// again, in the order of the curve.
class CurveIndex::ThinTask {
 public:
  ThinTask(const CurveIndex& index, std::string_view tag, const CurveRange& range,
           std::size_t points)
      : thinner_(points, range) {
    const auto found = index.curve_of_tag_.find(tag);
    if (found != index.curve_of_tag_.end())
      plan(index, index.curves_[found->second], range, points);
  }

  void add_spans(std::vector<Span>& spans) const {
    for (const Part& part : parts_) {
      if (part.bucket == nullptr) spans.push_back(part.span);
    }
  }

  // Points come in the order of the files, also those that no span of this curve has.
  void add(const ScalarPoint& point, RecordPlace place) {
    while (next_ < parts_.size() &&
           (parts_[next_].bucket != nullptr || !(place < parts_[next_].span.end))) {
      pass();
    }
    if (next_ < parts_.size() && !(place < parts_[next_].span.begin)) thinner_.add(point, place);
  }

  ThinCurve result() {
    while (next_ < parts_.size()) pass();
    return thinner_.result();
  }

 private:
  struct Part {
    const CurveBucket* bucket = nullptr;  // without one it is the span
    Span span;
  };

  void pass() {
    if (parts_[next_].bucket != nullptr) thinner_.add(*parts_[next_].bucket);
    ++next_;
  }

  void plan(const CurveIndex& index, const TagCurve& curve, const CurveRange& range,
            std::size_t points);

  Thinner thinner_;
  std::vector<Part> parts_;
  std::size_t next_ = 0;
};

void CurveIndex::ThinTask::plan(const CurveIndex& index, const TagCurve& curve,
                                const CurveRange& range, std::size_t points) {
  const std::vector<CurveBucket>& buckets = curve.buckets.all();
  std::vector<std::size_t> touched;
  std::int64_t count = 0;
  std::uint64_t all_bytes = 0, part_bytes = 0;
  const auto is_part = [&](const CurveBucket& bucket) {
    return bucket.count > 1 &&
           (low_of(bucket, range.axis) < range.from || high_of(bucket, range.axis) > range.to);
  };
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (!is_in(low_of(buckets[i], range.axis), high_of(buckets[i], range.axis), range)) continue;
    touched.push_back(i);
    count += buckets[i].count;
    if (buckets[i].count == 1) continue;
    const std::uint64_t bytes = index.bytes_of(index.span_of(curve, i));
    all_bytes += bytes;
    if (is_part(buckets[i])) part_bytes += bytes;
  }
  const bool is_coarse =
      count <= static_cast<std::int64_t>(points) || touched.size() < thinner_.stretches();
  const bool read_all = is_coarse && all_bytes <= kMostBytesReadAgain;
  const bool read_parts = part_bytes <= kMostBytesReadAgain;
  for (const std::size_t i : touched) {
    const CurveBucket& bucket = buckets[i];
    const Span span = index.span_of(curve, i);
    const bool is_read = bucket.count > 1 && index.can_be_read(span) &&
                         (read_all || (read_parts && is_part(bucket)));
    parts_.push_back({is_read ? nullptr : &bucket, span});
  }
}

ThinCurve CurveIndex::thinned(std::string_view tag, const CurveRange& range,
                              std::size_t points) const {
  return std::move(thinned(std::vector<std::string>{std::string(tag)}, range, points).front());
}

std::vector<ThinCurve> CurveIndex::thinned(const std::vector<std::string>& tags,
                                           const CurveRange& range, std::size_t points) const {
  std::vector<ThinTask> tasks;
  std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>> tasks_of_tag;
  std::vector<Span> spans;
  for (const std::string& tag : tags) {
    tasks_of_tag[tag].push_back(tasks.size());
    tasks.emplace_back(*this, tag, range, points);
    tasks.back().add_spans(spans);
  }
  for (const Span& span : joined(std::move(spans))) {
    read_again(span, [&](std::string_view tag, const ScalarPoint& point, RecordPlace place) {
      const auto found = tasks_of_tag.find(tag);
      if (found == tasks_of_tag.end()) return;
      for (const std::size_t task : found->second) tasks[task].add(point, place);
    });
  }
  std::vector<ThinCurve> curves;
  for (ThinTask& task : tasks) curves.push_back(task.result());
  return curves;
}

// In the order of the files, with those that overlap or touch made one.
std::vector<CurveIndex::Span> CurveIndex::joined(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> all;
  for (const Span& span : spans) {
    if (all.empty() || all.back().end < span.begin) {
      all.push_back(span);
    } else if (all.back().end < span.end) {
      all.back().end = span.end;
    }
  }
  return all;
}

void CurveIndex::each_point(std::string_view tag,
                            const std::function<void(const ScalarPoint&)>& found) const {
  const auto at = curve_of_tag_.find(tag);
  if (at == curve_of_tag_.end()) return;
  const TagCurve& curve = curves_[at->second];
  const Span whole{curve.buckets.all().front().begin,
                   span_of(curve, curve.buckets.all().size() - 1).end};
  read_again(whole, [&](std::string_view other, const ScalarPoint& point, RecordPlace) {
    if (other == tag) found(point);
  });
}

CurveIndex::Span CurveIndex::span_of(const TagCurve& curve, std::size_t bucket) const {
  const std::vector<CurveBucket>& buckets = curve.buckets.all();
  Span span{buckets[bucket].begin, {}};
  if (bucket + 1 < buckets.size()) {
    span.end = buckets[bucket + 1].begin;
  } else {
    span.end = {static_cast<std::uint32_t>(files_.size() - 1), files_.back().read_bytes};
  }
  return span;
}

// Files that grow in turns have points of others between them: what crosses from one to another is
// taken as it was kept.
bool CurveIndex::can_be_read(const Span& span) const {
  return span.begin.file == span.end.file && span.begin.offset <= span.end.offset;
}

std::uint64_t CurveIndex::bytes_of(const Span& span) const {
  if (!can_be_read(span)) return 0;
  if (span.begin.file == span.end.file) return span.end.offset - span.begin.offset;
  std::uint64_t bytes = files_[span.begin.file].read_bytes - span.begin.offset + span.end.offset;
  for (std::uint32_t file = span.begin.file + 1; file < span.end.file; ++file) {
    bytes += files_[file].read_bytes;
  }
  return bytes;
}

template <typename Found>
void CurveIndex::read_again(const Span& span, const Found& found) const {
  ScalarEvent event;
  for (std::uint32_t number = span.begin.file; number <= span.end.file; ++number) {
    const File& file = files_[number];
    const std::uint64_t begin = number == span.begin.file ? span.begin.offset : 0;
    const std::uint64_t end = number == span.end.file ? span.end.offset : file.read_bytes;
    if (begin >= end) continue;
    RecordReader reader(file.path, begin);
    std::uint64_t at = begin;
    for (auto record = reader.next(); record && at < end; record = reader.next()) {
      if (!read_scalar_event(*record, event)) break;
      for (const ScalarEvent::Value& value : event.values) {
        found(value.tag, {event.step, event.wall_time, value.value}, {number, at});
      }
      at = reader.valid_bytes();
      if (at >= end) break;
    }
  }
}

}  // namespace mat
