#include "core/spec/job_spec.h"

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "core/base/secrets.h"
#include "core/spec/problems.h"
#include "tests/core/spec/spec_testing.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

TEST_CASE("defaults fill what a spec leaves out, and say so") {
  const JobSpec spec = resolved(complete("hyperparameters: {lr: 1}"));
  CHECK(spec.name == "clothes");
  CHECK(spec.algorithm == "resnet18");
  CHECK(spec.inputs.at("data_url") == "/folder/data");
  CHECK(spec.outputs.empty());
  CHECK(spec.hyperparameters["lr"].is_number_float());
  CHECK(spec.hyperparameters["epochs"] == 10);
  CHECK(spec.hyperparameters.size() == find_builtin_algorithm("resnet18")->hyperparameters.size());
  CHECK(spec.hyperparameters.begin().key() == "epochs");
  CHECK(spec.resources.pool == "public");
  CHECK(spec.resources.type == "auto");
  CHECK(spec.resources.flavor.empty());
  CHECK(spec.resources.nodes == 1);
  CHECK(spec.seed == 0);
  CHECK_FALSE(spec.auto_stop_s);
  CHECK(spec.settings.at("hyperparameters.lr").source == "spec");
  CHECK(spec.settings.at("hyperparameters.epochs").source == "algorithm");
  CHECK(spec.settings.at("seed").source == "default");
}

TEST_CASE("what is wrong with a file and what is wrong for an algorithm are told together") {
  const TempFolder folder;
  const std::string file = (folder / "job.yaml").string();
  write_file_atomic(file,
                    "algorithm: resnet18\nsed: 3\n"
                    "hyperparameters: {epoch: 3, lr: '0.1', flip: yes}\n");
  Problems problems;
  const Settings settings = read_spec_file(file, problems);
  CHECK(refusal([&] { resolve(settings, {}, problems); }) ==
        file + ":2:1: unknown key 'sed' (did you mean 'seed'?)\n" + file +
            ":3:19: resnet18 has no hyperparameter 'epoch' (did you mean 'epochs'?)\n" + file +
            ":3:33: lr must be a number, not the text '0.1': write it without quotes\n" + file +
            ":3:46: flip must not be the bare word yes: write true, or \"yes\" for the text");
}

TEST_CASE("a dataset is pinned to the version that it means now, and written as it was") {
  SpecLookup lookup;
  lookup.find_dataset = [](const std::string& reference) {
    if (reference != "clothes") throw Error(ErrorKind::not_found, "there is none", "look");
    return std::string("clothes@V002");
  };
  const auto spec_of = [&](const std::string& data) {
    return resolve(parse("name: a\nalgorithm: resnet18\ninputs: {data_url: " + data + "}"), lookup);
  };
  const JobSpec spec = spec_of("{dataset: clothes}");
  CHECK(spec.inputs.at("data_url") == "dataset://clothes@V002");
  CHECK(to_yaml(spec).find("  data_url: {dataset: clothes@V002}\n") != std::string::npos);
  CHECK(resolve(parse(to_yaml(spec))).inputs == spec.inputs);
  CHECK(refusal([&] { spec_of("{dataset: cloths}"); }) ==
        "not found: job.yaml:3:20: inputs.data_url: there is none | look");
  // With another mistake it is one of several.
  CHECK(refusal([&] { spec_of("{dataset: cloths}, nope: ./x"); }).find("job.yaml:3:") == 0);
}

TEST_CASE("what proves wrong later is told at its place in the spec") {
  const JobSpec spec = resolved(complete("resources: {pool: far}"));
  CHECK(refusal([&] { refuse(spec, "resources.pool", "there is no pool 'far'", "look"); }) ==
        "job.yaml:4:19: there is no pool 'far' | look");
  CHECK(refusal([&] { refuse(spec, "seed", "no seed"); }) == "no seed");
  CHECK(refusal([&] { refuse(spec, "seed", "no seed", "", ErrorKind::not_found); }) ==
        "not found: no seed");
}

