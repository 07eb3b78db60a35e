#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/core/spec/spec_testing.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

TEST_CASE("a spec becomes flat settings with places and absolute paths") {
  const Settings settings = parse(R"(# yaml-language-server: $schema=docs/job.schema.json
name: clothes
description: six kinds of clothes
experiment: first-look
algorithm: resnet18
inputs:  {data_url: ./data}
outputs: {train_url: ../out/}
hyperparameters:
  lr: 1e-2
  flip: false
environment: {TZ: UTC, LEVEL: 0755, RATE: 1.10}
resources: {pool: public, type: cpu, flavor: cpu.2, nodes: 1}
auto_restart: 0
auto_stop: 4h
log_path: /var/log//mat/./x
seed: 7
)");
  CHECK(settings.at("name").value == "clothes");
  CHECK(settings.at("experiment.name").value == "first-look");
  CHECK(settings.at("inputs.data_url").value == "/folder/data");
  CHECK(settings.at("outputs.train_url").value == "/out");
  CHECK(settings.at("log_path").value == "/var/log/mat/x");
  CHECK(settings.at("hyperparameters.lr").value == 0.01);
  CHECK(settings.at("hyperparameters.flip").value == false);
  CHECK(settings.at("environment.LEVEL").value == "0755");
  CHECK(settings.at("environment.RATE").value == "1.10");
  CHECK(settings.at("resources.flavor").value == "cpu.2");
  CHECK(settings.at("auto_stop").value == "4h");
  CHECK(settings.at("seed").value == 7);
  const Setting& lr = settings.at("hyperparameters.lr");
  CHECK(lr.source == "spec");
  CHECK(lr.file == "job.yaml");
  CHECK(lr.position.line == 9);
  CHECK(lr.position.column == 7);
  CHECK(lr.key_position.column == 3);
}

TEST_CASE("an experiment may have a description") {
  const Settings settings = parse("experiment: {name: first, description: a look}");
  CHECK(settings.at("experiment.name").value == "first");
  CHECK(settings.at("experiment.description").value == "a look");
}

TEST_CASE("a spec may be JSON, and a section with nothing in it is empty") {
  CHECK(parse(R"({"name": "a", "hyperparameters": {"lr": 0.1}})").size() == 2);
  CHECK(parse("name: a\nhyperparameters:\n  # lr: 0.1\n").size() == 1);
}

TEST_CASE("an unknown key is refused with the nearest known one") {
  CHECK(parse_refusal("nme: a") == "job.yaml:1:1: unknown key 'nme' | did you mean 'name'?");
  CHECK(parse_refusal("resources: {flavour: cpu.2}") ==
        "job.yaml:1:13: unknown key 'flavour' in resources | did you mean 'flavor'?");
  CHECK(parse_refusal("\n  qqqqqq: 1").find("known: name, description") != std::string::npos);
}

TEST_CASE("a value of a wrong type is refused at its place") {
  CHECK(parse_refusal("name: 2024") ==
        "job.yaml:1:7: name must be text, not 2024: write it in quotes, \"2024\"");
  CHECK(parse_refusal("seed: \"7\"") ==
        "job.yaml:1:7: seed must be a whole number, not the text '7': write it without quotes");
  CHECK(parse_refusal("seed: 1.5") == "job.yaml:1:7: seed must be a whole number, not 1.5");
  CHECK(parse_refusal("seed: -1") == "job.yaml:1:7: seed must be at least 0, not -1");
  CHECK(parse_refusal("seed: 9223372036854775808") ==
        "job.yaml:1:7: seed is too large or too small a number");
  CHECK(parse_refusal("seed: 0x10") ==
        "job.yaml:1:7: seed must be a whole number, not the text '0x10'");
  CHECK(parse_refusal("name:") == "job.yaml:1:1: name has no value: give one or remove the line");
  CHECK(parse_refusal("name: [a]") == "job.yaml:1:7: name must be one value, not a list");
  CHECK(parse_refusal("hyperparameters: {lr: {a: 1}}") ==
        "job.yaml:1:23: lr must be one value, not a mapping");
  CHECK(parse_refusal("hyperparameters: {flip: yes}") ==
        "job.yaml:1:25: flip must not be the bare word yes: write true, or \"yes\" for the text");
  CHECK(parse_refusal("inputs: ./data") ==
        "job.yaml:1:9: inputs must be a mapping with lines like 'key: value'");
  CHECK(parse_refusal("- name\n- x") == "job.yaml:1:1: this must be settings like 'name: clothes'");
  CHECK(parse_refusal("resources: {type: tpu}") ==
        "job.yaml:1:19: resources.type must be one of auto, cpu, gpu, not 'tpu'");
  CHECK(parse_refusal("resources: {flavor: a/b}") ==
        "job.yaml:1:21: resources.flavor must be 1 to 64 letters, digits, '-', '_' or '.', "
        "beginning with a letter or digit, not 'a/b'");
  CHECK(parse_refusal("priority: 1001") ==
        "job.yaml:1:11: priority must be at most 1000, not 1001");
}

