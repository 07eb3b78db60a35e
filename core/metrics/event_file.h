#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/event_summary.h"

namespace mat {

// A place between two points of a folder's event files: everything up to it is in files with
// smaller names and in the first `bytes` of this one.
struct EventPosition {
  std::string file;  // its name without the folder; empty: before the first point
  std::uint64_t bytes = 0;
};

// {"file", "bytes"}.
Json to_json(const EventPosition& position);
// Null is the place before the first point. Throws an io error for anything else that to_json()
// does not write.
EventPosition event_position_from_json(const Json& json);

// What a new event file begins with: asked for only when one is made.
using EventHead = std::function<std::vector<EventSummary>()>;

// Appends scalar points and summaries to a TensorBoard event file: records of length, masked
// CRC-32C, protobuf (tensorflow/core/lib/io/record_writer.h), which TensorBoard reads as they are.
// Points are gathered and written when 64 KiB are there, by the first add() more than two seconds
// after the last write, and by flush(). Not thread safe.
class EventWriter {
 public:
  // Makes FOLDER/events.out.tfevents.SECONDS.HOST.PID, or goes on in the newest one that is there.
  // A torn record at its end (a crash) is cut off first; a file that is damaged otherwise is left
  // as it is and a new one made, which begins with `head`. Throws io errors.
  explicit EventWriter(const std::filesystem::path& folder, const EventHead& head = {});
  // Goes on from a place that position() gave: what came after it, in that file and in later ones,
  // is gone then. Throws an io error, before anything is changed, when the file is not there, is
  // shorter or is damaged before that place: a curve with a gap would look like a whole one.
  EventWriter(const std::filesystem::path& folder, const EventPosition& position,
              const EventHead& head = {});
  ~EventWriter();  // flushes; errors are lost here, so call flush() first
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // Values are kept as 32-bit floats, as TensorBoard does. Both throw io errors when they write,
  // after which the file ends with a whole record and what is not in it is kept for the next
  // flush(). Throws a usage error when `tag` is no name of a metric.
  void add(std::string_view tag, std::int64_t step, double value);
  // The same for what is shown besides curves, with any tag.
  void add(const EventSummary& summary);
  void flush();
  // Writes everything and waits until it is on the disk, then says where it ends. Throws io errors.
  EventPosition position();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ScalarPoint {
  std::int64_t step = 0;
  double wall_time = 0;  // seconds since 1970
  float value = 0;
};

struct Curve {
  std::string tag;
  std::vector<ScalarPoint> points;  // in the order of the file
};

// Event files of `folder` itself in the order of their names, which begin with the time of their
// making; none when there is no such folder. Throws io errors.
std::vector<std::filesystem::path> event_files_in(const std::filesystem::path& folder);

// Reads every event file in `folder`, in the order of their names; none when there is no such
// folder. Also while one is being written. A torn or damaged record ends its file: what came
// before counts. Curves are in the order in which they first appear. Throws io errors.
std::vector<Curve> read_event_files(const std::filesystem::path& folder);

}  // namespace mat
