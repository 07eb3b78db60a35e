// Specs whose algorithm is a command: one of the spec's own, or a saved one.

#include <catch2/catch.hpp>

#include "core/spec/algorithm_file.h"
#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

constexpr const char* kSaved = R"(
name: forest
command: python3 train.py
inputs: [{name: data_url, required: true}]
outputs: [train_url]
hyperparameters:
  - {name: trees, type: Integer, default: 100, range: [1, 1000]}
  - {name: criterion, choices: [gini, entropy], default: gini}
  - {name: label, type: String, required: true, description: column}
  - {name: jobs, type: Integer, default: 1, adjustable: false}
constraints: {gpu: false}
)";

SpecLookup with_saved(const std::string& yaml = kSaved) {
  const Algorithm algorithm = parse_algorithm(yaml, "alg.yaml", "/algorithms");
  SpecLookup lookup;
  lookup.find_algorithm = [algorithm](const std::string& name) {
    return name == algorithm.name ? std::optional(algorithm) : std::nullopt;
  };
  lookup.algorithm_names = [name = algorithm.name] { return std::vector<std::string>{name}; };
  return lookup;
}

std::string forest(const std::string& more = {}) {
  return "name: a\nalgorithm: forest\ninputs: {data_url: ./data}\n" + more;
}

std::string forest_refusal(const std::string& more, const std::string& algorithm = kSaved) {
  return refusal([&] { resolve(parse(forest(more)), with_saved(algorithm)); });
}

