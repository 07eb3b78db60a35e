#include "core/dataset/published.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/cache/picture_file.h"
#include "core/dataset/description.h"
#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// A folder of pictures, imported as a manifest beside it, and what is in each.
struct Dataset {
  TempFolder folder;
  fs::path manifest = folder / "current.manifest";
  fs::path version = folder / "V001.manifest";
  std::vector<Content> contents;

  void picture(const std::string& name, std::uint32_t color) const {
    put_file(folder.path() / "pics" / name, bmp_of_color(8, 8, color));
  }

  void import() {
    ManifestWriter writer(manifest);
    contents.clear();
    import_pictures(folder / "pics", {}, [&](ManifestSample&& sample) {
      std::vector<std::uint8_t> bytes;
      read_picture_file(sample.source, bytes);
      contents.push_back(content_of(bytes.data(), bytes.size()));
      writer.write(sample);
    });
    writer.finish();
  }

  PublishSummary publish(const PublishOptions& options = {}) const {
    return write_published(manifest, version, contents, {}, options);
  }

  std::vector<PixelCache::Picture> load(const PictureSet& set,
                                        PixelCache::Statistics* statistics = nullptr) const {
    PixelCache cache(folder / "cache", 8);
    return cache.load(files_of(set), 1, {}, statistics);
  }
};

void fill(Dataset& data, int count = 10) {
  for (int i = 0; i < count; ++i) {
    data.picture(fmt::format("cat/{}.bmp", i), 0x100000 + i);
    data.picture(fmt::format("dog/{}.bmp", i), 0x200000 + i);
  }
  data.import();
}

std::set<std::string> names_of(const PictureSet& set, Usage usage) {
  std::set<std::string> names;
  for (const auto& sample : set.samples) {
    if (sample.usage == usage) names.insert(sample.name);
  }
  return names;
}

TEST_CASE("a version has every picture's content and usage, and gives a set to train with") {
  Dataset data;
  fill(data);
  data.picture("loose.bmp", 0x300000);
  data.import();
  const PublishSummary summary = data.publish();
  CHECK(summary.pictures == 21);
  CHECK(summary.train == 16);
  CHECK(summary.validation == 4);
  CHECK(summary.unlabelled == 1);
  CHECK(summary.already_split == 0);
  CHECK(summary.classes.at("dog").validation == 2);

  const PictureSet set = read_published(data.version, {});
  CHECK(set.root == data.folder / "pics");
  CHECK(set.manifest == data.version);
  CHECK(set.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(set.samples.size() == 20);
  CHECK(set.samples[0].name == "cat/0.bmp");
  CHECK(set.samples[0].file == data.folder / "pics/cat/0.bmp");
  CHECK(set.samples[10].label == 1);
  CHECK(set.unlabelled == 1);
  CHECK(names_of(set, Usage::validation).size() == 4);
  require_unchanged(set, data.load(set));
  const Json description = describe_dataset(set, data.load(set));
  CHECK(description.at("manifest") == data.version.string());
  CHECK(description.at("unlabelled") == 1);
}

TEST_CASE("an earlier split is kept, and near-duplicates that it parted train") {
  Dataset data;
  fill(data);
  PublishOptions options;
  data.publish(options);
  for (const ManifestSample& sample : read_manifest(data.version)) {
    options.earlier[*content_from_hex(sample.content)] = *sample.usage;
  }
  const auto validation = [&] {
    return names_of(read_published(data.version, {}), Usage::validation);
  };
  const std::set<std::string> before = validation();
  for (int i = 10; i < 20; ++i) data.picture(fmt::format("cat/{}.bmp", i), 0x100000 + i);
  data.import();
  options.seed = 3;
  const PublishSummary summary = data.publish(options);
  CHECK(summary.kept_split == 20);
  CHECK(summary.already_split == 0);
  CHECK(summary.classes.at("cat").validation == 4);
  const std::set<std::string> after = validation();
  CHECK(std::includes(after.begin(), after.end(), before.begin(), before.end()));

  // A new picture shows that two of them are one photograph.
  std::vector<int> groups(data.contents.size(), -1);
  const auto samples = read_manifest(data.manifest);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto usage = options.earlier.find(data.contents[i]);
    const bool is_cat = samples[i].labels.front() == "cat";
    if (is_cat && usage != options.earlier.end()) groups[i] = 1;
  }
  write_published(data.manifest, data.version, data.contents, groups, options);
  for (const std::string& name : validation())
    CHECK((name.starts_with("dog") || !before.contains(name)));
}

TEST_CASE("an earlier split is not kept for a label that would have none of one side") {
  Dataset data;
  fill(data);
  PublishOptions options;
  data.publish(options);
  for (const ManifestSample& sample : read_manifest(data.version)) {
    options.earlier[*content_from_hex(sample.content)] = *sample.usage;
  }
  // Five dogs that have all been trained with become a label of their own.
  const std::set<std::string> validated =
      names_of(read_published(data.version, {}), Usage::validation);
  int moved = 0;
  std::vector<ManifestSample> samples = read_manifest(data.manifest);
  for (ManifestSample& sample : samples) {
    const std::size_t name = sample.source.rfind("dog/");
    if (name == std::string::npos || validated.contains(sample.source.substr(name)) || moved == 5) {
      continue;
    }
    sample.labels = {"wolf"};
    ++moved;
  }
  REQUIRE(moved == 5);
  ManifestWriter writer(data.manifest);
  for (const ManifestSample& sample : samples) writer.write(sample);
  writer.finish();
  const PublishSummary summary = data.publish(options);
  CHECK(summary.classes.at("wolf").validation == 1);
  CHECK(summary.classes.at("wolf").train == 4);
  CHECK(summary.kept_split == 15);
  const std::set<std::string> after = names_of(read_published(data.version, {}), Usage::validation);
  CHECK(std::includes(after.begin(), after.end(), validated.begin(), validated.end()));
}

