#include "core/inspect/dataset_check.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/core/image/sample_pictures.h"
#include "tests/core/inspect/drawn_pictures.h"
#include "tests/temp_folder.h"

using namespace mat;
namespace fs = std::filesystem;

namespace {

DatasetCheck check(const fs::path& data, const fs::path& cache, int threads = 2) {
  CheckOptions options;
  options.cache_folder = cache;
  options.threads = threads;
  return check_dataset(read_labelled_files(data, {}), options);
}

std::string text(const ByteVector& bytes) { return {bytes.begin(), bytes.end()}; }

// A folder of `count` pictures that have nothing wrong.
void put_class(const fs::path& folder, unsigned first_seed, int count) {
  for (int i = 0; i < count; ++i) {
    put_file(folder / (std::to_string(i) + ".jpg"),
             text(encode_jpeg(drawn_picture(first_seed + i))));
  }
}

// "KIND NAME NAME: detail" of all findings of the kinds asked for, or of all.
std::vector<std::string> told(const DatasetCheck& check, const std::set<FindingKind>& kinds = {}) {
  std::vector<std::string> lines;
  for (const Finding& f : check.findings) {
    if (!kinds.empty() && !kinds.contains(f.kind)) continue;
    std::string line = text_of(f.kind).id;
    for (const auto i : f.pictures) line += " " + check.files.name(i);
    if (!f.subject.empty()) line += " " + f.subject;
    lines.push_back(line + (f.detail.empty() ? "" : ": " + f.detail));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a good set has nothing wrong, and its classes are counted") {
  TempFolder folder;
  put_class(folder / "data/train/a", 0, 20);
  put_class(folder / "data/train/b", 100, 21);
  put_class(folder / "data/val/a", 200, 3);
  put_class(folder / "data/val/b", 300, 3);
  const DatasetCheck result = check(folder / "data", folder / "cache");
  CHECK(told(result).empty());
  CHECK_FALSE(result.has_errors());
  REQUIRE(result.classes.size() == 2);
  CHECK(result.classes[1].name == "b");
  CHECK(result.classes[1].pictures == 24);
  CHECK(result.classes[1].train == 21);
  CHECK(result.classes[1].validation == 3);
  CHECK(result.readable == 47);
  CHECK(result.files.root == fs::canonical(folder / "data"));
}

TEST_CASE("doubled pictures are told with their labels and sides of the split") {
  TempFolder folder;
  put_class(folder / "data/train/a", 0, 20);
  put_class(folder / "data/train/b", 100, 20);
  put_class(folder / "data/val/a", 200, 5);
  put_class(folder / "data/val/b", 300, 5);
  const auto put = [&](const char* name, const Image& image, int quality) {
    put_file(folder / "data" / name, text(encode_jpeg(image, {quality})));
  };
  put("train/a/same.jpg", drawn_picture(100), 95);             // train/b/0.jpg
  put("val/a/leak.jpg", in_light(drawn_picture(1), 1.1), 60);  // train/a/1.jpg
  put("train/b/copy.jpg", drawn_picture(102), 95);             // train/b/2.jpg
  const Lines lines = told(check(folder / "data", folder / "cache"));
  CHECK(lines == Lines{"conflicting_labels train/a/same.jpg train/b/0.jpg: the same file: a, b",
                       "across_splits train/a/1.jpg val/a/leak.jpg: nearly the same picture",
                       "exact_duplicates train/a/same.jpg train/b/0.jpg: 2 files",
                       "exact_duplicates train/b/2.jpg train/b/copy.jpg: 2 files",
                       "near_duplicates train/a/1.jpg val/a/leak.jpg: 2 files"});
}

TEST_CASE("pictures that a person could not tell are told, each kind once") {
  TempFolder folder;
  put_class(folder / "data/a", 0, 25);
  put_class(folder / "data/b", 100, 25);
  const auto put = [&](const char* name, const Image& image) {
    put_file(folder / "data/a" / name, text(encode_jpeg(image)));
  };
  put("blank.jpg", of_color(200, 150, 120));
  put("blurred.jpg", blurred(drawn_picture(51), 3));
  put("dark.jpg", in_light(drawn_picture(52), 0.2));
  put("pale.jpg", in_light(drawn_picture(53), 0.15, 100));
  put("white.jpg", in_light(drawn_picture(54), 0.1, 230));
  put("small.jpg", drawn_picture(55, 40, 40));
  put("strip.jpg", cropped(drawn_picture(56), 0, 0.4, 0, 0.4));
  put("tiny.jpg", drawn_picture(57, 20, 20));
  std::set<std::string> kinds;
  for (const std::string& line : told(check(folder / "data", folder / "cache"))) {
    kinds.insert(line.substr(0, line.find(':')));
  }
  CHECK(kinds == std::set<std::string>{"blank a/blank.jpg", "blurred a/blurred.jpg",
                                       "dark a/dark.jpg", "low_contrast a/pale.jpg",
                                       "overexposed a/white.jpg", "small a/small.jpg",
                                       "odd_shape a/strip.jpg", "tiny a/tiny.jpg"});
}

TEST_CASE("classes that are too small or uneven are told, unreadable pictures not counted") {
  TempFolder folder;
  put_class(folder / "data/few", 0, 19);
  put_class(folder / "data/least", 50, 5);
  put_class(folder / "data/many", 100, 76);
  put_class(folder / "data/too_few", 200, 4);
  put_file(folder / "data/too_few/broken.jpg", "nothing");
  CHECK(told(check(folder / "data", folder / "cache")) ==
        Lines{"unreadable too_few/broken.jpg: not a picture (text)",
              "too_few_pictures too_few: 4 readable pictures",
              "few_pictures few: 19 readable pictures", "few_pictures least: 5 readable pictures",
              "uneven_classes few: 19 readable pictures; the largest class has 76",
              "uneven_classes least: 5 readable pictures; the largest class has 76",
              "uneven_classes too_few: 4 readable pictures; the largest class has 76"});
}

TEST_CASE("labels that may be one class are told") {
  TempFolder folder;
  put_class(folder / "data/Dress", 0, 20);
  put_class(folder / "data/dress", 50, 20);
  put_class(folder / "data/hat", 100, 20);
  CHECK(told(check(folder / "data", folder / "cache")) == Lines{"alike_labels Dress = dress"});
}

TEST_CASE("pictures without a label or with several are told, and names that ModelArts refuses") {
  TempFolder folder;
  put_class(folder / "data", 0, 3);
  put_file(folder / "data/a b+c.jpg", text(encode_jpeg(drawn_picture(9))));
  put_file(folder / "data/list.csv", "file,label\n0.jpg,x\n1.jpg,x|y\n2.jpg,\na b+c.jpg,y z\n");
  const auto lines = told(check(folder / "data/list.csv", folder / "cache"),
                          {FindingKind::unlabelled, FindingKind::several_labels,
                           FindingKind::refused_name, FindingKind::bad_label});
  CHECK(lines == Lines{"bad_label y z: has ' ', which is no letter, digit, '-' or '_'",
                       "unlabelled 2.jpg", "several_labels 1.jpg: x, y",
                       "refused_name a b+c.jpg: has a space"});
}

TEST_CASE("unusual formats and wrong endings are told, and damaged files") {
  TempFolder folder;
  put_class(folder / "data/a", 0, 5);
  put_class(folder / "data/b", 100, 5);
  const ByteVector picture = encode_jpeg(drawn_picture(50, 400, 300));
  put_file(folder / "data/a/cut.jpg",
           text(picture).substr(0, static_cast<std::size_t>(picture.size() * 0.8)));
  put_file(folder / "data/a/named.png", text(encode_jpeg(drawn_picture(51))));
  put_file(folder / "data/a/none", text(encode_jpeg(drawn_picture(52))));
  put_file(folder / "data/a/moving.png",
           text(encode_png(drawn_picture(53), make_chunk("acTL", ByteVector(8)))));
  const auto lines = told(check(folder / "data", folder / "cache"),
                          {FindingKind::damaged, FindingKind::wrong_ending, FindingKind::odd_format,
                           FindingKind::unreadable});
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("damaged a/cut.jpg: the JPEG ends early"));
  CHECK(lines[1] == "wrong_ending a/named.png: a JPEG");
  CHECK(lines[2] == "wrong_ending a/none: a JPEG");
  CHECK(lines[3] == "odd_format a/moving.png: an animation, of which the first frame is used");
}

TEST_CASE(
    "a check reads no picture twice, and finds the same the second time and with one thread") {
  TempFolder folder;
  put_class(folder / "data/a", 0, 12);
  put_class(folder / "data/b", 4, 12);
  put_file(folder / "data/a/blurred.jpg", text(encode_jpeg(blurred(drawn_picture(60), 3))));
  pass_file_clock(folder.path());
  const DatasetCheck first = check(folder / "data", folder / "cache");
  CHECK(first.loaded.decoded == 17);
  const DatasetCheck second = check(folder / "data", folder / "cache", 1);
  CHECK(second.loaded.decoded == 0);
  CHECK(second.loaded.unread == 25);
  CHECK(told(second) == told(first));
  CHECK(told(check(folder / "data", folder / "other", 1)) == told(first));
}

TEST_CASE("a check can be interrupted") {
  TempFolder folder;
  put_class(folder / "data/a", 0, 2);
  put_class(folder / "data/b", 4, 2);
  CheckOptions options;
  options.cache_folder = folder / "cache";
  options.progress = [](std::string_view, std::int64_t, std::int64_t) { return false; };
  try {
    check_dataset(read_labelled_files(folder / "data", {}), options);
    FAIL("was not interrupted");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::interrupted);
  }
}

