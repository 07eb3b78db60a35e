#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"
#include "tests/test_files.h"

using namespace mat;
using namespace mat::test;
namespace fs = std::filesystem;

namespace {

// Pictures of stripes, each with a width and colour of its own.
void put_striped(const fs::path& file, int number) {
  put_file(file, bmp_bytes(80, 60, [number](int x, int y) {
             const int band = (x * (3 + number % 7) + y * (number / 7)) / 40;
             return band % 2 == 0 ? 0xf0e0d0U - 0x070b0dU * (number % 11) : 0x102030U;
           }));
}

void put_classes(const fs::path& folder) {
  for (int i = 0; i < 40; ++i) {
    put_striped(folder / (i % 2 == 0 ? "left" : "right") / (std::to_string(i) + ".bmp"), i);
  }
}

}  // namespace

TEST_CASE("dataset check tells in a table what is wrong and how many pictures the classes have") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  fs::copy_file(folder / "data/left/0.bmp", folder / "data/right/same.bmp");
  put_file(folder / "data/left/broken.jpg", "");
  const Output output = mat.succeed({"dataset", "check", "data"});
  CHECK(output.out.find("42 pictures in 2 classes") != std::string::npos);
  CHECK(output.out.find("one picture, several labels") != std::string::npos);
  CHECK(output.out.find("left/0.bmp = right/same.bmp") != std::string::npos);
  CHECK(output.out.find("left/0.bmp (left) = right/same.bmp (right)") != std::string::npos);
  CHECK(output.out.find("unreadable pictures") != std::string::npos);
  CHECK(output.out.find("UNREADABLE") != std::string::npos);
  CHECK(output.err.empty());
}

TEST_CASE("dataset check tells the labels of a file that is listed with two") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  put_file(folder / "data/list.csv", "image,label\nleft/0.bmp,up\nleft/0.bmp,down\n");
  const Output output = mat.succeed({"dataset", "check", "data/list.csv"});
  CHECK(output.out.find("0.bmp (up) = 0.bmp (down)") != std::string::npos);
}

TEST_CASE("dataset check tells which pictures of a version have changed since") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  mat.succeed({"dataset", "create", "stripes", "data"});
  mat.succeed({"dataset", "publish", "stripes"});
  CHECK(mat.succeed({"dataset", "check", "stripes@V001"}).out.find("changed") == std::string::npos);
  put_striped(folder / "data/left/0.bmp", 77);
  const Output output = mat.run({"dataset", "check", "stripes@V001", "--strict"});
  CHECK(output.exit_code == 1);
  CHECK(output.out.find("pictures that have changed since they were published") !=
        std::string::npos);
  CHECK(output.out.find("left/0.bmp") != std::string::npos);
}

TEST_CASE("dataset check --json is one document, and --strict makes errors the exit code") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  CHECK(mat.run({"dataset", "check", "data", "--strict"}).exit_code == 0);
  put_file(folder / "data/left/broken.jpg", "");
  const Output strict = mat.run({"dataset", "check", "data", "--strict", "--json"});
  CHECK(strict.exit_code == 1);
  const Json json = strict.json();
  CHECK(json["findings"][0]["kind"] == "unreadable");
  CHECK(json["findings"][0]["pictures"] == Json{"left/broken.jpg"});
  CHECK(mat.succeed({"dataset", "check", "data", "--json"}).json() == json);
}

TEST_CASE("dataset check writes a page with the pictures") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  fs::copy_file(folder / "data/left/0.bmp", folder / "data/left/same.bmp");
  const Output output = mat.succeed({"dataset", "check", "data", "--html", "page.html"});
  CHECK(output.err.find("page.html") != std::string::npos);
  const std::string page = read_file(folder / "page.html");
  CHECK(page.find("left/same.bmp") != std::string::npos);
  CHECK(page.find("data:image/jpeg;base64,/9j/") != std::string::npos);
  const Output nowhere = mat.run({"dataset", "check", "data", "--html", "none/page.html"});
  CHECK(nowhere.exit_code == 3);
  CHECK(nowhere.err.find("there is no folder") != std::string::npos);
}

TEST_CASE("dataset check prints hostile names harmlessly") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  put_classes(folder / "data");
  const std::string name = "\x1b[31m<b>\n\xff.jpg";
  put_file(folder / "data/left" / name, "x");
  put_file(folder / "data/left/<i>\x1b.jpg", "x");
  const Output output = mat.succeed({"dataset", "check", "data", "--html", "page.html"});
  CHECK(output.out.find('\x1b') == std::string::npos);
  CHECK(output.out.find("\\x1b[31m<b>\\n\\xff.jpg") != std::string::npos);
  const std::string page = read_file(folder / "page.html");
  for (const char* part : {"<b>\n", "<i>\x1b", "\x1b"}) CHECK(page.find(part) == std::string::npos);
  CHECK(mat.succeed({"dataset", "check", "data", "--json"}).json()["summary"].size() == 3);
}

TEST_CASE("dataset check refuses what is no data, and makes nothing") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  CHECK(mat.run({"dataset", "check", "none"}).exit_code == 3);
  CHECK(mat.run({"dataset", "check"}).exit_code == 2);
  CHECK_FALSE(fs::exists(mat.home() / "cache"));
}

TEST_CASE("the odd pictures are checked whole, and end in a page") {
  const char* data = std::getenv("MAT_SHARED_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "odd-images")) {
    std::cerr << "WARNING: skipped, the odd pictures are not here (MAT_SHARED_DATA)\n";
    return;
  }
  TemporaryFolder folder;
  MatProcess mat(folder);
  const std::string odd = (fs::path(data) / "odd-images").string();
  const Output output = mat.succeed({"dataset", "check", odd, "--html", "page.html", "--json"});
  CHECK(output.json()["readable"].get<int>() >= 43);
  CHECK(read_file(folder / "page.html").ends_with("</html>\n"));
}
