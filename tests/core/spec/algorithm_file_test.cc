#include "core/spec/algorithm_file.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "tests/core/spec/spec_testing.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

Algorithm parsed(const std::string& yaml) { return parse_algorithm(yaml, "alg.yaml", "/folder"); }

std::string file_refusal(const std::string& yaml) {
  return refusal([&] { parsed(yaml); });
}

std::string with(const std::string& yaml) { return "name: a\ncommand: x\n" + yaml; }

TEST_CASE("a file declares a command with all that belongs to it") {
  const Algorithm a = parsed(R"(
name: forest
description: a random forest
command: "python3 'my train.py' --quiet"
code: ./src
image: python:3.11
network: true
parameters: environment
metrics: '(?<name>\w+) = (?<value>\S+)'
code_limit: 1MB
inputs:
  - {name: data_url, description: a table, required: true}
  - labels
outputs: {train_url: the forest, extra: {required: true}}
hyperparameters:
  - {name: trees, type: Integer, default: 100, range: [1, 1000], description: how many}
  - {name: ratio, type: number, default: 0.5, range: [0, null]}
  - {name: criterion, choices: [gini, entropy], default: gini}
  - {name: size, choices: [16, 32]}
  - {name: label, required: true}
  - {name: jobs, default: 1, adjustable: false}
  - {name: verbose, type: BOOLEAN}
allow_extra_hyperparameters: true
constraints: {cpu: true, gpu: false, max_nodes: 2}
)");
  CHECK(a.name == "forest");
  CHECK(a.description == "a random forest");
  CHECK(a.task == Task::command);
  REQUIRE(a.command);
  CHECK(a.command->words == std::vector<std::string>{"python3", "my train.py", "--quiet"});
  CHECK(a.command->code == "/folder/src");
  CHECK(a.command->image == "python:3.11");
  CHECK(a.command->network);
  CHECK(a.command->parameters == ParameterPassing::environment);
  CHECK(a.command->metrics.size() == 1);
  CHECK(a.command->code_limit_bytes == 1'000'000);
  REQUIRE(a.inputs.size() == 2);
  CHECK(a.inputs[0].required);
  CHECK(a.inputs[0].description == "a table");
  CHECK_FALSE(a.inputs[1].required);
  REQUIRE(a.outputs.size() == 2);
  CHECK(a.outputs[0].description == "the forest");
  CHECK(a.outputs[1].required);
  CHECK(a.allow_extra_hyperparameters);
  CHECK_FALSE(a.constraints.gpu);
  CHECK(a.constraints.max_nodes == 2);

  REQUIRE(a.hyperparameters.size() == 7);
  CHECK(a.hyperparameters[0].type == ValueType::integer);
  CHECK(a.hyperparameters[0].default_value == 100);
  CHECK(a.hyperparameters[0].max == 1000.0);
  CHECK(a.hyperparameters[1].type == ValueType::floating);
  CHECK(a.hyperparameters[1].min == 0.0);
  CHECK_FALSE(a.hyperparameters[1].max);
  CHECK(a.hyperparameters[2].type == ValueType::string);
  CHECK(a.hyperparameters[3].type == ValueType::integer);
  CHECK(a.hyperparameters[3].choices == std::vector<std::string>{"16", "32"});
  CHECK(a.hyperparameters[4].required);
  CHECK_FALSE(a.hyperparameters[5].adjustable);
  CHECK(a.hyperparameters[5].type == ValueType::integer);
  CHECK(a.hyperparameters[6].type == ValueType::boolean);
  CHECK(to_json(algorithm_from_json(to_json(a))) == to_json(a));
}

TEST_CASE("hyperparameters may be a mapping, and their types may be left out") {
  const Algorithm a = parsed(with("hyperparameters: {lr: 0.1, n: 3, on: {default: true}, t: }"));
  REQUIRE(a.hyperparameters.size() == 4);
  CHECK(a.hyperparameters[0].type == ValueType::floating);
  CHECK(a.hyperparameters[0].default_value == 0.1);
  CHECK(a.hyperparameters[1].type == ValueType::integer);
  CHECK(a.hyperparameters[2].type == ValueType::boolean);
  CHECK(a.hyperparameters[3].type == ValueType::string);
  CHECK(parsed(with("inputs:\nhyperparameters:\nconstraints:\n")).inputs.empty());
}

TEST_CASE("an unknown key of an algorithm is told with the nearest one") {
  CHECK(file_refusal(with("hyperparameter: []")) ==
        "alg.yaml:3:1: unknown key 'hyperparameter' in the algorithm | did you mean "
        "'hyperparameters'?");
  CHECK(file_refusal(with("hyperparameters: [{name: lr, defualt: 1}]")) ==
        "alg.yaml:3:30: unknown key 'defualt' in hyperparameters.lr | did you mean 'default'?");
  CHECK(file_refusal(with("constraints: {cpus: true}")) ==
        "alg.yaml:3:15: unknown key 'cpus' in constraints | did you mean 'cpu'?");
  CHECK(file_refusal(with("inputs: [{name: x, requird: true}]")).find("did you mean 'required'?") !=
        std::string::npos);
}