TEST_CASE("durations are checked") {
  for (const char* good : {"90", "90s", "30m", "4h", "1h30m", "0.5"}) {
    CHECK(parse(fmt::format("auto_stop: {}", good)).size() == 1);
  }
  for (const char* bad : {"0", "-1", "4x", "soon", "true", "400d", "''", "[1]"}) {
    INFO(bad);
    CHECK(parse_refusal(fmt::format("auto_stop: {}", bad)).find("auto_stop must") !=
          std::string::npos);
  }
}

TEST_CASE("a time of the clock may stand where a duration does") {
  CHECK(parse("auto_stop: 18:30").at("auto_stop").value == "18:30");
  CHECK(parse("auto_stop: 2026-11-21 06:00").at("auto_stop").value == "2026-11-21 06:00");
  CHECK(parse_refusal("auto_stop: 24:00").find("auto_stop must be a duration") !=
        std::string::npos);
}

TEST_CASE("sizes are checked") {
  CHECK(parse("log_limit: 256MB").at("log_limit").value == "256MB");
  CHECK(parse("log_limit: 100000").at("log_limit").value == 100000);
  CHECK(parse_refusal("log_limit: 10") == "job.yaml:1:12: log_limit must be at least 64.0 KiB");
  CHECK(parse_refusal("log_limit: big") ==
        "job.yaml:1:12: log_limit must be a number of bytes, or like 256MB or 1.5GiB");
  CHECK(parse_refusal("log_limit: true") != "nothing was thrown");
}

TEST_CASE("addresses of object stores are kept as they are, others are refused") {
  const Settings settings = parse(
      "inputs: {data_url: s3://bucket/./data/}\noutputs: {train_url: obs://b}\n"
      "log_path: s3://logs/x");
  CHECK(settings.at("inputs.data_url").value == "s3://bucket/./data/");
  CHECK(settings.at("outputs.train_url").value == "obs://b");
  CHECK(settings.at("log_path").value == "s3://logs/x");
  CHECK(parse_refusal("inputs: {data_url: ftp://example.org/data}") ==
        "job.yaml:1:20: inputs.data_url must be a path, or an address like s3://BUCKET/FOLDER or "
        "obs://…, not 'ftp://example.org/data'");
  CHECK(parse_refusal("inputs: {data_url: 's3:///x'}") != "nothing was thrown");
}

TEST_CASE("an input may be a dataset, and an output may not") {
  const Settings settings =
      parse("inputs: {data_url: {dataset: clothes@V002}, more: dataset://flowers}");
  CHECK(settings.at("inputs.data_url").value == "dataset://clothes@V002");
  CHECK(settings.at("inputs.more").value == "dataset://flowers");
  CHECK(parse_refusal("inputs: {data_url: {dataset: ../up}}") ==
        "job.yaml:1:20: inputs.data_url must be a dataset like clothes or clothes@V002, not "
        "'../up'");
  for (const char* wrong : {"{dataset: a@b@c}", "{dataset: }", "{dataset: [a]}", "{data: a}",
                            "{dataset: a, more: b}", "{}", "{dataset: a@}"}) {
    INFO(wrong);
    CHECK(parse_refusal(std::string("inputs: {data_url: ") + wrong + "}") != "nothing was thrown");
  }
  CHECK(parse_refusal("outputs: {train_url: {dataset: a}}") != "nothing was thrown");
  CHECK(parse_refusal("outputs: {train_url: dataset://a}") != "nothing was thrown");
}

