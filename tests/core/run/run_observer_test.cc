#include "core/run/run_observer.h"

#include <catch2/catch.hpp>

#include "tests/temp_folder.h"

namespace mat {
namespace {

struct Observed {
  TempFolder folder;
  RunDisplay display;
  RunObserver observer{folder.path(), 1 << 20, display, {}};

  std::int64_t count() { return observer.metrics()["loss"].count; }
};

TEST_CASE("curves that go on have also what was reported last, and take no point twice", "[run]") {
  Observed o;
  for (int step = 1; step < 4; ++step) o.observer.metric("loss", step, 1);
  o.observer.continue_curves();
  for (int step = 3; step < 6; ++step) o.observer.metric("loss", step, 1);
  CHECK(o.count() == 5);
}

TEST_CASE("a training that begins anew after one that went on has all its points", "[run]") {
  Observed o;
  for (int step = 1; step < 4; ++step) o.observer.metric("loss", step, 1);
  o.observer.continue_curves();
  o.observer.restore(nullptr);
  for (int step = 1; step < 3; ++step) o.observer.metric("loss", step, 1);
  CHECK(o.count() == 2);
  o.observer.sync();
  CHECK(summarize_curves(o.folder.path())["loss"].count == 2);
}

}  // namespace
}  // namespace mat
