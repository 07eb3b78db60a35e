#include <string>

#include "trainers/models/network.h"

namespace mat {
namespace {

namespace nn = torch::nn;

class TabularMlp : public Network {
 public:
  TabularMlp(int columns, const std::vector<std::int64_t>& hidden, double dropout, int outputs) {
    std::int64_t in = columns;
    for (const std::int64_t width : hidden) {
      layers_->push_back(nn::Linear(in, width));
      layers_->push_back(nn::BatchNorm1d(width));
      layers_->push_back(nn::ReLU(nn::ReLUOptions(/*inplace=*/true)));
      if (dropout > 0) layers_->push_back(nn::Dropout(dropout));
      in = width;
    }
    layers_->push_back(nn::Linear(in, outputs));
    register_module("layers", layers_);
  }

  torch::Tensor forward(torch::Tensor rows) override { return layers_->forward(std::move(rows)); }

 private:
  nn::Sequential layers_;
};

}  // namespace

std::shared_ptr<Network> make_tabular_network(int columns, const std::vector<std::int64_t>& hidden,
                                              double dropout, int outputs) {
  return std::make_shared<TabularMlp>(columns, hidden, dropout, outputs);
}

}  // namespace mat