TEST_CASE("an algorithm may be a command of the spec's own") {
  const Settings settings = parse(R"(
algorithm:
  command: [python3, train.py, "a b"]
  code: ./src
  image: ./root.tar
  network: true
  parameters: environment
  metrics: ['(\w+)=(\S+)', '(?<value>\d+) (?<name>\w+)']
  code_limit: 1GB
)");
  CHECK(settings.at("algorithm.command").value == "python3 train.py 'a b'");
  CHECK(settings.at("algorithm.code").value == "/folder/src");
  CHECK(settings.at("algorithm.image").value == "/folder/root.tar");
  CHECK(settings.at("algorithm.network").value == true);
  CHECK(settings.at("algorithm.parameters").value == "environment");
  CHECK(settings.at("algorithm.metrics").value == "(\\w+)=(\\S+)\n(?<value>\\d+) (?<name>\\w+)");
  CHECK(settings.at("algorithm.code_limit").value == "1GB");
  CHECK(settings.count("algorithm") == 0);
  CHECK(parse("algorithm: {command: x, image: 'python:3.11'}").at("algorithm.image").value ==
        "python:3.11");
}

TEST_CASE("what is wrong with a command is told at its place") {
  CHECK(parse_refusal("algorithm: {command: 'a | b'}")
            .find("job.yaml:1:22: algorithm.command has a |") == 0);
  CHECK(parse_refusal("algorithm: {command: []}") ==
        "job.yaml:1:22: algorithm.command must not be empty");
  CHECK(parse_refusal("algorithm: {comand: a}") ==
        "job.yaml:1:13: unknown key 'comand' in algorithm | did you mean 'command'?");
  CHECK(parse_refusal("algorithm: {command: a, metrics: '('}")
            .find("job.yaml:1:34: algorithm.metrics has the pattern '(', which is none: ") == 0);
  CHECK(parse_refusal("algorithm: {command: a, parameters: env}") ==
        "job.yaml:1:37: algorithm.parameters must be one of arguments, environment, not 'env'");
  CHECK(parse_refusal("algorithm: {command: a, code: 's3://b/c'}").find("must be a path, not") !=
        std::string::npos);
  CHECK(parse_refusal("algorithm: [a]") ==
        "job.yaml:1:12: algorithm must be one value, not a list");
  CHECK(parse_refusal("algorithm:").find("algorithm has no value") != std::string::npos);
}

