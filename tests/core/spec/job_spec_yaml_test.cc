#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

void check_round_trip(const JobSpec& spec) {
  for (const bool with_comments : {false, true}) {
    const std::string yaml = to_yaml(spec, with_comments);
    INFO(yaml);
    const JobSpec again = resolve(parse_spec(yaml, "again.yaml", "/elsewhere"));
    REQUIRE(again.settings.size() == spec.settings.size());
    for (const auto& [key, setting] : spec.settings) {
      INFO(key);
      CHECK(again.settings.at(key).value == setting.value);
    }
    CHECK(to_yaml(again) == to_yaml(spec));
  }
}

TEST_CASE("a resolved spec is written in the order of a spec, and says where values came from") {
  const JobSpec spec =
      resolved(complete("experiment: e\nseed: 3\nauto_stop: 4h\n"
                        "hyperparameters: {lr: 0.1}\nenvironment: {TZ: UTC}"));
  const std::string yaml = to_yaml(spec, true);
  const std::vector<std::string> lines = {"name: clothes  # spec\n",
                                          "experiment: e  # spec\n",
                                          "algorithm: resnet18  # spec\n",
                                          "inputs:\n  data_url: /folder/data  # spec\n",
                                          "hyperparameters:\n  epochs: 10  # algorithm\n",
                                          "  lr: 0.1  # spec\n",
                                          "environment:\n  TZ: UTC  # spec\n",
                                          "resources:\n  pool: public  # default\n",
                                          "auto_stop: \"4h\"  # spec\n",
                                          "seed: 3  # spec\n"};
  std::size_t at = 0;
  for (const std::string& line : lines) {
    INFO(line);
    const auto found = yaml.find(line, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
  CHECK(to_yaml(spec).find('#') == std::string::npos);
}

TEST_CASE("specs of every algorithm survive YAML") {
  for (const Algorithm& algorithm : builtin_algorithms()) {
    Settings settings = parse(complete("experiment: {name: a, description: 'b: c'}"));
    settings["algorithm"].value = algorithm.name;
    if (algorithm.task == Task::tabular) settings["hyperparameters.target"].value = "yes";
    check_round_trip(resolve(settings));
  }
}

TEST_CASE("a spec with a command of its own survives YAML") {
  check_round_trip(resolved(R"(
name: own
algorithm: {command: [python3, "it's", "a b"], code: ./src, metrics: ['(a) (b)', '(c) (d)']}
inputs: {pictures: s3://bucket/x, "labels": ./y}
outputs: {out: ./o}
hyperparameters: {lr: 0.5, epochs: 3, flag: true, text: "7", unit: 1.0}
priority: 3
auto_stop: 18:30
)"));
}

TEST_CASE("hostile texts survive YAML") {
  const std::vector<std::string> pieces = {"a",
                                           "Z",
                                           "0",
                                           "9",
                                           " ",
                                           "  ",
                                           "\n",
                                           "\t",
                                           "\r",
                                           "\"",
                                           "'",
                                           "\\",
                                           "#",
                                           " #",
                                           ":",
                                           ": ",
                                           "-",
                                           "- ",
                                           "?",
                                           ",",
                                           "[",
                                           "]",
                                           "{",
                                           "}",
                                           "&",
                                           "*",
                                           "!",
                                           "|",
                                           ">",
                                           "%",
                                           "@",
                                           "`",
                                           "~",
                                           "<<",
                                           "=",
                                           "---",
                                           "...",
                                           "yes",
                                           "null",
                                           "1e3",
                                           ".",
                                           "/",
                                           "é",
                                           "日",
                                           "\xF0\x9F\x98\x80",
                                           "\x01",
                                           "\x04",
                                           "\x1b",
                                           "\x7f",
                                           "\xC2\x85",
                                           "\xE2\x80\xA8",
                                           "\xEF\xBB\xBF",
                                           "0x1",
                                           "true",
                                           "$",
                                           "\\n",
                                           "\\x"};
  std::mt19937 random(7);
  const auto text = [&] {
    std::string all;
    for (auto left = random() % 12; left > 0; --left) all += pieces[random() % pieces.size()];
    return all;
  };
  for (int round = 0; round < 2000; ++round) {
    Settings settings = parse(complete());
    settings["algorithm"].value = "tabular_mlp";
    settings["hyperparameters.target"].value = text() + "x";
    settings["hyperparameters.ignore_columns"].value = text();
    settings["description"].value = text();
    settings["experiment.name"].value = "e";
    settings["experiment.description"].value = text();
    settings["environment.null"].value = text();
    settings["environment.yes"].value = text();
    std::string path = "/p";
    path += text();
    if (path.find("://") == std::string::npos) settings["log_path"].value = path;
    check_round_trip(resolve(settings));
  }
}

TEST_CASE("numbers survive YAML to the last bit") {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-300, 300);
  for (int round = 0; round < 500; ++round) {
    Settings settings = parse(complete());
    settings["hyperparameters.lr"].value = std::pow(10.0, exponent(random));
    settings["hyperparameters.weight_decay"].value = std::nextafter(0.1 * double(round), 1e9);
    settings["seed"].value = static_cast<std::int64_t>(random() >> 1);
    check_round_trip(resolve(settings));
  }
}

}  // namespace
}  // namespace mat
