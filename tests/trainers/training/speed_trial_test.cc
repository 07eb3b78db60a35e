#include "trainers/training/speed_trial.h"

#include <map>

#include "core/base/error.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"

namespace mat {
namespace {

// A candidate whose steps take these milliseconds, the last one for ever; counts them.
TrialCandidate taking(const std::string& name, std::vector<double> milliseconds,
                      std::map<std::string, int>& steps) {
  return {name, [=, &steps] {
            return [=, &steps] {
              const auto step = static_cast<std::size_t>(steps[name]++);
              return milliseconds[std::min(step, milliseconds.size() - 1)] / 1000;
            };
          }};
}

}  // namespace

TEST_CASE("a candidate must win clearly over what is plainer") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  const auto winner = [&](double promising, double plain) {
    return find_fastest({taking("promising", {promising}, steps), taking("plain", {plain}, steps)},
                        observer)
        .fastest;
  };
  CHECK(winner(90, 100) == 0);
  CHECK(winner(94, 100) == 0);
  CHECK(winner(96, 100) == 1);
  CHECK(winner(100, 100) == 1);
  CHECK(winner(120, 100) == 1);
}

TEST_CASE("the least time of several rounds counts, and the first step of each does not") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  const TrialResult result = find_fastest({taking("quick", {150, 90, 50, 90, 90}, steps),
                                           taking("plain", {100, 60, 60, 60, 60}, steps)},
                                          observer);
  CHECK(result.fastest == 0);
  CHECK(steps["quick"] == 13);
  CHECK(steps["plain"] == 13);
  CHECK(observer.has_line_with("quick 50 ms, plain 60 ms"));
}

TEST_CASE("what is far slower is left out, but not for one slow step") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  const TrialResult result = find_fastest(
      {taking("quick", {10}, steps), taking("hiccup", {25, 5}, steps), taking("slow", {21}, steps)},
      observer);
  CHECK(result.fastest == 1);
  CHECK(steps["slow"] == 2);
  CHECK(steps["hiccup"] == 14);
  CHECK(observer.has_line_with("quick 10 ms, hiccup 5 ms, slow far slower"));
}

TEST_CASE("a candidate that is left alone is told with the time that it took") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  const TrialResult result =
      find_fastest({taking("quick", {12.3}, steps), taking("slow", {40}, steps)}, observer);
  CHECK(result.fastest == 0);
  CHECK(result.is_steady);
  CHECK(steps["quick"] == 1);
  CHECK(observer.has_line_with("quick 12.3 ms, slow far slower"));
  CHECK_FALSE(observer.has_line_with("inf"));
}

TEST_CASE("a trial on a busy machine is told from one on a quiet machine") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  // One hiccup is nothing; a time that no other step comes near to says nothing.
  CHECK(find_fastest(
            {taking("a", {20, 20, 70, 21, 20}, steps), taking("b", {20, 24, 20, 20, 20}, steps)},
            observer)
            .is_steady);
  CHECK_FALSE(find_fastest({taking("c", {20, 30, 70, 21, 44}, steps),
                            taking("d", {20, 24, 20, 20, 20}, steps)},
                           observer)
                  .is_steady);
}

TEST_CASE("a stop ends a trial between two steps") {
  RecordingObserver observer;
  std::map<std::string, int> steps;
  const int after = GENERATE(0, 1, 2, 5);
  observer.stop = [&](const RecordingObserver&) { return steps["a"] + steps["b"] >= after; };
  try {
    find_fastest({taking("a", {1}, steps), taking("b", {1}, steps)}, observer);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(steps["a"] + steps["b"] == after);
}

}  // namespace mat
