#include "core/training/table_description.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/model/model_home.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

const char* const kClassifier =
    R"({"kind":"table","target":"colour","task":"classification","classes":["blue","red"],)"
    R"("delimiter":"tab","columns":[{"name":"size","type":"number","mean":2,"deviation":0.5,)"
    R"("has_missing":false}]})";

TableDescription described(const std::string& preprocessing) {
  const TempFolder folder;
  put_file(folder / "w.safetensors",
           weights_bytes({{"algorithm", "tabular_mlp"}, {"preprocessing", preprocessing}}));
  return describe_table_weights(folder / "w.safetensors");
}

}  // namespace

TEST_CASE("Weights tell which table they are for") {
  const TableDescription classifier = described(kClassifier);
  CHECK(classifier.target == "colour");
  CHECK(classifier.classes == std::vector<std::string>{"blue", "red"});
  CHECK_FALSE(classifier.is_regression());
  CHECK(classifier.delimiter == '\t');
  CHECK(classifier.encoder.inputs() == 1);

  const TableDescription regression =
      described(R"({"kind":"table","target":"price","task":"regression","target_mean":100,)"
                R"("target_deviation":7,"columns":[]})");
  CHECK(regression.is_regression());
  CHECK(regression.target_mean == 100);
  CHECK(regression.target_deviation == 7);
  CHECK(regression.delimiter == ',');
}

TEST_CASE("A description is written as it was read") {
  const TableDescription read = table_description_from_json(parse_json(kTableOfPrices, "it"), "it");
  CHECK(to_json_text(to_json(read)) == kTableOfPrices);
  const Json classes = to_json(described(kClassifier));
  CHECK(classes["classes"] == Json{"blue", "red"});
  CHECK(classes["delimiter"] == "tab");
  CHECK_FALSE(classes.contains("target_mean"));
  CHECK(is_table_description(classes));
  CHECK_FALSE(is_table_description(Json::array()));
}

TEST_CASE("Weights that are of no table, or only say so, are refused") {
  const auto kind_of_error = [](const std::string& text) {
    try {
      described(text);
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::bug;
  };
  CHECK(kind_of_error(R"({"image_size":64})") == ErrorKind::usage);
  CHECK(kind_of_error(R"({"kind":7})") == ErrorKind::usage);
  CHECK(kind_of_error(R"({"kind":"table"})") == ErrorKind::io);
  CHECK(kind_of_error(R"({"kind":"table","target":3,"task":"regression"})") == ErrorKind::io);
  CHECK(kind_of_error(R"({"kind":"table","target":"a","task":"classification","classes":["b"],)"
                      R"("columns":[]})") == ErrorKind::io);
  CHECK(kind_of_error(R"({"kind":"table","target":"a","task":"regression","target_mean":0,)"
                      R"("target_deviation":0,"columns":[]})") == ErrorKind::io);
  CHECK(kind_of_error(R"({"kind":"table","target":"a","task":"regression","target_mean":0,)"
                      R"("target_deviation":1,"columns":[{"name":"b"}]})") == ErrorKind::io);
  CHECK(kind_of_error(R"({"kind":"table","target":"a","task":"regression","target_mean":0,)"
                      R"("target_deviation":1,"columns":[{"name":"b","type":"number","mean":0,)"
                      R"("deviation":0,"has_missing":false}]})") == ErrorKind::io);
}

}  // namespace mat
