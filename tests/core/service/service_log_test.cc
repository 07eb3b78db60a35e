#include "core/service/service_log.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/file.h"
#include "tests/temp_folder.h"

namespace mat {

TEST_CASE("a service's log keeps control bytes off the terminal") {
  const TempFolder folder;
  ServiceLog log(folder / "log.txt");
  log.line("GET /\x1b[31m\nforged");
  const std::string text = read_file(folder / "log.txt");
  CHECK(text.find("GET /\\x1b[31m\\nforged\n") != std::string::npos);
}

TEST_CASE("a log that cannot be written says so when it can be again") {
  ServiceLog full("/dev/full");
  full.line("nothing is thrown");
  const TempFolder folder;
  ServiceLog log(folder / "later/log.txt");
  log.line("one");
  log.line("two");
  std::filesystem::create_directory(folder / "later");
  log.line("three");
  const std::string text = read_file(folder / "later/log.txt");
  CHECK(text.find("(2 lines were lost)") == 0);
  CHECK(text.find("three") != std::string::npos);
  CHECK(text.find("one") == std::string::npos);
}

TEST_CASE("a log begins anew when it is large") {
  const TempFolder folder;
  const std::filesystem::path path = folder / "log.txt";
  write_file_unsynced(path, std::string((16 << 20) + 1, 'x'));
  ServiceLog log(path);
  log.line("new");
  CHECK(std::filesystem::file_size(path) < 100);
  CHECK(std::filesystem::file_size(folder / "log.old.txt") == (16 << 20) + 1);
}

}  // namespace mat
