#include "core/model/evaluate_table.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

// "yes" where the standardized first column is above 0, surer the further it is; or that column as
// a number.
class FirstColumn final : public TableModel {
 public:
  explicit FirstColumn(bool is_regression) : is_regression_(is_regression) {}

  int asked = 0;

  std::vector<double> answer(std::vector<float> inputs) override {
    ++asked;
    std::vector<double> answers;
    for (const float x : inputs) {
      if (is_regression_) {
        answers.push_back(x);
      } else {
        const double p = x > 0 ? 1 - 0.25 / (1 + x) : 0.25 / (1 - x);
        answers.push_back(1 - p);
        answers.push_back(p);
      }
    }
    return answers;
  }
  Json facts() const override { return {{"device", "cpu"}}; }

 private:
  bool is_regression_;
};

TableDescription description_of(const std::vector<std::string>& classes) {
  TableDescription description;
  description.target = "t";
  description.classes = classes;
  description.encoder = TableEncoder::from_json(
      Json::parse(R"([{"name":"x","type":"number","mean":0,"deviation":1,"has_missing":false}])"));
  return description;
}

EvaluateResult evaluated(const std::string& csv, const std::vector<std::string>& classes,
                         const std::string& slice = "") {
  FirstColumn model(classes.empty());
  return evaluate_table(model, description_of(classes), CsvTable::parse(csv, "rows.csv", {}), slice,
                        {}, {});
}

}  // namespace

TEST_CASE("Rows are measured like pictures; those without a known class are counted") {
  const EvaluateResult result = evaluated(
      "t,x,group\n"
      "yes,1,a\nno,-1,a\nyes,-2,b\n,5,a\nperhaps,1,b\nno,-3,b\nyes,2,b\nperhaps,1,b\n",
      {"no", "yes"}, "group");
  CHECK(result.document["accuracy"].get<double>() == Approx(0.8));
  CHECK(result.document["samples"] == 5);
  CHECK(result.document["rows"] == Json({{"evaluated", 5},
                                         {"learnt_from", 0},
                                         {"validated_on", 0},
                                         {"without_target", 1},
                                         {"unknown_labels", {{"perhaps", 2}}}}));
  CHECK(result.document["confusion_matrix"]["rows"] == Json::parse("[[2,0],[1,2]]"));
  CHECK(result.document["worst"][0]["file"] == "row 3");
  const Json& slices = result.document["slices"]["values"];
  REQUIRE(slices.size() == 2);
  CHECK(slices[0]["value"] == "b");
  CHECK(slices[0]["samples"] == 3);
  CHECK(slices[1]["accuracy"] == 1);
  CHECK(result.predictions.substr(0, result.predictions.find('\n')) ==
        R"({"row":"row 1","label":"yes","predicted":"yes","scores":{"no":0.125,"yes":0.875}})");
}

TEST_CASE("Classes that are numbers are known however they are spelled") {
  const EvaluateResult result = evaluated("x,t\n-1,0.0\n1,1\n2,1.0\n-2,+0\n", {"0", "1"});
  CHECK(result.document["accuracy"] == 1);
  CHECK(result.document["rows"]["evaluated"] == 4);
}

TEST_CASE("Numbers are measured in their own unit") {
  const EvaluateResult result = evaluated("x,t\n1,1\n2,2\n3,3\n6,4\n1,\n", {});
  CHECK(result.document["rmse"].get<double>() == Approx(1));
  CHECK(result.document["rows"]["without_target"] == 1);
  CHECK(result.predictions.substr(0, result.predictions.find('\n')) ==
        R"({"row":"row 1","target":1.0,"predicted":1.0})");
}

TEST_CASE("What cannot be measured is refused") {
  const auto message = [](const std::string& csv, const std::vector<std::string>& classes,
                          const std::string& slice = "") {
    return error_of([&] { evaluated(csv, classes, slice); }).message();
  };
  CHECK(message("x,u\n1,yes\n", {"no", "yes"}) == "rows.csv has no column 't' to predict");
  CHECK(message("y,t\n1,yes\n", {"no", "yes"}).find("'x'") != std::string::npos);
  CHECK(message("x,t\n1,perhaps\n", {"no", "yes"}) ==
        "no row of rows.csv has a value of 't' that the model knows");
  CHECK(message("x,t\n1,many\n", {}) == "rows.csv:2: the target 'many' is not a number");
  CHECK(message("x,t\n1,2\n", {}, "x") == "a regression is not measured by slices");
  FirstColumn model(false);
  const CsvTable table = CsvTable::parse("x,t\n1,yes\n", "rows.csv", {});
  CHECK(error_of([&] {
          evaluate_table(model, description_of({"no", "yes"}), table, "g", {}, {});
        }).message() == "rows.csv has no column 'g' to slice by");
  CHECK(model.asked == 0);
}

}  // namespace mat
