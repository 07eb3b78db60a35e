#include "core/inspect/check_page.h"

#include <catch2/catch.hpp>

#include "core/image/decode.h"
#include "tests/core/image/sample_pictures.h"
#include "tests/core/inspect/drawn_pictures.h"
#include "tests/temp_folder.h"

using namespace mat;
namespace fs = std::filesystem;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string jpeg_text(const Image& image) {
  const ByteVector bytes = encode_jpeg(image);
  return {bytes.begin(), bytes.end()};
}

DatasetCheck check(const fs::path& data, const fs::path& cache) {
  CheckOptions options;
  options.cache_folder = cache;
  return check_dataset(read_labelled_files(data, {}), options);
}

}  // namespace

TEST_CASE("base64 is that of RFC 4648") {
  CHECK(base64("", 0).empty());
  CHECK(base64("f", 1) == "Zg==");
  CHECK(base64("fo", 2) == "Zm8=");
  CHECK(base64("foo", 3) == "Zm9v");
  CHECK(base64("foobar", 6) == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\x00\xff", 4) == "//4A/w==");
}

TEST_CASE("a page holds pictures, loads nothing and escapes hostile names") {
  TempFolder folder;
  const std::string hostile = "\"><script>alert(1)</script>\n'&.jpg";
  const std::string hostile_class = "<img src=x onerror=alert(2)>";
  for (const char* label : {"a", hostile_class.c_str()}) {
    // '/' cannot be in a name.
    std::string name = hostile;
    name.erase(name.find('/'), 1);
    put_file(folder / "data" / label / name, jpeg_text(drawn_picture(1)));
    put_file(folder / "data" / label / "broken.jpg", "x");
  }
  const std::string page = check_page(check(folder / "data", folder / "cache"), "<u>data</u>");
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.ends_with("</html>\n"));
  CHECK(page.find("<script") == page.npos);
  CHECK(page.find("<img src=x") == page.npos);
  CHECK(page.find("<u>") == page.npos);
  CHECK(page.find("&lt;u&gt;data&lt;/u&gt;") != page.npos);
  CHECK(page.find("&lt;img src=x onerror=alert(2)&gt;") != page.npos);
  CHECK(page.find("http") == page.find("http-equiv"));
  CHECK(count(page, "http") == 1);
  CHECK(count(page, "src=\"data:image/jpeg;base64,") >= 4);
  CHECK(count(page, "broken.jpg</a>: not a picture (text)") == 2);
  CHECK(page.find("%22%3E%3Cscript%3Ealert%281%29%3Cscript%3E%0A%27%26.jpg") != page.npos);
}

TEST_CASE("a page shows the first hundred of many and says how many more there are") {
  TempFolder folder;
  for (int i = 0; i < 150; ++i) {
    put_file(folder / "data" / (i % 2 == 0 ? "a" : "b") / (std::to_string(i) + ".jpg"),
             "no picture " + std::to_string(i));
  }
  const std::string page = check_page(check(folder / "data", folder / "cache"), "data");
  CHECK(count(page, "not a picture (text)") == 96);
  CHECK(page.find("… and 54 more; --json lists all.") != page.npos);
}

TEST_CASE("a good set's page says that nothing is wrong") {
  TempFolder folder;
  for (unsigned i = 0; i < 40; ++i) {
    put_file(folder / "data" / (i % 2 == 0 ? "a" : "b") / (std::to_string(i) + ".jpg"),
             jpeg_text(drawn_picture(i)));
  }
  const std::string page = check_page(check(folder / "data", folder / "cache"), "data");
  CHECK(page.find("Nothing was found to be wrong") != page.npos);
  CHECK(page.find("<figure>") == page.npos);
}