TEST_CASE("the value of a secret variable is never quoted") {
  const std::vector<std::string> specs{
      "environment: {API_TOKEN: [hunter2]}",   "environment: {API_TOKEN: {hunter2: 1}}",
      "environment: {API_TOKEN=hunter2}",      "environment: {API_TOKEN:hunter2}",
      "environment: {API_TOKEN: *hunter2}",    "environment: {API_TOKEN: !hunter2 x}",
      "environment: {API_TOKEN: 'hunter2}",    "environment: {API_TOKEN: hunter2",
      "environment:\n  API_TOKEN: hunter2: x", "environment:\n  API_TOKEN hunter2",
      "environment: API_TOKEN=hunter2",        "environment: [API_TOKEN=hunter2]"};
  for (const std::string& spec : specs) {
    const std::string refused = parse_refusal(spec);
    INFO(spec << "\n" << refused);
    CHECK(refused != "nothing was thrown");
    CHECK(refused.find("hunter2") == std::string::npos);
  }
  for (const char* assignment :
       {"environment.API_TOKEN hunter2", "environment.API_TOKEN:hunter2"}) {
    const std::string refused = refusal([&] { parse_assignments({assignment}, "/"); });
    CHECK(refused.find("is not KEY=VALUE") != std::string::npos);
    CHECK(refused.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a variable is text however it looks, but words that are no text have to be quoted") {
  const Settings settings =
      parse("environment: {A: 99999999999999999999, B: -1, C: 0x1, D: .5, E: 1.10}");
  CHECK(settings.at("environment.A").value == "99999999999999999999");
  CHECK(settings.at("environment.B").value == "-1");
  CHECK(settings.at("environment.E").value == "1.10");
  CHECK(parse_refusal("environment: {A: yes}") ==
        "job.yaml:1:18: environment.A must be text: write it in quotes");
}

TEST_CASE("names are checked as everywhere else") {
  for (const char* bad : {"\"\"", "a b", "../x", ".a", "-a", "a/b", "ü"}) {
    INFO(bad);
    CHECK(parse_refusal(fmt::format("name: {}", bad)).find("name must be 1 to 64 letters") !=
          std::string::npos);
  }
  CHECK(parse(fmt::format("name: {:a>64}", "")).size() == 1);
  CHECK(parse_refusal(fmt::format("name: {:a>65}", "")) != "nothing was thrown");
}

TEST_CASE("environment variables have names of letters, digits and '_', and values of text") {
  CHECK(parse("environment: {_A1: '', b: x}").size() == 2);
  CHECK(parse_refusal("environment: {1A: x}").find("environment.1A must be a name") !=
        std::string::npos);
  CHECK(parse_refusal("environment: {A-B: x}") != "nothing was thrown");
  const std::string refused = parse_refusal("environment: {API_KEY: true}");
  CHECK(refused == "job.yaml:1:24: environment.API_KEY must be text: write it in quotes");
}

TEST_CASE("merge keys and keys that are no names are refused") {
  CHECK(parse_refusal("<<: {name: a}").find("merge keys (<<) are not supported") !=
        std::string::npos);
  CHECK(parse_refusal("? [a]\n: 1\n") == "job.yaml:1:3: a key must be a name");
  CHECK(parse_refusal("hyperparameters: {: 1}") != "nothing was thrown");
  CHECK(parse_refusal("hyperparameters: {'': 1}") == "job.yaml:1:19: a key must not be empty");
}

TEST_CASE("all problems are told at once, in the order of the file") {
  CHECK(parse_refusal("nme: a\nseed: x\nresources: {nodes: 0}\n") ==
        "job.yaml:1:1: unknown key 'nme' (did you mean 'name'?)\n"
        "job.yaml:2:7: seed must be a whole number, not the text 'x'\n"
        "job.yaml:3:20: resources.nodes must be at least 1, not 0");
}

TEST_CASE("a flood of problems is cut") {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) yaml += fmt::format("k{}: 1\n", i);
  const std::string refused = parse_refusal(yaml);
  CHECK(refused.find("and 980 more") != std::string::npos);
  CHECK(refused.size() < 10000);
}

TEST_CASE("a hostile key cannot forge a line of the message") {
  const std::string refused = parse_refusal("\"a\\nmat: error: b\\e[2J\": 1");
  CHECK(refused.find('\n') == std::string::npos);
  CHECK(refused.find('\x1b') == std::string::npos);
}

TEST_CASE("a spec file's paths are relative to its folder") {
  const TempFolder folder;
  std::ofstream(folder / "job.yaml") << "inputs: {data_url: sub/../data}\n";
  const Settings settings = read_spec_file(folder / "job.yaml");
  CHECK(settings.at("inputs.data_url").value == (folder / "data").string());
  CHECK(settings.at("inputs.data_url").file == (folder / "job.yaml").string());
}

TEST_CASE("a spec of no folder is one of the working directory") {
  const auto here = std::filesystem::current_path();
  CHECK(parse_spec("log_path: l", "-", "").at("log_path").value == (here / "l").string());
  CHECK(parse_spec("log_path: l", "-", "x/..").at("log_path").value == (here / "l").string());
}

TEST_CASE("a spec file that is not there is not found, and a folder is no spec") {
  const TempFolder folder;
  const auto kind_of = [](const std::filesystem::path& path) {
    try {
      read_spec_file(path);
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::bug;
  };
  CHECK(kind_of(folder / "none.yaml") == ErrorKind::not_found);
  CHECK(kind_of(folder.path()) != ErrorKind::bug);
  std::ofstream(folder / "large.yaml") << std::string((1 << 20) + 1, '#');
  CHECK(kind_of(folder / "large.yaml") == ErrorKind::usage);
}

}  // namespace
}  // namespace mat
