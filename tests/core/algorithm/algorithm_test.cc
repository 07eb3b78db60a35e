#include "core/algorithm/algorithm.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "core/base/error.h"

namespace mat {
namespace {

Hyperparameter rule(ValueType type) {
  Hyperparameter h;
  h.name = std::string(1, 'x');
  h.type = type;
  return h;
}

std::string problem_of(const Hyperparameter& h, const Json& value) {
  std::string problem = "left over";
  check_value(h, value, &problem);
  return problem;
}

TEST_CASE("every default is a value that the check accepts") {
  for (const Algorithm& algorithm : builtin_algorithms()) {
    std::set<std::string> names;
    for (const Hyperparameter& h : algorithm.hyperparameters) {
      INFO(algorithm.name << " " << h.name);
      CHECK(names.insert(h.name).second);
      CHECK_FALSE(h.description.empty());
      if (h.required) {
        CHECK(h.default_value.is_null());
        continue;
      }
      std::string problem;
      CHECK(check_value(h, h.default_value, &problem) == h.default_value);
      CHECK(problem.empty());
    }
    CHECK_FALSE(algorithm.inputs.empty());
    CHECK(find_builtin_algorithm(algorithm.name) == &algorithm);
  }
  CHECK(find_builtin_algorithm("resnet19") == nullptr);
}

TEST_CASE("the table has the algorithms and limits that are promised") {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : builtin_algorithms()) names.push_back(algorithm.name);
  CHECK(names == std::vector<std::string>{"resnet18", "resnet34", "resnet50", "mobilenet_v3_small",
                                          "small_cnn", "tabular_mlp", "exeml"});
  const auto* size = find_builtin_algorithm("small_cnn")->find_hyperparameter("image_size");
  REQUIRE(size != nullptr);
  CHECK(size->default_value == 32);
  CHECK(problem_of(*size, 33) == "must be at most 32, not 33");
  CHECK(problem_of(*size, 8).empty());
  const auto* large = find_builtin_algorithm("resnet50")->find_hyperparameter("image_size");
  CHECK(problem_of(*large, 31) == "must be at least 32, not 31");
  CHECK(problem_of(*large, 1024).empty());
}

TEST_CASE("a value of another type is refused and the message says what to write") {
  CHECK(problem_of(rule(ValueType::floating), "0.1") ==
        "must be a number, not the text '0.1': write it without quotes");
  CHECK(problem_of(rule(ValueType::floating), "ten") == "must be a number, not the text 'ten'");
  CHECK(problem_of(rule(ValueType::integer), 1.5) == "must be a whole number, not 1.5");
  CHECK(problem_of(rule(ValueType::integer), true) == "must be a whole number, not true");
  CHECK(problem_of(rule(ValueType::boolean), 1) == "must be true or false, not 1");
  CHECK(problem_of(rule(ValueType::boolean), "true") ==
        "must be true or false, not the text 'true': write it without quotes");
  CHECK(problem_of(rule(ValueType::string), 64) ==
        "must be text, not 64: write it in quotes, \"64\"");
  CHECK(problem_of(rule(ValueType::string), nullptr) == "must be text, not nothing");
  CHECK(problem_of(rule(ValueType::string), Json::array()) == "must be text, not a list");
  CHECK(problem_of(rule(ValueType::floating), "") == "must not be empty");
}

TEST_CASE("a checked value has the declared type") {
  std::string problem;
  const Json number = check_value(rule(ValueType::floating), 1, &problem);
  CHECK(number.is_number_float());
  CHECK(number == 1.0);
  const Json whole = check_value(rule(ValueType::integer), 10.0, &problem);
  CHECK(whole.is_number_integer());
  CHECK(whole == 10);
  CHECK(problem.empty());
  CHECK_FALSE(problem_of(rule(ValueType::integer), 1e300).empty());
}

TEST_CASE("limits include their ends unless they say otherwise") {
  Hyperparameter h = rule(ValueType::floating);
  h.min = 0;
  h.max = 1;
  CHECK(problem_of(h, 0.0).empty());
  CHECK(problem_of(h, 1.0).empty());
  CHECK(problem_of(h, -0.25) == "must be at least 0, not -0.25");
  CHECK(problem_of(h, 1.5) == "must be at most 1, not 1.5");
  CHECK(range_text(h) == "at least 0, at most 1");
  h.min_is_exclusive = h.max_is_exclusive = true;
  CHECK(problem_of(h, 0.0) == "must be above 0, not 0");
  CHECK(problem_of(h, 1) == "must be below 1, not 1");
  CHECK(range_text(h) == "above 0, below 1");
}

TEST_CASE("numbers that are no numbers are refused") {
  const Hyperparameter h = rule(ValueType::floating);
  CHECK(problem_of(h, std::numeric_limits<double>::quiet_NaN()) == "must be a finite number");
  CHECK(problem_of(h, std::numeric_limits<double>::infinity()) == "must be a finite number");
}

TEST_CASE("choices and patterns limit text") {
  const Algorithm& mlp = *find_builtin_algorithm("tabular_mlp");
  CHECK(problem_of(*mlp.find_hyperparameter("optimizer"), "adam") ==
        "must be one of adamw, sgd, not 'adam'");
  const Hyperparameter& hidden = *mlp.find_hyperparameter("hidden");
  CHECK(problem_of(hidden, "64").empty());
  CHECK(problem_of(hidden, "256,128,64").empty());
  for (const char* wrong : {"", "0", "64,", ",64", "64, 32", "a", "100000", "64\n"}) {
    INFO(wrong);
    CHECK_FALSE(problem_of(hidden, wrong).empty());
  }
  // Must be refused without a recursion as deep as the text is long.
  CHECK_FALSE(problem_of(hidden, std::string(1000000, '1')).empty());
  CHECK(problem_of(*mlp.find_hyperparameter("target"), "") == "must not be empty");
}

TEST_CASE("numbers may have choices too") {
  Hyperparameter h = rule(ValueType::integer);
  h.choices = {"16", "32"};
  CHECK(problem_of(h, 16).empty());
  CHECK(problem_of(h, 32.0).empty());
  CHECK(problem_of(h, 17) == "must be one of 16, 32, not 17");
  h.type = ValueType::floating;
  h.choices = {"0.1", "1"};
  CHECK(problem_of(h, 0.1).empty());
  CHECK(problem_of(h, 1).empty());
  CHECK(problem_of(h, 0.2) == "must be one of 0.1, 1, not 0.2");
}

TEST_CASE("constraints are about machines and their kinds") {
  Algorithm a;
  a.name = "own";
  CHECK(constraint_problem(a, false, 1).empty());
  CHECK(constraint_problem(a, true, 1).empty());
  CHECK(constraint_problem(a, false, 2) == "own trains on one node only");
  a.constraints = {false, true, 4};
  CHECK(constraint_problem(a, false, 1) == "own needs a GPU");
  CHECK(constraint_problem(a, true, 5) == "own trains on at most 4 nodes");
  a.constraints = {true, false, 1};
  CHECK(constraint_problem(a, true, 1) == "own does not run on GPUs");
}

TEST_CASE("a hostile value cannot write to the terminal or fill it") {
  const std::string problem =
      problem_of(rule(ValueType::integer), std::string(5000, 'x').insert(0, "\x1b[2J"));
  CHECK(problem.size() < 200);
  CHECK(problem.find('\x1b') == std::string::npos);
}

TEST_CASE("an algorithm as JSON says everything that the table says") {
  const Json json = to_json(*find_builtin_algorithm("tabular_mlp"));
  CHECK(json["name"] == "tabular_mlp");
  CHECK(json["task"] == "tabular");
  CHECK(json["inputs"][0]["name"] == "data_url");
  CHECK(json["inputs"][0]["required"] == true);
  CHECK(json["outputs"][0]["required"] == false);
  CHECK(json["constraints"] == Json{{"cpu", true}, {"gpu", true}, {"max_nodes", 1}});
  const Json& target = json["hyperparameters"][0];
  CHECK(target["name"] == "target");
  CHECK(target["type"] == "String");
  CHECK(target["required"] == true);
  CHECK(target["default"].is_null());
  for (const Json& h : json["hyperparameters"]) {
    if (h["name"] != "lr") continue;
    CHECK(h["type"] == "Float");
    CHECK(h["min"] == 0);
    CHECK(h["min_is_exclusive"] == true);
    CHECK(h["max"].is_null());
    CHECK(h["default"] == 0.001);
  }
}

TEST_CASE("an algorithm with a command survives JSON") {
  Algorithm a;
  a.name = "own";
  a.description = "d";
  a.task = Task::command;
  a.inputs = {{"data_url", "data", true}};
  a.outputs = {{"train_url", "", false}};
  Hyperparameter h = rule(ValueType::integer);
  h.default_value = 16;
  h.choices = {"16", "32"};
  h.min = 1;
  h.adjustable = false;
  a.hyperparameters = {h};
  a.allow_extra_hyperparameters = true;
  a.constraints = {true, false, 3};
  a.command = {{"python3", "a b"}, "/src", "img", true, ParameterPassing::environment,
               {"(a)(b)"},         7};
  const Algorithm back = algorithm_from_json(parse_json(to_json_text(to_json(a)), "test"));
  CHECK(to_json(back) == to_json(a));
  CHECK(back.command->words == a.command->words);
  CHECK(back.command->parameters == ParameterPassing::environment);
  CHECK(back.hyperparameters[0].default_value == 16);
  CHECK_FALSE(back.hyperparameters[0].adjustable);
}

TEST_CASE("a damaged algorithm is an io error") {
  for (const char* damaged : {"null", "[]", "{}", R"({"name": 1})"}) {
    INFO(damaged);
    try {
      algorithm_from_json(parse_json(damaged, "test"));
      FAIL("nothing was thrown");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::io);
    }
  }
  CHECK_THROWS_AS(algorithm_from_json(to_json(builtin_algorithms().front())), Error);
}

}  // namespace
}  // namespace mat
