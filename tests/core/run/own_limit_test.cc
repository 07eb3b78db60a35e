#include "core/run/own_limit.h"

#include <catch2/catch.hpp>

#include "core/run/run_observer.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

double minutes_left(double minutes, const Json& facts) {
  const TempFolder folder;
  const RunDisplay display{};
  RunObserver observer(folder.path(), 1 << 20, display, {});
  Json hyperparameters = {{"max_duration", minutes}};
  take_preparation_off(facts, hyperparameters, observer);
  return hyperparameters.at("max_duration").get<double>();
}

}  // namespace

TEST_CASE("What a command did before its training is a part of the training's limit") {
  CHECK(minutes_left(6, {{kPreparedSeconds, 90}}) == Approx(4.5));
  CHECK(minutes_left(6, Json::object()) == Approx(6));
  // The training has half of it at least.
  CHECK(minutes_left(6, {{kPreparedSeconds, 3600}}) == Approx(3));
}

}  // namespace mat
