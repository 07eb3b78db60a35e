#include "core/dataset/write_published.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/dataset/description.h"
#include "tests/core/dataset/published_dataset.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

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

}  // namespace
}  // namespace mat
