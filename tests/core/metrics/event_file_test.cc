#include "core/metrics/event_file.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/metrics/record_file.h"
#include "tests/core/metrics/decode_events.h"
#include "tests/core/metrics/event_files.h"
#include "tests/run_python.h"
#include "tests/test_files.h"

namespace mat {
namespace {

TEST_CASE("an event file is what TensorBoard's format says, byte by byte", "[metrics]") {
  const TempFolder folder;
  const double before = static_cast<double>(now_ms()) / 1000;
  {
    EventWriter writer(folder.path());
    writer.add("train_loss", 0, 0.5);
    writer.add("val/accuracy", -3, -1.25e30);
    writer.add("lr", std::numeric_limits<std::int64_t>::max(), NAN);
    writer.flush();
  }
  const auto name = files_in(folder.path()).front().filename().string();
  CHECK_THAT(name, Catch::StartsWith("events.out.tfevents."));
  CHECK_THAT(name, Catch::EndsWith(fmt::format(".{}", ::getpid())));

  const std::vector<DecodedEvent> events = decode_events(only_file(folder.path()));
  REQUIRE(events.size() == 4);
  CHECK(events[0].file_version == "brain.Event:2");
  for (const DecodedEvent& event : events) {
    CHECK(event.wall_time >= before);
    CHECK(event.wall_time <= static_cast<double>(now_ms()) / 1000);
  }
  CHECK(events[1].tag == "train_loss");
  CHECK(events[1].step == 0);
  CHECK(events[1].value == 0.5F);
  CHECK(events[2].tag == "val/accuracy");
  CHECK(events[2].step == -3);
  CHECK(events[2].value == -1.25e30F);
  CHECK(events[3].step == std::numeric_limits<std::int64_t>::max());
  CHECK(std::isnan(events[3].value));
}

TEST_CASE("points come back as curves in the order of their first appearance", "[metrics]") {
  const TempFolder folder;
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 5000; ++step) {
      writer.add("loss", step, 1.0 / (step + 1));
      if (step % 10 == 0) writer.add("accuracy", step, step);
    }
    writer.flush();
  }
  const std::vector<Curve> curves = read_event_files(folder.path());
  REQUIRE(curves.size() == 2);
  CHECK(curves[0].tag == "loss");
  CHECK(curves[1].tag == "accuracy");
  REQUIRE(curves[0].points.size() == 5000);
  REQUIRE(curves[1].points.size() == 500);
  for (int step = 0; step < 5000; ++step) {
    const ScalarPoint& point = curves[0].points[static_cast<std::size_t>(step)];
    REQUIRE(point.step == step);
    REQUIRE(point.value == static_cast<float>(1.0 / (step + 1)));
  }
}

TEST_CASE("a writer goes on in the file that is there", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 3);
  write_points(folder.path(), 3, 2);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(decode_events(only_file(folder.path())).size() == 6);
}

TEST_CASE("an end torn anywhere is cut off before a writer goes on", "[metrics]") {
  const TempFolder original;
  write_points(original.path(), 0, 2);
  const std::string two = only_file(original.path());
  write_points(original.path(), 2, 1);
  const std::string three = only_file(original.path());
  const fs::path name = files_in(original.path()).front().filename();
  for (std::size_t size = two.size(); size < three.size(); ++size) {
    CAPTURE(size);
    const TempFolder folder;
    put_file(folder / name.string(), three.substr(0, size));
    write_points(folder.path(), 9, 1);
    REQUIRE(steps_in(folder.path()) == std::vector<std::int64_t>{0, 1, 9});
    REQUIRE(decode_events(only_file(folder.path())).size() == 4);
  }
}

TEST_CASE("a damaged file is left as it is and a new one made beside it", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 3);
  std::string bytes = only_file(folder.path());
  const fs::path path = files_in(folder.path()).front();
  SECTION("in its last record") { bytes.back() ^= 1; }
  SECTION("in its first record") { bytes[20] ^= 1; }
  SECTION("by another program's bytes") { bytes = "not an event file"; }
  SECTION("down to the first bytes") { bytes.resize(5); }
  put_file(path, bytes);

  write_points(folder.path(), 7, 1);
  CHECK(files_in(folder.path()).size() == 2);
  CHECK(read_file(path) == bytes);
  CHECK(steps_in(folder.path()).back() == 7);
}

