#include "trainers/training/schedule.h"

#include "tests/trainers/catch.h"

namespace mat {

TEST_CASE("A learning rate rises in a line to its peak and falls along a cosine to nearly zero") {
  const LearningRateSchedule schedule("cosine", 0.1, 0.1, 100);
  CHECK(schedule.at(0) == Approx(0.1 / 11));
  CHECK(schedule.at(4) == Approx(0.5 / 11));
  CHECK(schedule.at(9) == Approx(1.0 / 11));
  CHECK(schedule.at(10) == Approx(0.1));
  CHECK(schedule.at(55) == Approx(0.05));
  CHECK(schedule.at(99) > 0);
  CHECK(schedule.at(99) < 1e-4);
  CHECK(schedule.at(100) == Approx(0).margin(1e-12));
}

TEST_CASE("A learning rate without warm-up begins at its peak") {
  CHECK(LearningRateSchedule("cosine", 0.1, 0, 100).at(0) == Approx(0.1));
}

TEST_CASE("A constant learning rate stays at its peak after the warm-up") {
  const LearningRateSchedule schedule("constant", 0.1, 0.5, 10);
  CHECK(schedule.at(4) < 0.1);
  CHECK(schedule.at(5) == 0.1);
  CHECK(schedule.at(9) == 0.1);
}

TEST_CASE("A warm-up may take all steps, and a training may have only one") {
  CHECK(LearningRateSchedule("cosine", 0.1, 1, 10).at(9) == Approx(0.1 * 10 / 11));
  CHECK(LearningRateSchedule("cosine", 0.1, 0.1, 1).at(0) == Approx(0.1));
}

}  // namespace mat
