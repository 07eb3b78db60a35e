#include "core/spec/settings.h"

#include <catch2/catch.hpp>

#include "core/base/names.h"
#include "core/spec/setting_keys.h"
#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

TEST_CASE("later layers win and keep their sources") {
  const Settings merged = merge(parse("seed: 1\nname: a"), parse_assignments({"seed=2"}, "/"));
  CHECK(merged.at("seed").value == 2);
  CHECK(merged.at("seed").source == "--set");
  CHECK(merged.at("name").source == "spec");
}

TEST_CASE("another algorithm takes the old one's defaults with it") {
  const Settings old =
      with_source(resolved(complete("hyperparameters: {lr: 0.2}")).settings, "a@V0001");
  const JobSpec same = resolve(merge(old, parse_assignments({"algorithm=resnet18"}, "/")));
  CHECK(same.hyperparameters["image_size"] == 128);
  const JobSpec other = resolve(merge(old, parse_assignments({"algorithm=small_cnn"}, "/")));
  CHECK(other.hyperparameters["image_size"] == 32);
  CHECK(other.hyperparameters["lr"] == 0.2);
  CHECK(other.settings.at("hyperparameters.lr").source == "a@V0001");
}

TEST_CASE("a command of the spec's own and the name of an algorithm replace each other") {
  const Settings named = resolved(complete("hyperparameters: {lr: 0.2}")).settings;
  const Settings own = parse("algorithm: {command: python3 a.py, network: true}");
  const Settings with_own = merge(named, own);
  CHECK(with_own.count("algorithm") == 0);
  CHECK(with_own.count("hyperparameters.epochs") == 0);
  CHECK(with_own.at("hyperparameters.lr").value == 0.2);
  CHECK(resolve(with_own).algorithm == kInlineAlgorithm);
  const Settings back = merge(with_own, parse_assignments({"algorithm=resnet18"}, "/"));
  CHECK(back.count("algorithm.command") == 0);
  CHECK(back.count("algorithm.network") == 0);
  CHECK(resolve(back).algorithm == "resnet18");
  const Settings changed = merge(own, parse_assignments({"algorithm.command=b 'c d'"}, "/"));
  CHECK(changed.at("algorithm.command").value == "b 'c d'");
  CHECK(changed.at("algorithm.network").value == true);
}

TEST_CASE("a new source replaces all but the mark of a default") {
  const Settings settings = with_source(resolved(complete("seed: 3")).settings, "params base");
  CHECK(settings.at("seed").source == "params base");
  CHECK(settings.at("seed").position.line == 0);
  CHECK(settings.at("hyperparameters.lr").source == "algorithm");
  CHECK(settings.at("resources.pool").source == "default");
}

TEST_CASE("settings survive JSON") {
  const Settings settings = resolved(complete("environment: {A: 'x\n\"é'}")).settings;
  const Settings back = settings_from_json(parse_json(to_json_text(to_json(settings)), "test"));
  REQUIRE(back.size() == settings.size());
  for (const auto& [key, setting] : settings) {
    CHECK(back.at(key).value == setting.value);
    CHECK(back.at(key).source == setting.source);
  }
}

TEST_CASE("damaged settings are an io error") {
  for (const char* damaged :
       {"[]", "1", R"({"a": 1})", R"({"a": {"value": 1}})",
        R"({"a": {"value": [], "source": "x"}})", R"({"a": {"value": 1, "source": 2}})"}) {
    INFO(damaged);
    try {
      settings_from_json(parse_json(damaged, "test"));
      FAIL("nothing was thrown");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::io);
    }
  }
}

TEST_CASE("the pattern for names says what is_valid_name says") {
  for (const std::string& name :
       {std::string("a"), std::string("A9._-"), std::string(), std::string(".a"), std::string("-a"),
        std::string("a b"), std::string("a\n"), std::string(64, 'x'), std::string(65, 'x'),
        std::string("é"), std::string("a/b")}) {
    INFO(name);
    std::string problem;
    check_setting("name", name, {}, &problem);
    CHECK(problem.empty() == is_valid_name(name));
  }
}

TEST_CASE("every key of a spec belongs to a section that is written") {
  for (const SettingKey& key : setting_keys()) {
    const std::string section = key.rule.name.substr(0, key.rule.name.find('.'));
    INFO(key.rule.name);
    CHECK(std::count(spec_sections().begin(), spec_sections().end(), section) == 1);
    CHECK_FALSE(key.rule.description.empty());
  }
}

}  // namespace
}  // namespace mat
