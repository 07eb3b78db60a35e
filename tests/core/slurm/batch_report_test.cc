#include "core/slurm/batch_report.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/file.h"
#include "core/slurm/submission.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

BatchLine line_of(BatchEvent event, const std::string& token = "mine") {
  BatchLine line;
  line.event = event;
  line.token = token;
  line.at_ms = 7;
  line.attempt = 1;
  return line;
}

void append(const TempFolder& folder, const std::string& text) {
  std::ofstream(batch_folder(folder.path()) / "report.jsonl", std::ios::app) << text;
}

}  // namespace

TEST_CASE("what a runner reports is read again, in order") {
  const TempFolder folder;
  make_folders(batch_folder(folder.path()));
  CHECK(read_report(folder.path(), "mine").lines.empty());
  BatchLine line = line_of(BatchEvent::started);
  line.hosts = {"n1", "n2"};
  add_to_report(folder.path(), line);
  line = line_of(BatchEvent::ended);
  line.status = "Failed";
  line.reason = "two\nlines";
  line.code = 1;
  add_to_report(folder.path(), line);
  const BatchReport report = read_report(folder.path(), "mine");
  REQUIRE(report.lines.size() == 2);
  CHECK(report.lines[0].hosts == std::vector<std::string>{"n1", "n2"});
  CHECK(report.lines[1].event == BatchEvent::ended);
  CHECK(report.lines[1].reason == "two\nlines");
  CHECK(report.places[0] < report.places[1]);
}

TEST_CASE("a torn line, nonsense and another submission's words count for nothing") {
  const TempFolder folder;
  make_folders(batch_folder(folder.path()));
  add_to_report(folder.path(), line_of(BatchEvent::started, "theirs"));
  append(folder, "[1]\nnull\n{\"event\": \"started\"}\n\xff\xfe\n{\"event\": \"star");
  CHECK(read_report(folder.path(), "mine").lines.empty());
  add_to_report(folder.path(), line_of(BatchEvent::started));
  const BatchReport report = read_report(folder.path(), "mine");
  REQUIRE(report.lines.size() == 1);
  append(folder, "{\"event\": \"ended\"");
  CHECK(read_report(folder.path(), "mine").places == report.places);
}

}  // namespace mat
