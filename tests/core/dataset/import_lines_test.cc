#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

using Catch::Contains;

std::string classified(const std::string& source, const std::string& name) {
  return R"({"source":")" + source +
         R"(","annotation":[{"type":"modelarts/image_classification","name":")" + name +
         R"("}],"id":"7"})" + "\n";
}

TEST_CASE("a manifest is known by its lines and its sources are mapped") {
  const TempFolder data;
  put_file(data / "pics/a.jpg", "");
  put_file(data / "b.jpg", "");
  put_file(data / "m.json", classified("s3://bucket/x/a.jpg", "cat") + classified("b.jpg", "dog") +
                                classified("s3://bucket2/x/a.jpg", "cow") +
                                classified("s3://bucket/x/../../secret.jpg", "cow") + "bad\n" +
                                classified("none.jpg", "cat"));
  ImportOptions options;
  options.sources = {{"s3://bucket/x", (data / "pics").string()}};
  const Imported found = import_all(data / "m.json", options);
  CHECK(found.summary.format == ImportFormat::manifest);
  CHECK(found.by_name(data.path()) ==
        NameMap{{"pics/a.jpg", "cat"}, {"b.jpg", "dog"}, {"s3://bucket2/x/a.jpg", "cow"}});
  CHECK(found.summary.remote == 1);
  REQUIRE(found.summary.problem_count == 3);
  CHECK_THAT(found.problems()[0], Contains("m.json:4: ") && Contains("leads out of the folder"));
  CHECK_THAT(found.problems()[1], Catch::EndsWith("m.json:5: no JSON object"));
  CHECK_THAT(found.problems()[2], Contains("m.json:6: there is no file"));
  CHECK(found.samples[0].line.at("mapped-from") == "s3://bucket/x/a.jpg");
  CHECK(found.samples[0].line.at("id") == "7");
}

TEST_CASE("a manifest's files behind links that leave its folder are told and not followed") {
  const TempFolder data, elsewhere;
  put_file(elsewhere / "x.jpg", "");
  put_file(data / "b.jpg", "");
  std::filesystem::create_symlink(elsewhere / "x.jpg", data / "a.jpg");
  put_file(data / "m.json", classified("a.jpg", "cat") + classified("b.jpg", "dog") +
                                classified((elsewhere / "x.jpg").string(), "cow"));
  // What a manifest names elsewhere by itself is meant.
  const Imported found = import_all(data / "m.json");
  CHECK(found.summary.pictures == 2);
  REQUIRE(found.summary.problem_count == 1);
  CHECK_THAT(found.problems()[0], Contains("m.json:1: ") && Contains("leads out of the folder"));
  ImportOptions options;
  options.follow_links = true;
  CHECK(import_all(data / "m.json", options).summary.pictures == 3);
}

TEST_CASE("labels of a manifest are mapped in their annotations") {
  const TempFolder data;
  put_file(data / "a.jpg", "");
  put_file(data / "m.manifest", classified("a.jpg", "black t-shirt"));
  CHECK_THAT(import_error(data / "m.manifest").hint(), Contains("'black t-shirt=black_t-shirt'"));
  ImportOptions options;
  options.bad_labels = ImportOptions::BadLabels::map;
  const Imported found = import_all(data / "m.manifest", options);
  CHECK(line_of_sample(found.samples.at(0)).at("annotation").at(0).at("name") == "black_t-shirt");
}

TEST_CASE("SageMaker's lines are read, and keep what they said") {
  const TempFolder data;
  put_file(
      data / "m.manifest",
      R"({"source-ref":"s3://b/1.jpg","kind":0,"kind-metadata":{"class-name":"cat","confidence":0.9}})"
      "\n"
      R"({"source-ref":"s3://b/2.jpg","kinds":[0,1],"kinds-metadata":{"class-map":{"0":"cat","1":"dog"}}})"
      "\n"
      R"({"source-ref":"s3://b/3.jpg"})"
      "\n"
      R"({"source-ref":"s3://b/4.jpg","label":"cow"})"
      "\n"
      R"({"source-ref":"s3://b/5.jpg","x":1,"y":2})"
      "\n"
      R"({"source-ref":"s3://b/6.jpg","k":{},"k-metadata":{"class-map":3}})"
      "\n"
      R"({"nothing":1})"
      "\n");
  const Imported found = import_all(data / "m.manifest");
  CHECK(found.summary.format == ImportFormat::sagemaker);
  CHECK(found.by_name(data.path()) == NameMap{{"s3://b/1.jpg", "cat"},
                                              {"s3://b/2.jpg", "cat|dog"},
                                              {"s3://b/3.jpg", ""},
                                              {"s3://b/4.jpg", "cow"}});
  CHECK(found.summary.problem_count == 3);
  CHECK_THAT(found.problems()[0], Contains(":5: it is not clear which attribute"));
  const Json line = line_of_sample(found.samples.at(0));
  CHECK(line.at("kind-metadata").at("confidence") == 0.9);
  CHECK(line.at("source") == "s3://b/1.jpg");
  CHECK(line.at("annotation").at(0).at("name") == "cat");
  ImportOptions options;
  options.label_attribute = "y";
  CHECK(import_all(data / "m.manifest", options).by_name(data.path()).at("s3://b/5.jpg") == "2");
}

}  // namespace
}  // namespace mat