TEST_CASE("everything that a spec says is taken") {
  const JobSpec spec = resolved(complete(R"(
description: d
experiment: {name: e, description: f}
outputs: {train_url: out}
environment: {TZ: UTC}
resources: {type: cpu, flavor: cpu.2}
priority: -5
auto_restart: 100
auto_stop: 1h30m
log_path: logs
log_limit: 1MiB
seed: 9223372036854775807
seeds: 3
)"));
  CHECK(spec.description == "d");
  CHECK(spec.experiment == "e");
  CHECK(spec.experiment_description == "f");
  CHECK(spec.outputs.at("train_url") == "/folder/out");
  CHECK(spec.environment.at("TZ") == "UTC");
  CHECK(spec.resources.flavor == "cpu.2");
  CHECK(spec.priority == -5);
  CHECK(spec.auto_restart == 100);
  CHECK(spec.auto_stop_s == 5400.0);
  CHECK(spec.log_path == "/folder/logs");
  CHECK(spec.log_limit_bytes == 1U << 20);
  CHECK(spec.seed == 9223372036854775807ULL);
  CHECK(spec.seeds == 3);
  CHECK(resolved(complete()).seeds == 1);
  CHECK(resolved(complete("auto_stop: 90.5")).auto_stop_s == 90.5);
  CHECK(resolved(complete()).log_limit_bytes == 256U << 20);
  CHECK(resolved(complete("log_limit: 100000")).log_limit_bytes == 100000U);
}

TEST_CASE("a time of the clock is kept, and a date that has passed is refused where that matters") {
  const JobSpec spec = resolved(complete("auto_stop: 18:30"));
  CHECK_FALSE(spec.auto_stop_s);
  CHECK(spec.auto_stop_at == parse_clock_time("18:30"));
  CHECK(spec.settings.at("auto_stop").value == "18:30");
  const Settings past = parse(complete("auto_stop: 2020-01-01 06:00"));
  CHECK(resolve(past).auto_stop_at->year == 2020);
  SpecLookup lookup;
  lookup.now_ms = 1'800'000'000'000;
  CHECK(refusal([&] { resolve(past, lookup); }) ==
        "job.yaml:4:12: auto_stop must be in the future");
  CHECK(resolve(parse(complete("auto_stop: 18:30")), lookup).auto_stop_at);
}

TEST_CASE("all that is missing is told at once") {
  const std::string refused = resolve_refusal("algorithm: tabular_mlp");
  CHECK(refused.find("inputs.data_url is missing: tabular_mlp needs it") != std::string::npos);
  CHECK(refused.find("hyperparameters.target is missing: tabular_mlp needs it") !=
        std::string::npos);
  CHECK(refused.find("the job has no name") != std::string::npos);
  CHECK(resolve_refusal("name: a").find("the algorithm is missing") == 0);
}

TEST_CASE("an unknown algorithm, channel or hyperparameter is told with the nearest one") {
  CHECK(resolve_refusal("name: a\nalgorithm: resnet81\ninputs: {data_url: x}") ==
        "not found: job.yaml:2:12: there is no algorithm 'resnet81' | did you mean 'resnet18'?");
  CHECK(resolve_refusal(complete("outputs: {train_ulr: x}")) ==
        "job.yaml:4:11: resnet18 has no 'train_ulr' in its outputs | did you mean 'train_url'?");
  CHECK(resolve_refusal(complete("hyperparameters:\n  epoch: 3")) ==
        "job.yaml:5:3: resnet18 has no hyperparameter 'epoch' | did you mean 'epochs'?");
  CHECK(resolve_refusal(complete("hyperparameters: {zzzzzz: 3}")) ==
        "job.yaml:4:19: resnet18 has no hyperparameter 'zzzzzz' | 'mat algorithm show resnet18' "
        "lists them");
}

TEST_CASE("a value outside its range is told with its place and its source") {
  CHECK(resolve_refusal(complete("hyperparameters: {epochs: 0}")) ==
        "job.yaml:4:27: epochs must be at least 1, not 0");
  const Settings spec = parse(complete());
  CHECK(refusal([&] { resolve(merge(spec, parse_assignments({"momentum=1"}, "/"))); }) ==
        "--set: momentum must be below 1, not 1");
  CHECK(refusal([&] { resolve(merge(spec, parse_assignments({"lr="}, "/"))); }) ==
        "--set: lr must not be empty");
  const Settings params = with_source(parse("hyperparameters: {epochs: x}"), "params base");
  CHECK(refusal([&] { resolve(merge(params, spec)); }) ==
        "params base: epochs must be a whole number, not the text 'x'");
}

TEST_CASE("a short --set that is an input or a setting is told its full key") {
  const auto with = [](const std::string& assignment) {
    return refusal(
        [&] { resolve(merge(parse(complete()), parse_assignments({assignment}, "/"))); });
  };
  CHECK(with("data_url=x") ==
        "--set: resnet18 has no hyperparameter 'data_url' | it is an input: inputs.data_url");
  CHECK(with("flavor=cpu.1") ==
        "--set: resnet18 has no hyperparameter 'flavor' | it is a setting "
        "of its own: resources.flavor");
}

TEST_CASE("what this version cannot do is refused by name") {
  CHECK(resolved(complete("resources: {nodes: 2}")).resources.nodes == 2);
  CHECK(resolve_refusal(complete("seeds: 2\nresources: {nodes: 2}")) ==
        "job.yaml:5:20: resources.nodes must be 1 when there are several seeds | "
        "train a version for each seed, or all seeds on one node");
  const std::string contained =
      "name: c\nresources: {nodes: 2}\nalgorithm: {command: [sh], image: ./root";
  CHECK(resolve_refusal(contained + "}\n") ==
        "job.yaml:2:20: resources.nodes must be 1 in a container without a network | "
        "the nodes speak to one another: set network: true for the command");
  CHECK(resolved(contained + ", network: true}\n").resources.nodes == 2);
}

TEST_CASE("a secret variable reaches the run and nothing else") {
  const JobSpec spec =
      resolved(complete("environment: {API_TOKEN: hunter2, EMPTY_KEY: '', TZ: UTC}"));
  CHECK(spec.environment.at("API_TOKEN") == "hunter2");
  CHECK(spec.environment.at("TZ") == "UTC");
  CHECK(spec.settings.at("environment.API_TOKEN").value == kHiddenValue);
  CHECK(spec.settings.at("environment.EMPTY_KEY").value == "");
  CHECK(spec.settings.at("environment.TZ").value == "UTC");
  CHECK(to_yaml(spec, true).find("hunter2") == std::string::npos);
  CHECK(to_json_text(to_json(reusable_settings(spec.settings))).find("hunter2") ==
        std::string::npos);

  SpecLookup lookup;
  lookup.find_secret = [](const std::string& name) {
    return name == "API_TOKEN" ? std::optional<std::string>("again") : std::nullopt;
  };
  const JobSpec again = resolve(spec.settings, lookup);
  CHECK(again.environment.at("API_TOKEN") == "again");
  CHECK(again.settings.at("environment.API_TOKEN").value == kHiddenValue);
}

TEST_CASE("a secret that was not recorded comes from the caller's environment or is asked for") {
  const Settings recorded =
      with_source(resolved(complete("environment: {MAT_TEST_TOKEN: x}")).settings, "a@V0001");
  ::unsetenv("MAT_TEST_TOKEN");
  CHECK(refusal([&] { resolve(recorded); }) ==
        "a@V0001: the value of environment.MAT_TEST_TOKEN is secret and was not recorded | set the "
        "variable MAT_TEST_TOKEN where mat runs, or give --set environment.MAT_TEST_TOKEN=VALUE");
  ::setenv("MAT_TEST_TOKEN", "hunter2", 1);
  CHECK(resolve(recorded).environment.at("MAT_TEST_TOKEN") == "hunter2");
  ::unsetenv("MAT_TEST_TOKEN");
}

TEST_CASE("an experiment with a description needs a name") {
  CHECK(resolve_refusal(complete("experiment: {description: x}"))
            .find("the experiment has no name") != std::string::npos);
}

TEST_CASE("settings that no file was read from are checked as well") {
  const auto with = [](const std::string& key, const Json& value) {
    Settings settings = parse(complete());
    settings[key] = {value, "params p", {}, {}, {}};
    return refusal([&] { resolve(settings); });
  };
  CHECK(with("inputs.data_url", "relative") ==
        "params p: inputs.data_url must be an absolute path, not 'relative'");
  CHECK(with("seed", "7").find("params p: seed must be a whole number") == 0);
  CHECK(with("name", Json::array()).find("params p: name must be text, not a list") == 0);
  CHECK(with("algorithm", nullptr).find("params p: algorithm must be text") == 0);
  CHECK(with("resources.nodes", "x").find("params p: resources.nodes must be") == 0);
  CHECK(with("resources.type", 1).find("params p: resources.type must be text") == 0);
  CHECK(with("auto_stop", true).find("params p: auto_stop must be a duration") == 0);
  CHECK(with("environment.A", 1) == "params p: environment.A must be text: write it in quotes");
  CHECK(with("surprise", 1) == "params p: unknown setting 'surprise'");
}

TEST_CASE(
    "a parameter configuration keeps data, algorithm, hyperparameters, environment, resources") {
  const Settings all =
      resolved(complete("description: d\nexperiment: e\nseed: 3\nauto_stop: 1h\nlog_path: l\n"
                        "environment: {A: b}\noutputs: {train_url: o}"))
          .settings;
  const Settings kept = reusable_settings(all);
  for (const char* key : {"algorithm", "inputs.data_url", "hyperparameters.lr", "environment.A",
                          "resources.flavor", "resources.type"}) {
    INFO(key);
    CHECK(kept.count(key) == 1);
  }
  for (const char* key : {"name", "description", "experiment.name", "seed", "seeds", "auto_stop",
                          "log_path", "auto_restart", "outputs.train_url"}) {
    INFO(key);
    CHECK(kept.count(key) == 0);
  }
  Settings named = kept;
  named["name"].value = "again";
  CHECK(resolve(named).hyperparameters == resolve(all).hyperparameters);
}

}  // namespace
}  // namespace mat
