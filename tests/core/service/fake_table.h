#pragma once

#include <memory>
#include <utility>

#include "core/base/json.h"
#include "tests/core/service/fake_model.h"

namespace mat {

// "size", a number that is standardized by 10 and 2 and may be missing, and "kind", one of flat and
// house and others: to the target "price", or to the classes cheap and dear.
inline TableDescription fake_table(bool is_regression) {
  Json json = parse_json(
      R"({"kind":"table","target":"price","columns":[{"name":"size","type":"number","mean":10,)"
      R"("deviation":2,"has_missing":true},{"name":"kind","type":"category","categories":)"
      R"(["flat","house"],"has_other":true,"has_missing":false}]})",
      "it");
  if (is_regression) {
    json.update({{"task", "regression"}, {"target_mean", 0}, {"target_deviation", 1}});
  } else {
    json.update({{"task", "classification"}, {"classes", {"cheap", "dear"}}});
  }
  return table_description_from_json(json, "it");
}

// The value of a row is its standardized size, plus 100 where that is missing, plus 10 for a house
// and 20 for what is neither; the probability of "dear" a hundredth of it.
class FakeTable : public TableModel {
 public:
  FakeTable(std::shared_ptr<FakeControl> control, bool is_regression)
      : control_(std::move(control)), is_regression_(is_regression) {}

  std::vector<double> answer(std::vector<float> inputs) override {
    {
      std::unique_lock lock(control_->mutex);
      control_->batches.push_back(inputs.size() / 5);
      control_->changed.notify_all();
      control_->changed.wait(lock, [&] { return !control_->is_held; });
      if (control_->fails) throw Error(ErrorKind::io, "the model is broken");
    }
    std::vector<double> answers;
    for (std::size_t i = 0; i < inputs.size(); i += 5) {
      const double value =
          inputs[i] + 100 * inputs[i + 1] + 10 * inputs[i + 3] + 20 * inputs[i + 4];
      if (!is_regression_) answers.push_back(1 - value / 100);
      answers.push_back(is_regression_ ? value : value / 100);
    }
    return answers;
  }
  Json facts() const override { return {{"device", "fake"}}; }

 private:
  std::shared_ptr<FakeControl> control_;
  bool is_regression_;
};

}  // namespace mat
