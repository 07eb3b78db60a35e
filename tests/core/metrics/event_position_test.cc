#include <array>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/core/metrics/decode_events.h"
#include "tests/core/metrics/event_files.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"

namespace mat {
namespace {

TEST_CASE("a writer goes on from a place as if nothing had come after it", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 3);
  EventPosition place;
  {
    EventWriter writer(folder.path());
    writer.add("loss", 3, 1);
    place = writer.position();
    for (int step = 4; step < 5000; ++step) writer.add("loss", step, 1);
  }
  CHECK(place.bytes < fs::file_size(folder / place.file));
  SECTION("in the same file") {}
  SECTION("with a later file") {
    std::string bytes = read_file(folder / place.file);
    put_file(folder / "events.out.tfevents.9900000000.b.2", bytes);
  }
  SECTION("with a damaged end") {
    std::string bytes = read_file(folder / place.file);
    bytes[place.bytes + 20] ^= 1;
    put_file(folder / place.file, bytes);
  }
  SECTION("with nothing after it") { fs::resize_file(folder / place.file, place.bytes); }
  SECTION("a second time") {
    EventWriter writer(folder.path(), place);
    writer.add("loss", 77, 1);
    writer.flush();
  }
  const EventPosition again =
      event_position_from_json(parse_json(to_json_text(to_json(place)), ""));
  {
    EventWriter writer(folder.path(), again);
    writer.add("loss", 4, 2);
    writer.add("loss", 5, 2);
    const std::uint64_t end = writer.position().bytes;
    CHECK(end == fs::file_size(folder / place.file));
  }
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(decode_events(only_file(folder.path())).size() == 7);
}

TEST_CASE("files before a place stay", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 2);
  fs::rename(files_in(folder.path()).front(), folder / "events.out.tfevents.1500000000.a.1");
  std::string bytes = read_file(folder / "events.out.tfevents.1500000000.a.1");
  bytes.back() ^= 1;  // so that the next writer begins a file of its own
  put_file(folder / "events.out.tfevents.1500000000.a.1", bytes);
  EventPosition place;
  {
    EventWriter writer(folder.path());
    place = writer.position();
    writer.add("loss", 2, 1);
  }
  EventWriter(folder.path(), place).add("loss", 1, 1);
  CHECK(files_in(folder.path()).size() == 2);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("before the first point there is nothing", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 3);
  put_file(folder / "log.txt", "stays");
  CHECK(to_json(event_position_from_json(Json()))["file"] == "");
  EventWriter(folder.path(), event_position_from_json(Json())).add("loss", 8, 1);
  CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{8});
  CHECK(fs::exists(folder / "log.txt"));
}

TEST_CASE("a place that is no longer there is an io error, and nothing is changed", "[metrics]") {
  const TempFolder folder;
  write_points(folder.path(), 0, 3);
  EventPosition place = EventWriter(folder.path()).position();
  const fs::path path = folder / place.file;
  put_file(folder / "events.out.tfevents.9900000000.b.2", read_file(path));
  SECTION("when the file is gone") { fs::remove(path); }
  SECTION("when the file is shorter") { fs::resize_file(path, place.bytes - 1); }
  SECTION("when the file is damaged before it") {
    std::string bytes = read_file(path);
    bytes[bytes.size() - 1] ^= 1;
    put_file(path, bytes);
  }
  SECTION("when no record ends there") { --place.bytes; }
  const auto bytes_before = folder_bytes(folder.path());
  const auto files_before = files_in(folder.path());
  try {
    EventWriter writer(folder.path(), place);
    FAIL("it went on");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::io);
    CHECK(!e.hint().empty());
  }
  CHECK(files_in(folder.path()) == files_before);
  CHECK(folder_bytes(folder.path()) == bytes_before);
}

TEST_CASE("a place in JSON that names another file is refused", "[metrics]") {
  for (const char* name : {"log.txt", "../events.out.tfevents.1", "events.out.tfevents./../x"}) {
    CHECK_THROWS_AS(event_position_from_json(Json{{"file", name}, {"bytes", 1}}), Error);
  }
  CHECK_THROWS_AS(event_position_from_json(Json{{"file", "events.out.tfevents.1"}}), Error);
  CHECK_THROWS_AS(event_position_from_json(Json::array()), Error);
}

}  // namespace
}  // namespace mat
