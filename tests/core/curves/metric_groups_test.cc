#include "core/curves/metric_groups.h"

#include <catch2/catch.hpp>

#include "core/base/text.h"

namespace mat {
namespace {

std::string groups_of(const std::vector<std::string>& metrics) {
  std::vector<std::string> texts;
  for (const MetricGroup& group : metric_groups(metrics)) {
    texts.push_back(group.title + "=" + join(group.metrics, ","));
  }
  return join(texts, " ");
}

TEST_CASE("metrics of training and validation are together, what matters first", "[curves]") {
  CHECK(groups_of({"lr", "train_loss", "images_per_second", "accuracy", "f1", "loss"}) ==
        "loss=loss,train_loss accuracy=accuracy f1=f1 lr=lr images_per_second=images_per_second");
  CHECK(groups_of({"train/acc", "val/acc", "epoch", "perplexity", "accuracy_deviation"}) ==
        "acc=val/acc,train/acc perplexity=perplexity epoch=epoch "
        "accuracy_deviation=accuracy_deviation");
  CHECK(groups_of({"training.loss", "val_loss", "box_loss"}) ==
        "loss=val_loss,training.loss box_loss=box_loss");
  CHECK(groups_of({"val", "%"}) == "val=val %=%");
  CHECK(groups_of({}).empty());
}

TEST_CASE("a metric of the training data is known by its name", "[curves]") {
  CHECK(is_of_training("train_loss"));
  CHECK(is_of_training("Training/Accuracy"));
  CHECK_FALSE(is_of_training("loss"));
  CHECK_FALSE(is_of_training("constraint_loss"));
}

}  // namespace
}  // namespace mat