TEST_CASE(
    "a picture goes with the given usage of what shows the same, whatever its own was earlier") {
  Dataset data;
  fill(data);
  data.picture("cat/again.bmp", 0x100000);
  data.import();
  PublishOptions options;
  for (const Content& content : data.contents) options.earlier[content] = Usage::train;
  std::vector<ManifestSample> samples = read_manifest(data.manifest);
  ManifestWriter writer(data.manifest);
  for (ManifestSample& sample : samples) {
    if (sample.source.ends_with("cat/0.bmp")) sample.usage = Usage::validation;
    if (sample.source.ends_with("dog/0.bmp")) sample.usage = Usage::validation;
    writer.write(sample);
  }
  writer.finish();
  const PublishSummary summary = data.publish(options);
  CHECK(summary.together == 1);
  CHECK(summary.divided == 0);
  const auto validated = names_of(read_published(data.version, {}), Usage::validation);
  CHECK(validated.contains("cat/again.bmp"));
}

TEST_CASE("pictures that a given split has on both sides are counted") {
  Dataset data;
  for (int i = 0; i < 4; ++i) {
    data.picture(fmt::format("train/cat/{}.bmp", i), 0x100000 + i);
    data.picture(fmt::format("train/dog/{}.bmp", i), 0x200000 + i);
    data.picture(fmt::format("val/cat/{}.bmp", i), 0x100002 + i);  // two of them are trained with
    data.picture(fmt::format("val/dog/{}.bmp", i), 0x300000 + i);
  }
  data.picture("train/dog/again.bmp", 0x200000);
  data.import();
  const PublishSummary summary = data.publish();
  CHECK(summary.divided == 4);
  CHECK(summary.together == 1);
}

TEST_CASE("a version's split depends on the seed, and not on where the pictures lie") {
  Dataset data, copy;
  fill(data, 30);
  fs::create_directories(copy.folder / "pics");
  fs::copy(data.folder / "pics", copy.folder / "pics", fs::copy_options::recursive);
  copy.import();
  data.publish({0.8, 1});
  const auto names = names_of(read_published(data.version, {}), Usage::validation);
  copy.publish({0.8, 1});
  CHECK(names_of(read_published(copy.version, {}), Usage::validation) == names);
  copy.publish({0.8, 2});
  CHECK(names_of(read_published(copy.version, {}), Usage::validation) != names);
}

TEST_CASE("an existing split is kept") {
  Dataset data;
  for (int i = 0; i < 4; ++i) {
    for (const char* usage : {"train", "val", "test"}) {
      data.picture(fmt::format("{}/cat/{}.bmp", usage, i), 0x100000 + i + (*usage << 8));
      data.picture(fmt::format("{}/dog/{}.bmp", usage, i), 0x200000 + i + (*usage << 8));
    }
  }
  data.import();
  const PublishSummary summary = data.publish();
  CHECK(summary.train == 8);
  CHECK(summary.validation == 8);
  CHECK(summary.test == 8);
  CHECK(summary.already_split == 24);
}

TEST_CASE("training pictures are split where there are none to validate with") {
  Dataset data;
  for (int i = 0; i < 10; ++i) {
    data.picture(fmt::format("train/cat/{}.bmp", i), 0x100000 + i);
    data.picture(fmt::format("train/dog/{}.bmp", i), 0x200000 + i);
  }
  data.picture("test/dog/1.bmp", 0x300000);
  data.import();
  const PublishSummary summary = data.publish({0.7, 0});
  CHECK(summary.train == 14);
  CHECK(summary.validation == 6);
  CHECK(summary.test == 1);
}

TEST_CASE("the same picture and near duplicates are never on both sides") {
  Dataset data;
  fill(data, 12);
  for (int i = 0; i < 12; ++i) data.picture(fmt::format("cat/copy{}.bmp", i), 0x100000 + i);
  data.import();
  // Of the dogs, each four are alike.
  std::vector<int> groups;
  std::map<std::string, int> group_of;
  for (const auto& sample : read_manifest(data.manifest)) {
    const bool is_dog = sample.labels.front() == "dog";
    const int number =
        std::stoi(fs::path(sample.source)
                      .stem()
                      .string()
                      .substr(sample.source.find("copy") == std::string::npos ? 0 : 4));
    groups.push_back(is_dog ? number / 4 : -1);
    group_of[sample.source] = is_dog ? 100 + number / 4 : number;
  }
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    write_published(data.manifest, data.version, data.contents, groups, {0.6, seed});
    std::map<int, std::set<Usage>> usages;
    for (const auto& sample : read_manifest(data.version)) {
      usages[group_of.at(sample.source)].insert(*sample.usage);
    }
    CHECK(usages.size() == 15);
    for (const auto& [group, found] : usages) CHECK(found.size() == 1);
  }
}

TEST_CASE("files without content are left out of a version") {
  Dataset data;
  fill(data);
  data.contents[3] = {};
  const PublishSummary summary = data.publish();
  CHECK(summary.left_out == 1);
  CHECK(summary.pictures == 19);
  CHECK(read_manifest(data.version).size() == 19);
  data.contents.assign(data.contents.size(), {});
  CHECK_THAT(error_when([&] { data.publish(); }).message(),
             Contains("no picture that can be read"));
  data.contents.pop_back();
  CHECK(error_when([&] { data.publish(); }).kind() == ErrorKind::conflict);
  CHECK(read_manifest(data.version).size() == 19);
}

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
