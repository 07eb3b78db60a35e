#include "core/dataset/published.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "tests/core/dataset/published_dataset.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

TEST_CASE("pictures that have changed since they were published are noticed by their content") {
  Dataset data;
  fill(data);
  data.publish();
  const PictureSet set = read_pictures(data.version, {});
  PixelCache::Statistics first, second;
  pass_file_clock(data.folder.path());
  data.load(set, &first);
  require_unchanged(set, data.load(set, &second));
  CHECK(first.unread == 0);
  CHECK(second.unread == 20);  // so not even opened

  SECTION("a file that is written again as it was is the same") {
    data.picture("cat/3.bmp", 0x100003);
    require_unchanged(set, data.load(set));
  }
  SECTION("others are named") {
    const auto time = fs::last_write_time(data.folder / "pics/cat/3.bmp");
    data.picture("cat/3.bmp", 0x999999);
    fs::last_write_time(data.folder / "pics/cat/3.bmp", time);
    data.picture("dog/5.bmp", 0x999998);
    fs::remove(data.folder / "pics/dog/7.bmp");
    const Error error = error_when([&] { require_unchanged(set, data.load(set)); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_THAT(error.message(),
               Catch::EndsWith("was published, 2 pictures have changed: cat/3.bmp, dog/5.bmp; "
                               "1 picture cannot be read any more: dog/7.bmp"));
    CHECK_THAT(error.hint(), Contains("publish a new version"));
  }
  SECTION("many are counted") {
    for (int i = 0; i < 10; ++i) data.picture(fmt::format("cat/{}.bmp", i), 0x999999);
    CHECK_THAT(error_when([&] { require_unchanged(set, data.load(set)); }).message(),
               Contains("10 pictures have changed: ") && Contains("and 2 more"));
  }
}

TEST_CASE("of the odd pictures a version has those that can be read") {
  const char* shared = std::getenv("MAT_SHARED_DATA");
  if (shared == nullptr || !fs::exists(fs::path(shared) / "odd-images")) {
    WARN("skipped: the odd pictures are not here (MAT_SHARED_DATA)");
    return;
  }
  Dataset data;
  std::vector<fs::path> files;
  {
    ManifestWriter writer(data.manifest);
    import_pictures(fs::path(shared) / "odd-images", {}, [&](ManifestSample&& sample) {
      files.emplace_back(sample.source);
      writer.write(sample);
    });
    writer.finish();
  }
  PixelCache cache(data.folder / "cache", 8);
  for (const auto& picture : cache.load(files, 1, {}, nullptr)) {
    data.contents.push_back(
        picture.problem.empty() ? Content{picture.content_high, picture.content_low} : Content());
  }
  const PublishSummary summary = data.publish();
  CHECK(summary.left_out > 15);
  CHECK(summary.classes.at("valid").train > 25);
  CHECK(summary.classes.at("valid").validation > 5);
  const PictureSet set = read_published(data.version, {});
  require_unchanged(set, data.load(set));
  CHECK(static_cast<std::int64_t>(set.samples.size()) == summary.pictures);
}

// One's own manifest of files that need not be there.
fs::path own_manifest(const TempFolder& folder, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  put_file(folder / "own.jsonl", text);
  return folder / "own.jsonl";
}

std::string line_of(const std::string& source, const std::vector<std::string>& labels,
                    const std::string& usage = "") {
  ManifestSample sample;
  sample.source = source;
  sample.labels = labels;
  sample.usage = parse_usage(usage);
  return to_json_text(line_of_sample(sample));
}

TEST_CASE("anybody's manifest can be trained with, and is split where it has no EVAL") {
  const TempFolder folder;
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i) {
    lines.push_back(line_of(fmt::format("/x/{}.jpg", i), {i % 2 == 0 ? "b" : "a"}));
  }
  lines.push_back(line_of("/x/two.jpg", {"a", "b"}));
  lines.push_back(line_of("/x/none.jpg", {}));
  const fs::path manifest = own_manifest(folder, lines);
  const PictureSet set = read_pictures(manifest, {0.2, 3});
  CHECK(set.root == "/x");
  CHECK(set.classes == std::vector<std::string>{"a", "b"});
  CHECK(set.samples.size() == 10);
  CHECK(set.samples[0].label == 1);
  CHECK(set.unlabelled == 1);
  CHECK(set.several_labels == 1);
  CHECK(names_of(set, Usage::validation).size() == 2);
  CHECK_FALSE(set.samples[0].content);

  lines.push_back(line_of("/y/1.jpg", {"a"}, "EVAL"));
  const PictureSet split = read_pictures(own_manifest(folder, lines), {0.2, 3});
  CHECK(split.root == "/");
  CHECK(names_of(split, Usage::validation) == std::set<std::string>{"y/1.jpg"});
}

TEST_CASE("a file that is there twice is one picture, with two labels none") {
  const TempFolder folder;
  const PictureSet set = read_pictures(
      own_manifest(folder, {line_of("/x/1.jpg", {"a"}), line_of("/x/1.jpg", {"a"}),
                            line_of("/x/2.jpg", {"a"}), line_of("/x/2.jpg", {"b"}),
                            line_of("/x/3.jpg", {"b"}), line_of("/x/3.jpg", {"b"}, "TEST")}),
      {0, 0});
  REQUIRE(set.samples.size() == 2);
  CHECK(set.samples[0].name == "1.jpg");
  CHECK(set.samples[1].name == "3.jpg");
  CHECK(set.samples[1].usage == Usage::train);
  CHECK(set.several_labels == 1);
}

TEST_CASE("a manifest that cannot be trained with says why") {
  const TempFolder folder;
  const auto refusal = [&](const std::vector<std::string>& lines) {
    const Error error = error_when([&] { read_pictures(own_manifest(folder, lines), {}); });
    CHECK(error.kind() == ErrorKind::usage);
    return error.message();
  };
  CHECK_THAT(refusal({}), Contains("no picture in") && Contains("has one label"));
  CHECK_THAT(refusal({line_of("/1.jpg", {"a"})}), Contains("are of one class, 'a'"));
  CHECK_THAT(refusal({line_of("/1.jpg", {"a"}), line_of("/2.jpg", {"b"}, "EVAL"),
                      line_of("/3.jpg", {"c"}, "TEST")}),
             Contains("no pictures to train with of classes b, c"));
  CHECK_THAT(refusal({line_of("s3://b/1.jpg", {"a"}), line_of("s3://b/2.jpg", {"b"})}),
             Contains("2 of the pictures") && Contains("s3://b/1.jpg, …"));
  CHECK_THAT(refusal({line_of("/1.jpg", {"a"}), "nonsense"}), Contains("own.jsonl:2: "));
  CHECK_THAT(refusal({"size,colour", "1,red"}), Contains("own.jsonl:1: no JSON object"));
}

}  // namespace
}  // namespace mat
