#include <catch2/catch.hpp>

#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

Settings assign(const std::vector<std::string>& assignments) {
  return parse_assignments(assignments, "/here");
}

std::string assign_refusal(const std::string& assignment) {
  return refusal([&] { assign({assignment}); });
}

TEST_CASE("a key that is no setting of its own is a hyperparameter") {
  const Settings settings = assign({"lr=0.1", "hyperparameters.epochs=3", " flip = false "});
  CHECK(settings.at("hyperparameters.lr").value == 0.1);
  CHECK(settings.at("hyperparameters.epochs").value == 3);
  CHECK(settings.at("hyperparameters.flip").value == false);
  CHECK(settings.at("hyperparameters.lr").source == "--set");
  CHECK(settings.at("hyperparameters.lr").position.line == 0);
}

TEST_CASE("settings keep their names, and an experiment is its name") {
  const Settings settings =
      assign({"seed=3", "resources.flavor=cpu.2", "experiment=first", "environment.TZ=UTC",
              "algorithm=resnet34", "inputs.data_url=./data", "auto_stop=4h"});
  CHECK(settings.at("seed").value == 3);
  CHECK(settings.at("experiment.name").value == "first");
  CHECK(settings.at("inputs.data_url").value == "/here/data");
  CHECK(settings.at("auto_stop").value == "4h");
  CHECK(settings.size() == 7);
}

TEST_CASE("where text is wanted the text is taken as it is") {
  const Settings settings = assign({"name=2024", "description= yes: \"no\" # x",
                                    "environment.A=1.10", "environment.B=", "description="});
  CHECK(settings.at("name").value == "2024");
  CHECK(settings.at("environment.A").value == "1.10");
  CHECK(settings.at("environment.B").value == "");
  CHECK(settings.at("description").value == "");
  CHECK(assign({"description= yes: \"no\" # x"}).at("description").value == " yes: \"no\" # x");
}

TEST_CASE("values are YAML scalars elsewhere") {
  CHECK(assign({"target=\"5\""}).at("hyperparameters.target").value == "5");
  CHECK(assign({"target='it''s'"}).at("hyperparameters.target").value == "it's");
  CHECK(assign({"target=a: b"}).at("hyperparameters.target").value == "a: b");
  CHECK(assign({"target=a=b"}).at("hyperparameters.target").value == "a=b");
  CHECK(assign({"hidden=128,64"}).at("hyperparameters.hidden").value == "128,64");
  CHECK(assign({"lr="}).at("hyperparameters.lr").value == "");
  CHECK(assign_refusal("flip=yes") ==
        "--set: flip must not be the bare word yes: write true, or \"yes\" for the text");
  CHECK(assign_refusal("target=\"5") != "nothing was thrown");
  CHECK(assign_refusal("target=\"5\" 6") != "nothing was thrown");
}

TEST_CASE("a wrong assignment is refused") {
  CHECK(assign_refusal("lr") == "--set: 'lr' is not KEY=VALUE");
  CHECK(assign_refusal("=1").find("--set: unknown key ''") == 0);
  CHECK(assign_refusal("resources=cpu").find("--set: unknown key 'resources'") == 0);
  CHECK(assign_refusal("resources.flavour=cpu.1") ==
        "--set: unknown key 'resources.flavour' | did you mean 'resources.flavor'?");
  CHECK(assign_refusal("hyperparameters.=1").find("--set: unknown key") == 0);
  CHECK(assign_refusal("seed=") == "--set: seed must not be empty");
  CHECK(assign_refusal("seed=x") == "--set: seed must be a whole number, not the text 'x'");
  CHECK(assign_refusal("inputs.data_url=") == "--set: inputs.data_url must not be empty");
  CHECK(assign_refusal("description=\xff") == "--set: description must be UTF-8 text");
  CHECK(assign_refusal("target=\xff") == "--set: target must be UTF-8 text");
}

TEST_CASE("a command and metric patterns may be lists") {
  CHECK(assign({R"(algorithm.command=["sh","-c","echo a b"])"}).at("algorithm.command").value ==
        "sh -c 'echo a b'");
  CHECK(assign({R"(algorithm.metrics=['(?<name>a) (?<value>b)', '(c)(d)'])"})
            .at("algorithm.metrics")
            .value == "(?<name>a) (?<value>b)\n(c)(d)");
  CHECK(assign({"algorithm.metrics=[ab](c)(d)"}).at("algorithm.metrics").value == "[ab](c)(d)");
}

TEST_CASE("of a key given twice the later one wins, and all problems are told") {
  CHECK(assign({"lr=1", "lr=2"}).at("hyperparameters.lr").value == 2);
  CHECK(refusal([] {
          assign({"lr", "seed=x"});
        }) ==
        "--set: 'lr' is not KEY=VALUE\n"
        "--set: seed must be a whole number, not the text 'x'");
}

TEST_CASE("a dataset is assigned to an input by a word of its own, and replaces a path") {
  const Settings settings =
      parse_assignments({"inputs.data_url=/data", "inputs.data_url.dataset=clothes@V002"}, "/");
  CHECK(settings.size() == 1);
  CHECK(settings.at("inputs.data_url").value == "dataset://clothes@V002");
  CHECK_THROWS_AS(parse_assignments({"inputs.data_url.dataset=../up"}, "/"), Error);
  CHECK_THROWS_AS(parse_assignments({"inputs.data_url.dataset="}, "/"), Error);
}

}  // namespace
}  // namespace mat
