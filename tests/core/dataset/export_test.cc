#include "core/dataset/export.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "core/cache/content.h"
#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_manifest(const fs::path& file, const std::vector<ManifestSample>& samples) {
  ManifestWriter writer(file);
  for (const auto& sample : samples) writer.write(sample);
  writer.finish();
}

ManifestSample sample(const fs::path& source, std::vector<std::string> labels,
                      std::optional<Usage> usage = {}) {
  ManifestSample result;
  result.source = source.string();
  result.labels = std::move(labels);
  result.usage = usage;
  return result;
}

std::size_t count_entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST_CASE("a manifest that was imported with mapped sources is exported as it came") {
  const TempFolder folder;
  put_file(folder / "pics/a.jpg", "");
  put_file(folder / "pics/b.jpg", "");
  const std::string text =
      R"({"source":"s3://b/a.jpg","usage":"TRAIN","annotation":[)"
      R"({"type":"modelarts/image_classification","name":"cat","hard":true},)"
      R"({"type":"modelarts/image_classification","name":"dog"}],"id":"1","more":{"x":[1]}})"
      "\n"
      R"({"source":"s3://b/b.jpg","usage":"eval","inference-loc":"/x"})"
      "\n";
  put_file(folder / "in.manifest", text);
  ImportOptions options;
  options.sources = {{"s3://b/", (folder / "pics").string()}};
  write_manifest(folder / "current.manifest", import_all(folder / "in.manifest", options).samples);
  export_pictures(folder / "current.manifest", folder / "out.manifest", {});
  CHECK(text_of(folder / "out.manifest") == text);

  ExportOptions local;
  local.original_sources = false;
  export_pictures(folder / "current.manifest", folder / "local.manifest", local);
  CHECK(read_manifest(folder / "local.manifest").at(0).source == folder / "pics/a.jpg");
  CHECK(error_when([&] {
          export_pictures(folder / "current.manifest", folder / "out.manifest", {});
        }).kind() == ErrorKind::conflict);
}

// Pictures of all kinds of names, and their manifest.
struct Pictures {
  TempFolder folder;
  fs::path manifest = folder / "m.manifest";
  std::vector<ManifestSample> samples;

  void add(const std::string& name, std::vector<std::string> labels,
           std::optional<Usage> usage = {}) {
    put_file(folder.path() / "pics" / name, "bytes of " + name);
    samples.push_back(sample(folder.path() / "pics" / name, std::move(labels), usage));
    write_manifest(manifest, samples);
  }

  ExportSummary write(ExportFormat format, bool usage_folders = false, bool link = false) const {
    ExportOptions options;
    options.format = format;
    options.usage_folders = usage_folders;
    options.link = link;
    return export_pictures(manifest, folder / "out", options);
  }
};

TEST_CASE("what is exported in any format is imported as the same labels") {
  Pictures pictures;
  pictures.add("cat/1.jpg", {"cat"}, Usage::train);
  pictures.add("other/1.jpg", {"cat"}, Usage::validation);
  pictures.add("dog/1.png", {"dog"}, Usage::test);
  pictures.add("dog/x y,\"z\".jpg", {"dog"}, Usage::train);
  pictures.add("none.jpg", {});
  const bool has_several = GENERATE(false, true);
  if (has_several) pictures.add("both.jpg", {"dog", "cat"}, Usage::train);
  const ExportFormat format =
      GENERATE(ExportFormat::manifest, ExportFormat::csv, ExportFormat::folder, ExportFormat::text);
  const ExportSummary summary = pictures.write(format, true);
  const bool is_left_out = has_several && format == ExportFormat::folder;
  CHECK(summary.pictures == 5 + (has_several && !is_left_out ? 1 : 0));
  CHECK(summary.several_labels == (is_left_out ? 1 : 0));
  const Imported again = import_all(pictures.folder / "out");
  CHECK(again.summary.pictures == summary.pictures);
  CHECK(again.summary.unlabelled == 1);
  CHECK(again.summary.train == (has_several && !is_left_out ? 3 : 2));
  CHECK(again.summary.validation == 1);
  CHECK(again.summary.test == 1);
  CHECK(again.summary.several_labels == (has_several && !is_left_out ? 1 : 0));
  CHECK(again.problems().empty());
  std::multiset<std::string> texts, expected;
  for (const auto& each : again.samples) texts.insert(text_of(each.source));
  for (const auto& each : pictures.samples) {
    if (!is_left_out || each.labels.size() < 2) expected.insert(text_of(each.source));
  }
  CHECK(texts == expected);
}

