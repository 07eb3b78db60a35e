#include "core/dataset/manifest.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>

#include "core/base/text.h"
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

ManifestSample only_sample(const TempFolder& folder, const std::string& line) {
  put_file(folder / "m.manifest", line + "\n");
  const auto samples = read_manifest(folder / "m.manifest");
  REQUIRE(samples.size() == 1);
  return samples.front();
}

std::string refusal(const TempFolder& folder, const std::string& text) {
  put_file(folder / "m.manifest", text);
  const Error error = error_when([&] { read_manifest(folder / "m.manifest"); });
  CHECK(error.kind() == ErrorKind::usage);
  return error.message();
}

const char* const kModelArtsLine =
    R"({"source":"s3://bucket/a.jpg","usage":"TRAIN","annotation":[{"type":)"
    R"("modelarts/image_classification","name":"cat","creation-time":"2019-03-30 17:22:35",)"
    R"("annotated-by":"human","hard":false,"confidence":0.8,"property":{"@modelarts:x":[1,2]}}],)"
    R"("id":"162d","inference-loc":"/inf","extra":{"deep":[1,null,1.5e+300]}})";

TEST_CASE("a line as ModelArts writes it is read, and written as it was") {
  const TempFolder folder;
  const ManifestSample sample = only_sample(folder, kModelArtsLine);
  CHECK(sample.source == "s3://bucket/a.jpg");
  CHECK(sample.usage == Usage::train);
  CHECK(sample.labels == std::vector<std::string>{"cat"});
  CHECK(sample.content.empty());
  ManifestWriter writer(folder / "again.manifest");
  writer.write(sample);
  writer.finish();
  CHECK(text_of(folder / "again.manifest") == text_of(folder / "m.manifest"));
}

TEST_CASE("a usage is read in any case, and may be absent") {
  const TempFolder folder;
  const auto usage_in = [&](const std::string& field) {
    return only_sample(folder, R"({"source":"/a.jpg")" + field + "}").usage;
  };
  CHECK(usage_in(R"(,"usage":"eval")") == Usage::validation);
  CHECK(usage_in(R"(,"usage":"Test")") == Usage::test);
  CHECK(usage_in(R"(,"usage":"TRAIN")") == Usage::train);
  CHECK_FALSE(usage_in(""));
  CHECK_FALSE(usage_in(R"(,"usage":null)"));
  CHECK_FALSE(usage_in(R"(,"usage":"inference")"));
}

TEST_CASE("several labels and annotations of other kinds survive") {
  const TempFolder folder;
  const std::string line =
      R"({"source":"/a.jpg","annotation":[)"
      R"({"type":"modelarts/image_classification","name":"dog","confidence":0.5},)"
      R"({"type":"modelarts/object_detection","annotation-loc":"s3://b/a.xml"},)"
      R"({"type":"modelarts/image_classification","name":"cat"},)"
      R"({"type":"modelarts/image_classification","name":"dog"}]})";
  ManifestSample sample = only_sample(folder, line);
  CHECK(sample.labels == std::vector<std::string>{"dog", "cat"});
  CHECK(to_json_text(line_of_sample(sample)) == line);

  SECTION("a label that is taken away takes its annotations with it") {
    sample.labels = {"cat"};
    CHECK(to_json_text(line_of_sample(sample)) ==
          R"({"source":"/a.jpg","annotation":[)"
          R"({"type":"modelarts/object_detection","annotation-loc":"s3://b/a.xml"},)"
          R"({"type":"modelarts/image_classification","name":"cat"}]})");
  }
  SECTION("a label that is added gets one") {
    sample.labels.emplace_back("cow");
    const Json added = line_of_sample(sample).at("annotation").back();
    CHECK(added == Json{{"type", "modelarts/image_classification"},
                        {"name", "cow"},
                        {"annotated-by", "human"}});
  }
  SECTION("a label that is renamed keeps what is said of it") {
    rename_labels(sample, {{"dog", "hound"}});
    CHECK(sample.labels == std::vector<std::string>{"hound", "cat"});
    CHECK(line_of_sample(sample).at("annotation").at(0) ==
          Json{{"type", "modelarts/image_classification"}, {"name", "hound"}, {"confidence", 0.5}});
  }
  SECTION("a label that is renamed to one that is there is that one") {
    rename_labels(sample, {{"dog", "cat"}});
    CHECK(sample.labels == std::vector<std::string>{"cat"});
    CHECK(sample_of_line(line_of_sample(sample), "/").labels == sample.labels);
  }
}