TEST_CASE("a command of the spec's own takes any inputs, outputs and hyperparameters") {
  const JobSpec spec = resolved(R"(
name: own
algorithm: {command: "python3 train.py --fast", code: ./src}
inputs: {pictures: ./p, labels: s3://bucket/l}
outputs: {out: ./o}
hyperparameters: {lr: 0.5, epochs: 3, flag: true, text: "7"}
)");
  CHECK(spec.algorithm == kInlineAlgorithm);
  REQUIRE(spec.definition.command);
  const Command& command = *spec.definition.command;
  CHECK(command.words == std::vector<std::string>{"python3", "train.py", "--fast"});
  CHECK(command.code == "/folder/src");
  CHECK(command.image.empty());
  CHECK_FALSE(command.network);
  CHECK(command.parameters == ParameterPassing::arguments);
  CHECK(command.metrics.empty());
  CHECK(command.code_limit_bytes == kDefaultCodeLimitBytes);
  CHECK(spec.inputs.at("labels") == "s3://bucket/l");
  CHECK(spec.outputs.at("out") == "/folder/o");
  CHECK(spec.hyperparameters["lr"] == 0.5);
  CHECK(spec.hyperparameters["epochs"].is_number_integer());
  CHECK(spec.hyperparameters["flag"] == true);
  CHECK(spec.hyperparameters["text"] == "7");
  CHECK(spec.definition.find_hyperparameter("flag")->type == ValueType::boolean);
  CHECK(spec.settings.at("algorithm.network").source == "default");
  CHECK(to_json(algorithm_from_json(to_json(spec.definition))) == to_json(spec.definition));
}

TEST_CASE("a built-in algorithm has no settings of a command") {
  const JobSpec spec = resolved(complete());
  CHECK_FALSE(spec.definition.command);
  CHECK(spec.definition.name == "resnet18");
  CHECK(spec.settings.count("algorithm.network") == 0);
  CHECK(refusal([] {
          resolve(merge(parse(complete()), parse_assignments({"algorithm.image=x"}, "/")));
        }) ==
        "--set: algorithm.image belongs to a command, and there is none | write 'algorithm: "
        "{command: …}' in the spec");
}

TEST_CASE("names of parameters must suit the way in which the command gets them") {
  const std::string own = "name: a\nalgorithm: {command: x}\n";
  CHECK(resolve_refusal(own + "hyperparameters: {'a b': 1}")
            .find("job.yaml:3:19: 'a b' cannot be the name of a parameter of a command") == 0);
  CHECK(resolve_refusal(own + "inputs: {x: ./x}\noutputs: {x: ./y}")
            .find("job.yaml:4:11: the command would get 'x' twice") == 0);
  CHECK(resolved(own + "hyperparameters: {path: x}").hyperparameters.size() == 1);
  CHECK(resolve_refusal("name: a\nalgorithm: {command: x, parameters: environment}\n"
                        "hyperparameters: {path: x}")
            .find("job.yaml:3:19: 'path' would replace a variable that programs need") == 0);
}

TEST_CASE("a saved algorithm is checked like a built-in one") {
  const JobSpec spec =
      resolve(parse(forest("hyperparameters: {label: y, trees: 50}")), with_saved());
  CHECK(spec.algorithm == "forest");
  CHECK(spec.definition.command->words.front() == "python3");
  CHECK(spec.hyperparameters ==
        Json{{"trees", 50}, {"criterion", "gini"}, {"label", "y"}, {"jobs", 1}});
  CHECK(spec.settings.at("hyperparameters.criterion").source == "algorithm");
  CHECK(forest_refusal("") ==
        "hyperparameters.label is missing: forest needs it (column) | write 'label: VALUE' below "
        "'hyperparameters:' or give --set label=VALUE");
  CHECK(forest_refusal("hyperparameters: {label: y, trees: 0}") ==
        "job.yaml:4:36: trees must be at least 1, not 0");
  CHECK(forest_refusal("hyperparameters: {label: y, tree: 5}") ==
        "job.yaml:4:29: forest has no hyperparameter 'tree' | did you mean 'trees'?");
  CHECK(forest_refusal("hyperparameters: {label: y}\nresources: {type: gpu}") ==
        "job.yaml:5:19: resources.type cannot be gpu: forest does not run on GPUs");
  CHECK(refusal([] { resolve(parse("name: a\nalgorithm: forrest"), with_saved()); }) ==
        "not found: job.yaml:2:12: there is no algorithm 'forrest' | did you mean 'forest'?");
}

TEST_CASE("a fixed hyperparameter is always its default") {
  CHECK(forest_refusal("hyperparameters: {label: y, jobs: 2}") ==
        "job.yaml:4:35: jobs is fixed by forest: it is always 1");
  CHECK(resolve(parse(forest("hyperparameters: {label: y, jobs: 1}")), with_saved())
            .hyperparameters["jobs"] == 1);
}

TEST_CASE("extra hyperparameters are taken where they are allowed") {
  const std::string open = std::string(kSaved) + "allow_extra_hyperparameters: true\n";
  const JobSpec spec =
      resolve(parse(forest("hyperparameters: {label: y, depth: 3, more: text}")), with_saved(open));
  CHECK(spec.hyperparameters["depth"] == 3);
  CHECK(spec.hyperparameters["more"] == "text");
  CHECK(forest_refusal("hyperparameters: {label: y, trees: 0, depth: 3}", open) ==
        "job.yaml:4:36: trees must be at least 1, not 0");
}

TEST_CASE("a recorded version resolves with the algorithm that it ran, whatever became of it") {
  const JobSpec spec = resolve(parse(forest("hyperparameters: {label: y}")), with_saved());
  const Json facts = {{"algorithm", to_json(spec.definition)}};
  const Settings recorded = with_source(spec.settings, "a@V0001");
  CHECK(resolve(recorded, recorded_lookup(facts)).definition.command->words ==
        spec.definition.command->words);
  CHECK_THROWS_AS(resolve(recorded), Error);
  CHECK_FALSE(recorded_lookup(Json::object()).find_algorithm);

  const Settings own = resolved("name: a\nalgorithm: {command: x}").settings;
  CHECK(resolve(own, recorded_lookup(facts)).algorithm == kInlineAlgorithm);
}

TEST_CASE("defaults that a replaced algorithm no longer has go with it") {
  const JobSpec old = resolve(parse(forest("hyperparameters: {label: y}")), with_saved());
  const SpecLookup now = with_saved(
      "name: forest\ncommand: x\ninputs: [data_url]\n"
      "hyperparameters: {label: {required: true}, jobs: {default: 4, adjustable: false}}\n");
  const JobSpec spec = resolve(with_source(old.settings, "a@V0001"), now);
  CHECK(spec.hyperparameters == Json{{"label", "y"}, {"jobs", 4}});
}

}  // namespace
}  // namespace mat