TEST_CASE("JSON tells all: classes, a summary by kind and every finding") {
  TempFolder folder;
  put_class(folder / "data/a", 0, 20);
  put_class(folder / "data/b", 100, 19);
  put_file(folder / "data/b/x.jpg", "");
  const Json json = to_json(check(folder / "data", folder / "cache"));
  CHECK(json["pictures"] == 40);
  CHECK(json["readable"] == 39);
  CHECK(json["classes"][1]["name"] == "b");
  CHECK(json["classes"][1]["unreadable"] == 1);
  REQUIRE(json["summary"].size() == 2);
  CHECK(json["summary"][0]["kind"] == "unreadable");
  CHECK(json["summary"][0]["severity"] == "error");
  CHECK(json["summary"][0]["pictures"] == 1);
  CHECK(json["findings"][0]["pictures"] == Json{"b/x.jpg"});
  CHECK(json["findings"][0]["detail"] == "not a picture (an empty file)");
  CHECK(json["findings"][1]["kind"] == "few_pictures");
  CHECK(json["findings"][1]["subject"] == "b");
}

TEST_CASE("of the odd pictures each is told as its list says, and the good ones stay") {
  const auto odd = odd_images();
  if (!odd) return;
  TempFolder folder;
  const DatasetCheck result = check(*odd, folder / "cache");
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < result.files.size(); ++i) index[result.files.name(i)] = i;
  std::set<std::size_t> unreadable;
  for (const Finding& f : result.findings) {
    if (f.kind == FindingKind::unreadable) unreadable.insert(f.pictures.front());
  }

  std::ifstream list(*odd / "MANIFEST.tsv");
  std::string line;
  std::getline(list, line);
  int files = 0;
  while (std::getline(list, line)) {
    const auto cells = split(line, '\t');
    INFO(line);
    ++files;
    const std::string& expected = cells[3];
    const std::string& format = cells[5];
    if (!index.contains(cells[0])) {
      CHECK(expected.starts_with("ignore"));
      continue;
    }
    const std::size_t i = index[cells[0]];
    const bool is_read = !unreadable.contains(i);
    CHECK(is_read == (result.pictures[i].view.pixels != nullptr));
    const bool is_known = format == "JPEG" || format == "PNG" || format == "BMP" || format == "MPO";
    if (expected.starts_with("decodes")) {
      CHECK(is_read == is_known);
      if (!is_known) CHECK(result.pictures[i].problem.find("convert it") != std::string::npos);
    }
    if (expected.starts_with("must be rejected") || expected == "reject") CHECK_FALSE(is_read);
    if (!is_read) CHECK_FALSE(result.pictures[i].problem.empty());
  }
  CHECK(files == 85);

  const auto has = [&](const char* start) {
    const auto lines = told(result);
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& told) { return told.starts_with(start); });
  };
  CHECK(has("odd_format valid/pil_sample_cmyk.jpg: CMYK"));
  CHECK(has("odd_format valid/basn6a16.png: 16 bits a colour, of which 8 are used; transparency"));
  CHECK(has("odd_format valid/dispose_op_previous.png: transparency, which is dropped; an anim"));
  CHECK(has("wrong_ending misnamed/jpg_as.png: a JPEG"));
  CHECK(has("wrong_ending misnamed/png_as.jpg: a PNG"));
  CHECK(has("refused_name misnamed/two words (1) é中.jpg: has a space"));
  CHECK(has("tiny valid/jfif_unit_cm.jpg: 1×1"));
  CHECK(has("odd_shape valid/grayscale_long.jpg: 1×1000"));
  CHECK(has("damaged broken/photo_cut_half.jpg") != has("unreadable broken/photo_cut_half.jpg"));
  CHECK(has("exact_duplicates misnamed/UPPER.JPG misnamed/jpg_as.png misnamed/no_extension"));
  for (const Finding& f : result.findings) {
    if (f.kind != FindingKind::near_duplicates) continue;
    const auto& first = result.files.name(f.pictures.front());
    if (first != "misnamed/UPPER.JPG") continue;
    // All orientations upright, and its other encodings.
    CHECK(f.pictures.size() >= 13);
  }
}