TEST_CASE("a content hash is written and read, and somebody else's left alone") {
  const TempFolder folder;
  ManifestSample sample = only_sample(folder, R"({"source":"/a.jpg"})");
  sample.content = "0123456789abcdef0123456789abcdef";
  sample.usage = Usage::validation;
  const std::string line = to_json_text(line_of_sample(sample));
  CHECK(line == R"({"source":"/a.jpg","usage":"EVAL",)"
                R"("content-hash":"xxh128:0123456789abcdef0123456789abcdef"})");
  CHECK(only_sample(folder, line).content == sample.content);
  const std::string foreign = R"({"source":"/a.jpg","content-hash":"md5:00"})";
  CHECK(only_sample(folder, foreign).content.empty());
  CHECK(to_json_text(line_of_sample(only_sample(folder, foreign))) == foreign);
}

TEST_CASE("relative sources are taken from the manifest's folder") {
  const TempFolder folder;
  CHECK(only_sample(folder, R"({"source":"pics/./a.jpg"})").source == folder / "pics/a.jpg");
  CHECK(only_sample(folder, R"({"source":"/x/../a.jpg"})").source == "/a.jpg");
  CHECK(only_sample(folder, R"({"source":"obs://b/a.jpg"})").source == "obs://b/a.jpg");
  CHECK(only_sample(folder, R"({"source":"new\nline\u001b.jpg"})").source ==
        folder / "new\nline\x1b.jpg");
}

TEST_CASE("a byte order mark, empty lines, CRLF and a missing last line end are no problem") {
  const TempFolder folder;
  put_file(folder / "m.manifest",
           "\xef\xbb\xbf\r\n{\"source\":\"/a\"}\r\n\n  \n{\"source\":\"/b\"}");
  CHECK(read_manifest(folder / "m.manifest").size() == 2);
}

TEST_CASE("lines that are wrong are told with their place") {
  const TempFolder folder;
  const std::string place = (folder / "m.manifest").string() + ":2: ";
  const std::map<std::string, std::string> cases = {
      {"{", "no JSON object"},
      {"[1]", "no JSON object"},
      {"3", "no JSON object"},
      {"{\"source\":\"/a\"} x", "no JSON object"},
      {"{\"source\":1e999}", "no JSON object"},
      {"{}", "there is no 'source'"},
      {R"({"source":3})", "'source' is no text"},
      {R"({"source":""})", "'source' is empty"},
      {R"({"source":"a\u0000b"})", "zero byte"},
      {R"({"source":"../a.jpg"})", "leads out of the folder"},
      {R"({"source":"x/../../a.jpg"})", "leads out of the folder"},
      {R"({"source":"https://example.com/a.jpg"})", "neither a path nor"},
      {R"({"source":"/a","usage":"SOMETIMES"})", "'SOMETIMES' is none of TRAIN"},
      {R"({"source":"/a","usage":1})", "'usage' is no text"},
      {R"({"source":"/a","annotation":{}})", "no list"},
      {R"({"source":"/a","annotation":[1]})", "no object"},
      {R"({"source":"/a","annotation":[{"type":"modelarts/image_classification"}]})", "no 'name'"},
      {R"({"source":"/a","content-hash":"xxh128:12"})", "no hash"},
      {"{\"source\":\"/\xff\"}", "not UTF-8"},
      {"{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}", "without an end"}};
  for (const auto& [line, what] : cases) {
    CAPTURE(line);
    CHECK_THAT(refusal(folder, "{\"source\":\"/a\"}\n" + line + "\n"),
               Catch::StartsWith(place) && Contains(what));
  }
  CHECK_FALSE(refusal(folder, std::string(1000, '[')).empty());
}

TEST_CASE("reading goes on behind a line that is wrong, however long that is") {
  const TempFolder folder;
  put_file(folder / "m.manifest", "{\"source\":\"/a\"}\n{\"x\":\"" + std::string(3 << 20, 'x') +
                                      "\"}\nbad\n{\"source\":\"/b\"}\n" +
                                      std::string(3 << 20, 'y'));
  ManifestReader reader(folder / "m.manifest", {.max_line_bytes = 1 << 20});
  ManifestSample sample;
  CHECK(reader.next(sample));
  CHECK_THAT(error_when([&] { reader.next(sample); }).what(),
             Contains(":2: a line of more than 1.0 MiB"));
  CHECK_THAT(error_when([&] { reader.next(sample); }).what(), Contains(":3: no JSON"));
  CHECK(reader.next(sample));
  CHECK(sample.source == "/b");
  CHECK_THAT(error_when([&] { reader.next(sample); }).what(), Contains(":5: a line of more"));
  CHECK_FALSE(reader.next(sample));
}

TEST_CASE("a manifest that is not there, or is no file, says so") {
  const TempFolder folder;
  CHECK(error_when([&] { ManifestReader reader(folder / "none"); }).kind() == ErrorKind::not_found);
  CHECK(error_when([&] { ManifestReader reader(folder.path()); }).kind() == ErrorKind::usage);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(error_when([&] { ManifestReader reader(folder / "pipe"); }).kind() == ErrorKind::usage);
}

TEST_CASE("what was there stays until a manifest is finished") {
  const TempFolder folder;
  put_file(folder / "m.manifest", "before");
  ManifestSample sample;
  sample.source = "/a.jpg";
  {
    ManifestWriter writer(folder / "m.manifest");
    writer.write(sample);
    CHECK(text_of(folder / "m.manifest") == "before");
  }
  CHECK(text_of(folder / "m.manifest") == "before");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  ManifestWriter writer(folder / "m.manifest");
  writer.write(sample);
  sample.source = "/\xff.jpg";
  CHECK_THAT(error_when([&] { writer.write(sample); }).what(), Contains("not UTF-8"));
  writer.finish();
  CHECK(text_of(folder / "m.manifest") == "{\"source\":\"/a.jpg\"}\n");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a manifest of 300,000 lines is imported in the memory of a small one") {
  const TempFolder folder(memory_folder());
  constexpr int kLines = 300'000;
  {
    AtomicFile file(folder / "big.manifest");
    for (int i = 0; i < kLines; ++i) {
      file.write(fmt::format(
          "{{\"source\":\"s3://bucket/pictures/{}.jpg\",\"usage\":\"TRAIN\",\"annotation\":[{{"
          "\"type\":\"modelarts/image_classification\",\"name\":\"class_{}\",\"creation-time\":"
          "\"2019-03-30 17:22:35\",\"annotated-by\":\"human\"}}],\"id\":\"{:032x}\"}}\n",
          i, i % 50, i));
    }
    file.finish();
  }
  REQUIRE(fs::file_size(folder / "big.manifest") > 60'000'000);
  // In a process of its own, whose largest memory is its own too.
  const pid_t child = ::fork();
  if (child == 0) {
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    std::int64_t count = 0;
    try {
      ManifestWriter writer(folder / "copy.manifest");
      count = import_pictures(folder / "big.manifest", {}, [&](ManifestSample&& sample) {
                writer.write(sample);
              }).pictures;
      writer.finish();
    } catch (...) {
      ::_exit(3);
    }
    ::getrusage(RUSAGE_SELF, &after);
    ::_exit(count != kLines ? 1 : after.ru_maxrss - before.ru_maxrss > 16'000 ? 2 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(fs::file_size(folder / "copy.manifest") == fs::file_size(folder / "big.manifest"));
}

}  // namespace
}  // namespace mat
