#include "core/curves/epochs.h"

#include <catch2/catch.hpp>

#include "tests/core/metrics/event_files.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

TEST_CASE("steps are epochs by what a version has recorded", "[curves]") {
  const TempFolder folder;
  const CurveIndex none(folder.path());
  SECTION("the batches of an epoch") {
    const auto scale = EpochScale::of({{"batches_per_epoch", 25}}, nullptr, none);
    REQUIRE(scale);
    CHECK(scale->epoch_at(50) == 2);
    CHECK(scale->epoch_at(60) == Approx(2.4));
    CHECK(scale->step_at(3) == 75);
  }
  SECTION("the plan of a training under way") {
    const Json progress = {{"stage", ""}, {"epochs", 4}, {"steps", 100}};
    const auto scale = EpochScale::of(nullptr, progress, none);
    REQUIRE(scale);
    CHECK(scale->epoch_at(50) == 2);
  }
  SECTION("a curve of epochs") {
    {
      EventWriter writer(folder.path());
      for (const auto& [step, epoch] : {std::pair(10, 0), {20, 1}, {40, 2}, {40, 3}, {50, 1}}) {
        writer.add("epoch", step, epoch);
      }
    }
    CurveIndex index(folder.path());
    index.update();
    const auto scale = EpochScale::of(Json::object(), nullptr, index);
    REQUIRE(scale);
    CHECK(scale->epoch_at(15) == 0.5);
    CHECK(scale->epoch_at(30) == 1.5);
    CHECK(scale->epoch_at(60) == 3);
    CHECK(scale->epoch_at(0) == -1);
    CHECK(scale->step_at(1.5) == 30);
  }
}

TEST_CASE("without epochs there is no scale of them", "[curves]") {
  const TempFolder folder;
  const CurveIndex none(folder.path());
  CHECK_FALSE(EpochScale::of(Json::object(), nullptr, none));
  CHECK_FALSE(EpochScale::of({{"batches_per_epoch", "many"}}, {{"phase", "reading"}}, none));
  CHECK_FALSE(EpochScale::of(nullptr, {{"stage", "trial 1"}, {"epochs", 4}, {"steps", 9}}, none));
  CHECK_FALSE(EpochScale::of(nullptr, {{"epochs", 0}, {"steps", 9}}, none));
}

}  // namespace
}  // namespace mat
