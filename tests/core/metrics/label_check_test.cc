#include "core/metrics/label_check.h"

#include <catch2/catch.hpp>

namespace mat {

TEST_CASE("Labels that predictions contradict come first, with what they look like") {
  Predictions predictions;
  predictions.class_count = 3;
  const auto add = [&](int label, float a, float b, float c) {
    predictions.labels.push_back(label);
    predictions.probabilities.insert(predictions.probabilities.end(), {a, b, c});
  };
  add(0, 0.9F, 0.05F, 0.05F);
  add(0, 0.05F, 0.9F, 0.05F);  // looks like 1
  add(1, 0.1F, 0.8F, 0.1F);
  add(1, 0.3F, 0.6F, 0.1F);
  add(2, 0.1F, 0.1F, 0.8F);
  add(2, 0.45F, 0.15F, 0.4F);  // doubtful
  const auto suspects = rank_labels(predictions);
  REQUIRE(suspects.size() == 6);
  CHECK(suspects[0].sample == 1);
  CHECK(suspects[0].suggested == 1);
  CHECK(suspects[0].suspicion > 0.3);
  CHECK(suspects[0].given_score == Approx(0.05));
  CHECK(suspects[0].suggested_score == Approx(0.9));
  CHECK(suspects[1].sample == 5);
  CHECK(suspects[1].suggested == 0);
  CHECK(suspects.back().suspicion < 0);
}

TEST_CASE("A class of which networks are never sure is not suspicious as a whole") {
  Predictions predictions;
  predictions.class_count = 2;
  for (int i = 0; i < 20; ++i) {
    predictions.labels.push_back(0);
    predictions.probabilities.insert(predictions.probabilities.end(), {0.95F, 0.05F});
    predictions.labels.push_back(1);
    predictions.probabilities.insert(predictions.probabilities.end(), {0.55F, 0.45F});
  }
  predictions.labels.push_back(0);
  predictions.probabilities.insert(predictions.probabilities.end(), {0.6F, 0.4F});
  CHECK(rank_labels(predictions).front().sample == 40);
}

TEST_CASE("Who guesses is no judge of labels, nor who is hardly better on few pictures") {
  CHECK_FALSE(LabelJudge{0.25, 0.25, 480}.is_useful());
  CHECK_FALSE(LabelJudge{0.30, 0.25, 480}.is_useful());
  CHECK_FALSE(LabelJudge{0.45, 0.25, 20}.is_useful());
  CHECK(LabelJudge{0.45, 0.25, 480}.is_useful());
  CHECK(LabelJudge{0.99, 0.92, 480}.is_useful());
  CHECK_FALSE(LabelJudge{0.93, 0.92, 480}.is_useful());
  CHECK_FALSE(LabelJudge{}.is_useful());
}

}  // namespace mat
