#include "core/model/predict.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/error.h"
#include "core/training/answers.h"

namespace mat {
namespace {

// Batches that may be decoded while one is answered.
constexpr std::size_t kBatchesAhead = 3;

void answer(PictureModel& model, std::vector<Prediction>& batch, std::size_t classes) {
  std::vector<ImageView> pictures;
  for (const Prediction& prediction : batch) {
    if (prediction.problem.empty()) pictures.emplace_back(prediction.decoded.image);
  }
  std::vector<float> all;
  std::string failure;
  try {
    all = model.answer(pictures);
    if (all.size() != classes * pictures.size()) failure = "the model gave too few answers";
  } catch (const Error& e) {
    failure = e.message();
  }
  auto at = all.begin();
  for (Prediction& prediction : batch) {
    if (!prediction.problem.empty()) continue;
    prediction.problem = failure;
    if (!failure.empty()) continue;
    const auto end = at + static_cast<std::ptrdiff_t>(classes);
    prediction.problem = probabilities_problem({at, end});
    if (prediction.problem.empty()) prediction.probabilities.assign(at, end);
    at = end;
  }
}

}  // namespace

void predict(PictureModel& model, const ModelDescription& description, PictureFeed::Source source,
             const PredictOptions& options, const std::function<void(const Prediction&)>& give) {
  const auto most = static_cast<std::size_t>(std::max(1, options.batch_size));
  PictureFeed feed(std::move(source), description.preprocessing.short_side, options.threads,
                   kBatchesAhead * most);
  for (;;) {
    std::vector<Prediction> batch;
    do {
      std::optional<FedPicture> fed = feed.next();
      if (!fed) break;
      Prediction& prediction = batch.emplace_back();
      prediction.name = std::move(fed->name);
      prediction.problem = fed->decoded.problem;
      prediction.warning = fed->decoded.warning;
      prediction.decoded = std::move(fed->decoded);
    } while (batch.size() < most && feed.ready() > 0);
    if (batch.empty()) return;
    answer(model, batch, description.classes.size());
    for (const Prediction& prediction : batch) give(prediction);
  }
}

std::vector<std::size_t> top_classes(const std::vector<float>& probabilities, std::size_t count) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probabilities[a] > probabilities[b];
  });
  if (count < order.size()) order.resize(count);
  return order;
}

}  // namespace mat
