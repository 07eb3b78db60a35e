#include "core/training/log_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/file.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a line of mat's own begins a line, whatever the output was", "[run]") {
  const TempFolder folder;
  {
    LogFile log(folder.path());
    log.append("loss: 0.");
    log.line("a note");
    log.append("more\n");
    log.line("another");
    log.append("torn");
  }
  LogFile(folder.path()).line("a later one");
  const std::string text = read_file(folder / "log.txt");
  CHECK(text.starts_with("loss: 0.\n2"));
  CHECK(text.find("Z a note\nmore\n2") != std::string::npos);
  CHECK(text.find("Z another\ntorn\n2") != std::string::npos);
  CHECK(text.ends_with("Z a later one\n"));
}

TEST_CASE("a log turns over at half of its limit and says so", "[run]") {
  const TempFolder folder;
  constexpr std::uint64_t kLimit = 20'000;
  LogFile log(folder.path(), kLimit);
  for (int i = 0; i < 5000; ++i) {
    log.append("line " + std::to_string(i) + "\n");
    if (i % 100 == 0) CHECK(folder_bytes(folder.path()) <= kLimit);
  }
  const std::string older = read_file(folder / "log.1.txt"), newer = read_file(folder / "log.txt");
  CHECK(newer.ends_with("line 4999\n"));
  CHECK(older.find("the log turned over at") != std::string::npos);
  // Nothing is missing between the two, and no line is cut.
  const std::size_t last = older.rfind("line ");
  const int next = std::stoi(older.substr(last + 5)) + 1;
  CHECK(newer.find(".txt, or were dropped\nline " + std::to_string(next) + "\n") !=
        std::string::npos);
}

TEST_CASE("a log that turns over early keeps all there was", "[run]") {
  const TempFolder folder;
  LogFile log(folder.path(), 20'000);
  std::string all;
  for (int i = 0; i < 1500; ++i) all += "line " + std::to_string(i) + "\n";
  log.append(all);
  const std::string older = read_file(folder / "log.1.txt"), newer = read_file(folder / "log.txt");
  CHECK(older + newer.substr(newer.find('\n') + 1) == all);
}

TEST_CASE("lines longer than the log are cut and its limit is kept", "[run]") {
  const TempFolder folder;
  constexpr std::uint64_t kLimit = 20'000;
  LogFile log(folder.path(), kLimit);
  log.append("first\n");
  log.append(std::string(100'000, 'x'));
  CHECK(folder_bytes(folder.path()) <= kLimit);
  log.append("\nlast\n");
  CHECK(read_file(folder / "log.txt").ends_with("x\nlast\n"));
}

TEST_CASE("an opened log goes on counting where it was", "[run]") {
  const TempFolder folder;
  constexpr std::uint64_t kLimit = 20'000;
  for (int i = 0; i < 100; ++i) LogFile(folder.path(), kLimit).append(std::string(999, 'x') + "\n");
  CHECK(folder_bytes(folder.path()) <= kLimit);
  CHECK(fs::exists(folder / "log.1.txt"));
}

}  // namespace
}  // namespace mat