TEST_CASE("names that are the same or hostile are made safe") {
  Pictures pictures;
  pictures.add("a/1.jpg", {"cat"});
  pictures.add("b/1.jpg", {"cat"});
  pictures.add("c/1.jpg", {"cat"});
  pictures.add("c/1-2.jpg", {"cat"});
  pictures.add("new\nline\x1b\\.jpg", {".."});
  pictures.add(".hidden", {"../../x"});
  pictures.add("labels.txt", {".._.._x"});
  pictures.add(std::string(250, 'x') + ".jpg", {"cat"});
  const ExportSummary summary = pictures.write(ExportFormat::folder);
  CHECK(summary.pictures == 8);
  CHECK(summary.renamed == 7);
  const fs::path out = pictures.folder / "out";
  CHECK(count_entries(out / "cat") == 5);
  CHECK(text_of(out / "cat/1-2.jpg") == "bytes of b/1.jpg");
  CHECK(text_of(out / "cat/1-3.jpg") == "bytes of c/1.jpg");
  CHECK(fs::exists(out / "__/new_line__.jpg"));
  CHECK(fs::exists(out / "___.._x/_hidden"));
  CHECK(count_entries(pictures.folder.path()) == 3);
}

TEST_CASE("files of labels belong to one picture each") {
  Pictures pictures;
  pictures.add("a/1.jpg", {"cat"});
  pictures.add("b/1.png", {"dog", "cow"});
  pictures.add("1.txt", {"hen"});
  pictures.write(ExportFormat::text);
  CHECK(import_all(pictures.folder / "out").by_name(pictures.folder / "out") ==
        NameMap{{"1.jpg", "cat"}, {"1-2.png", "dog|cow"}, {"1.txt.jpg", "hen"}});
}

TEST_CASE("links share the file") {
  Pictures pictures;
  pictures.add("1.jpg", {"cat"});
  CHECK(pictures.write(ExportFormat::folder, false, true).linked == 1);
  CHECK(fs::hard_link_count(pictures.folder / "out/cat/1.jpg") == 2);
}

TEST_CASE("pictures that are gone, elsewhere or not what they were are told and left out") {
  Pictures pictures;
  pictures.add("good.jpg", {"cat"});
  pictures.add("gone.jpg", {"cat"});
  pictures.add("changed.jpg", {"cat"});
  const std::string bytes = "bytes of good.jpg";
  pictures.samples[0].content = to_hex(content_of(bytes.data(), bytes.size()));
  pictures.samples[2].content = std::string(32, 'a');
  pictures.samples.push_back(sample("s3://b/x.jpg", {"cat"}));
  write_manifest(pictures.manifest, pictures.samples);
  fs::remove(pictures.folder / "pics/gone.jpg");
  const ExportSummary summary = pictures.write(ExportFormat::folder);
  CHECK(summary.pictures == 1);
  REQUIRE(summary.problems.size() == 3);
  CHECK(summary.problems[0].what == "no such file");
  CHECK(summary.problems[1].what == "has changed since it was published");
  CHECK(summary.problems[2].what == "is in an object store");
}

TEST_CASE("a folder is there when all is written, or not at all") {
  Pictures pictures;
  for (int i = 0; i < 5; ++i) pictures.add(std::to_string(i) + ".jpg", {"cat"});
  ExportOptions options;
  options.format = ExportFormat::folder;
  options.progress = [&](std::int64_t done) {
    CHECK_FALSE(fs::exists(pictures.folder / "out"));
    return done < 3;
  };
  const auto write = [&] { export_pictures(pictures.manifest, pictures.folder / "out", options); };
  CHECK(error_when(write).kind() == ErrorKind::interrupted);
  CHECK(count_entries(pictures.folder.path()) == 2);
  options.progress = {};
  fs::create_directories(pictures.folder / "out");
  write();
  CHECK(error_when(write).kind() == ErrorKind::conflict);
  CHECK(count_entries(pictures.folder / "out/cat") == 5);
  CHECK(error_when([] { parse_export_format("folders"); }).hint() == "did you mean 'folder'?");
}

TEST_CASE("what a killed export has left comes into no other one") {
  Pictures pictures;
  pictures.add("0.jpg", {"cat"});
  put_file(pictures.folder / (".out." + std::to_string(::getpid()) + "-0.part") / "cat" / "old.jpg",
           "");
  ExportOptions options;
  options.format = ExportFormat::folder;
  export_pictures(pictures.manifest, pictures.folder / "out", options);
  CHECK(count_entries(pictures.folder / "out/cat") == 1);
}

TEST_CASE("safe names are cut between characters and keep their endings") {
  CHECK(safe_file_name("") == "_");
  CHECK(safe_file_name("..") == "__");
  CHECK(safe_file_name("a/b\\c\x7f.jpg") == "a_b_c_.jpg");
  CHECK(safe_file_name("猫.jpg") == "猫.jpg");
  std::string name;
  for (int i = 0; i < 80; ++i) name += "猫";
  const std::string cut = safe_file_name(name + ".jpg");
  CHECK(cut.size() == 195 + 4);
  CHECK(cut.ends_with("猫.jpg"));
  CHECK(safe_file_name(std::string(300, 'x')).size() == 200);
}

}  // namespace
}  // namespace mat