TEST_CASE("a process that is killed leaves every point that it has flushed", "[metrics]") {
  const TempFolder folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    EventWriter writer(folder.path());
    for (int step = 0; step < 100; ++step) writer.add("loss", step, step);
    writer.flush();
    for (int step = 100; step < 200; ++step) writer.add("loss", step, step);
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ::close(ready[1]);
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(steps_in(folder.path()).size() >= 100);
  write_points(folder.path(), 500, 1);
  CHECK(steps_in(folder.path()).back() == 500);
}

// The kernel refuses to let files grow beyond the limit, after a part of a write, as it does when
// a disk is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  void (*old_handler_)(int);
  rlimit old_{};
};

TEST_CASE("a disk that is full is an io error, and the file ends with a whole record",
          "[metrics]") {
  for (const rlim_t limit : {1000, 1001, 1013, 1030, 1060}) {
    CAPTURE(limit);
    const TempFolder folder;
    EventWriter writer(folder.path());
    for (int step = 0; step < 100; ++step) writer.add("loss", step, step);
    {
      const FileSizeLimit full(limit);
      try {
        writer.flush();
        FAIL("nothing said that the disk is full");
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::io);
      }
      const std::vector<DecodedEvent> events = decode_events(only_file(folder.path()));
      CHECK(events.size() > 15);
      CHECK(events.size() < 100);
    }
    // Once there is room again, nothing is missing and nothing there twice.
    writer.flush();
    const std::vector<DecodedEvent> events = decode_events(only_file(folder.path()));
    REQUIRE(events.size() == 101);
    for (int step = 0; step < 100; ++step) {
      REQUIRE(events[static_cast<std::size_t>(step) + 1].step == step);
    }
  }
}

TEST_CASE("points reach the file by themselves when there are many", "[metrics]") {
  const TempFolder folder;
  EventWriter writer(folder.path());
  for (int step = 0; step < 5000; ++step) writer.add("loss", step, step);
  CHECK(steps_in(folder.path()).size() > 1000);
}

TEST_CASE("several event files of one folder are read in the order of their names", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 5, 1);
  const fs::path path = files_in(folder.path()).front();
  fs::rename(path, folder / "events.out.tfevents.1800000000.b.2");
  std::string bytes = read_file(folder / "events.out.tfevents.1800000000.b.2");
  put_file(folder / "events.out.tfevents.1700000000.a.1", bytes + "torn");
  write_points(folder.path(), 6, 1);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{5, 5, 6});
}

TEST_CASE("what is no event file is not read", "[metrics]") {
  const TempFolder folder;
  put_file(folder / "log.txt", "a log");
  fs::create_directory(folder / "events.out.tfevents.1.folder.1");
  REQUIRE(::mkfifo((folder / "events.out.tfevents.1.pipe.1").c_str(), 0600) == 0);
  CHECK(read_event_files(folder.path()).empty());
  CHECK(read_event_files(folder / "nowhere").empty());
  CHECK_THROWS_AS(EventWriter(folder / "nowhere"), Error);
}

TEST_CASE("a record that is no event ends its file", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 1, 1);
  const fs::path path = files_in(folder.path()).front();
  std::string bytes = read_file(path);
  append_record(bytes, "\x0a\xff\xff\xff\xff\xff");
  put_file(path, bytes);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{1});
}

TEST_CASE("a new file comes behind the others also when the clock was set back", "[metrics]") {
  const TempFolder folder;
  put_file(folder / "events.out.tfevents.9800000000.b.2", "damaged");
  write_points(folder.path(), 1, 1);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{1});
  CHECK(read_file(files_in(folder.path()).front()) == "damaged");
}

TEST_CASE("TensorBoard itself reads the same points", "[metrics]") {
  const TempFolder folder;
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 3000; ++step) {
      writer.add(step % 3 == 0 ? "val/accuracy" : "train_loss", step, std::sin(step));
    }
    writer.flush();
  }
  const auto output = run_python("core/metrics/read_with_tensorboard.py", {folder.path().string()},
                                 "MAT_TENSORBOARD_PYTHON");
  if (!output) return;
  const Json read = parse_json(*output, "read_with_tensorboard.py").at("scalars");
  const std::vector<Curve> curves = read_event_files(folder.path());
  REQUIRE(read.size() == curves.size());
  for (const Curve& curve : curves) {
    const Json& points = read.at(curve.tag);
    REQUIRE(points.size() == curve.points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      REQUIRE(points[i][0] == curve.points[i].step);
      REQUIRE(points[i][1].get<double>() == curve.points[i].wall_time);
      REQUIRE(points[i][2].get<float>() == curve.points[i].value);
    }
  }
}

}  // namespace
}  // namespace mat