TEST_CASE("what is wrong with a hyperparameter is told at its place") {
  const auto hyperparameter = [](const std::string& text) {
    return file_refusal(with("hyperparameters: [{name: x, " + text + "}]"));
  };
  CHECK(hyperparameter("type: Int") ==
        "alg.yaml:3:35: hyperparameters.x.type must be String, Integer, Float or Boolean, not "
        "'Int'");
  CHECK(hyperparameter("type: Integer, default: 1.5") ==
        "alg.yaml:3:53: hyperparameters.x.default must be a whole number, not 1.5");
  CHECK(hyperparameter("type: Integer, default: 0, range: [1, 2]") ==
        "alg.yaml:3:53: hyperparameters.x.default must be at least 1, not 0");
  CHECK(hyperparameter("range: [2, 1]") ==
        "alg.yaml:3:36: hyperparameters.x.range must have its smaller end first");
  CHECK(hyperparameter("range: 3") ==
        "alg.yaml:3:36: hyperparameters.x.range must be like [0, 1]; null stands for no limit");
  CHECK(hyperparameter("type: String, range: [1, 2]") ==
        "alg.yaml:3:50: hyperparameters.x.range is for numbers only, not for String");
  CHECK(hyperparameter("choices: [a, 1]") ==
        "alg.yaml:3:42: hyperparameters.x.choices must be text, not 1: write it in quotes, \"1\"");
  CHECK(hyperparameter("choices: [1, 2], range: [1, 2]").find("cannot stand beside a range") !=
        std::string::npos);
  CHECK(hyperparameter("type: Boolean, choices: [true]").find("is not for Boolean") !=
        std::string::npos);
  CHECK(hyperparameter("choices: [a], default: b") ==
        "alg.yaml:3:52: hyperparameters.x.default must be one of a, not 'b'");
  CHECK(hyperparameter("adjustable: false") ==
        "alg.yaml:3:41: hyperparameters.x.adjustable cannot be false without a default");
  CHECK(hyperparameter("default: 1, required: true").find("cannot be true beside a default") !=
        std::string::npos);
  CHECK(hyperparameter("required: yes").find("bare word yes") != std::string::npos);
}

TEST_CASE("names in an algorithm are checked, and each stands once") {
  CHECK(file_refusal("command: x").find("alg.yaml: the algorithm has no name") == 0);
  CHECK(file_refusal("name: a").find("alg.yaml: the algorithm has no command") == 0);
  CHECK(file_refusal("name: a/b\ncommand: x").find("alg.yaml:1:7: name must be 1 to 64") == 0);
  CHECK(file_refusal("name: command\ncommand: x").find("alg.yaml:1:7: name cannot be 'command'") ==
        0);
  CHECK(file_refusal(with("inputs: ['a b']")) ==
        "alg.yaml:3:10: 'a b' cannot be a name in inputs | use 1 to 64 letters, digits, '_', '-' "
        "or '.', beginning with a letter or '_'");
  CHECK(file_refusal(with("inputs: [x]\nhyperparameters: [x]")) ==
        "alg.yaml:4:19: 'x' is the name of inputs.x already");
  CHECK(file_refusal(with("inputs: [{description: x}]")) ==
        "alg.yaml:3:10: one of the inputs has no name | begin it with '- name: NAME'");
  CHECK(file_refusal(with("inputs: x")) ==
        "alg.yaml:3:9: inputs must be a list with lines like '- name: NAME'");
  CHECK(file_refusal(with("parameters: environment\nhyperparameters: [home]")) ==
        "alg.yaml:4:19: 'home' would replace a variable that programs need | choose another name, "
        "or 'parameters: arguments'");
}

TEST_CASE("a file that is no algorithm is refused") {
  CHECK(file_refusal("[a]") ==
        "alg.yaml:1:1: the algorithm must be a mapping with lines like 'key: value'\n"
        "alg.yaml: the algorithm has no name\n"
        "alg.yaml: the algorithm has no command (write 'command: python3 train.py')");
  CHECK(file_refusal("").find("there is nothing in it") != std::string::npos);
  CHECK(file_refusal(with("constraints: {cpu: false, gpu: false}"))
            .find("constraints leave nothing to run on") != std::string::npos);
  CHECK(file_refusal(with("constraints: {max_nodes: 0}")) ==
        "alg.yaml:3:26: constraints.max_nodes must be at least 1, not 0");
  CHECK(file_refusal(with("metrics: '('")).find("alg.yaml:3:10: metrics has the pattern '('") == 0);
}

TEST_CASE("all problems of an algorithm are told at once") {
  const std::string refused = file_refusal(
      "name: a b\ncommand: x |\ncod: y\nhyperparameters: [{name: x, type: z}]\nnetwork: 3");
  CHECK(std::count(refused.begin(), refused.end(), '\n') == 4);
}

TEST_CASE("an algorithm file's paths are relative to its folder") {
  const TempFolder folder;
  write_file_atomic(folder / "alg.yaml", "name: a\ncommand: x\ncode: ../src\n");
  CHECK(read_algorithm_file(folder / "alg.yaml").command->code ==
        (folder.path().parent_path() / "src").string());
  CHECK_THROWS_AS(read_algorithm_file(folder / "none.yaml"), Error);
}

const std::filesystem::path kRoot = std::filesystem::path(MAT_TESTS_FOLDER).parent_path();

TEST_CASE("the examples in the page on algorithms are good ones") {
  const std::string page = read_file(kRoot / "docs" / "algorithms.md");
  const auto block_after = [&](const std::string& heading) {
    const auto begin = page.find("```yaml\n", page.find(heading)) + 8;
    return page.substr(begin, page.find("```", begin) - begin);
  };
  CHECK(resolved(block_after("## In a spec")).hyperparameters["trees"] == 100);
  const Algorithm a = parsed(block_after("## Saved"));
  CHECK(a.name == "forest");
  CHECK(a.hyperparameters.size() == 5);
}

TEST_CASE("the example with a program of one's own is a good one") {
  const std::filesystem::path folder = kRoot / "examples" / "own-command";
  const JobSpec spec = resolve(read_spec_file(folder / "job.yaml"));
  CHECK(spec.definition.command->code == folder.string());
  CHECK(read_algorithm_file(folder / "algorithm.yaml").hyperparameters.size() == 3);
}

}  // namespace
}  // namespace mat
