#include "trainers/answering/occlusion.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mat {
namespace {

constexpr std::int64_t kCells = 10;
constexpr std::int64_t kViewsAtOnce = 64;

// log(p / (1 - p)) of the class: the logit against all others together.
torch::Tensor log_odds(const torch::Tensor& logits, int class_number) {
  torch::Tensor others = logits.clone();
  others.select(1, class_number).fill_(-1e30);
  return logits.select(1, class_number) - others.logsumexp(1);
}

}  // namespace

torch::Tensor occlusion_evidence(OpenedModel& model, const torch::Tensor& view, int class_number,
                                 const std::vector<double>& mean_colour) {
  const std::int64_t size = view.size(1);
  const double reach = static_cast<double>(size) / 8;
  std::vector<double> colour;
  for (const double part : mean_colour) colour.push_back(255 * part);
  const torch::Tensor cover = torch::tensor(colour).round().to(torch::kByte);
  torch::Tensor covered = view.repeat({kCells * kCells + 1, 1, 1, 1});
  for (std::int64_t cell = 0; cell < kCells * kCells; ++cell) {
    const auto part = [&](torch::Tensor view_part, std::int64_t side, std::int64_t place) {
      const double centre = (static_cast<double>(place) + 0.5) * static_cast<double>(size) / kCells;
      const auto edge = [&](double at) { return static_cast<std::int64_t>(std::lround(at)); };
      const std::int64_t from = std::max<std::int64_t>(0, edge(centre - reach));
      const std::int64_t to = std::min(size, std::max(from + 1, edge(centre + reach)));
      return view_part.narrow(side, from, to - from);
    };
    part(part(covered[cell], 0, cell / kCells), 1, cell % kCells).copy_(cover);
  }
  std::vector<torch::Tensor> odds;
  for (const torch::Tensor& some : covered.split(kViewsAtOnce)) {
    odds.push_back(log_odds(model.logits(some), class_number));
  }
  const torch::Tensor all = torch::cat(odds);
  return (all[kCells * kCells] - all.narrow(0, 0, kCells * kCells))
      .relu()
      .view({kCells, kCells})
      .contiguous();
}

}  // namespace mat
