#include <catch2/catch.hpp>
#include <string>

#include "core/base/home.h"
#include "core/registry/registry.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

// A version of exeml with two labels that were judged, by networks of this accuracy.
struct Judged {
  explicit Judged(double accuracy, bool were_judged = true, int known_before = 0) : mat(folder) {
    Registry registry{find_home((folder / "home").string()), Registry::Mode::write};
    NewVersion version;
    version.job = "clothes";
    version.algorithm = "exeml";
    const Json of_class = {{"train", 50}};
    const Json tried = {{"network", "resnet18_w16"}, {"accuracy", accuracy}};
    version.facts["dataset"]["per_class"] = {{"hat", of_class}, {"shoe", of_class}};
    version.facts["search"]["candidates"] = Json::array({tried});
    if (known_before > 0) version.facts["labels_known_before"] = known_before;
    const Id id = registry.create_version(version, "name: clothes\n").id;
    registry.change_status(id, {Status::initializing}, Status::completed, {});
    if (!were_judged) return;
    std::string lines;
    for (const auto& [file, suspicion] : {std::pair{"odd.jpg", 0.4}, std::pair{"fine.jpg", 0.1}}) {
      lines +=
          Json({{"file", file}, {"label", "hat"}, {"suggested", "shoe"}, {"suspicion", suspicion}})
              .dump() +
          "\n";
    }
    write_text(mat.home() / "jobs/clothes/V0001/label_suspects.jsonl", lines);
  }

  std::string shown() const { return mat.succeed({"exeml", "show", "clothes"}).out; }
  Json json() const { return mat.succeed({"exeml", "show", "clothes", "--json"}).json(); }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("exeml shows the labels that stand out, and how good those are that judged") {
  const Judged j(0.8);
  const std::string shown = j.shown();
  CHECK(has(shown, "right about 80 %"));
  CHECK(has(shown, "alone about 50 %"));
  CHECK(has(shown, "odd.jpg"));
  CHECK_FALSE(has(shown, "fine.jpg"));
  CHECK(j.json()["label_suspects"].size() == 2);
  CHECK(j.json()["label_check"]["is_useful"] == true);
}

TEST_CASE("exeml shows no labels that look wrong to who guesses") {
  const Judged j(0.55);
  const std::string shown = j.shown();
  CHECK(has(shown, "none are shown"));
  CHECK(has(shown, "right about 55 %"));
  CHECK_FALSE(has(shown, "odd.jpg"));
  CHECK(j.json()["label_check"]["is_useful"] == false);
}

TEST_CASE("Labels that the judges' own weights were trained with are told") {
  const Judged j(0.98, true, 80);
  CHECK(has(j.shown(), "80 of the 100 pictures were learnt from"));
  CHECK(j.json()["label_check"]["known_before"] == 80);
  CHECK_FALSE(has(Judged(0.98).shown(), "were learnt from"));
}

TEST_CASE("That labels were not judged is told, and is not that none looks wrong") {
  const Judged j(0.8, false);
  CHECK(has(j.shown(), "not looked for"));
  CHECK(j.json()["label_suspects"].is_null());
  CHECK(j.json()["label_check"].is_null());
}
