#include "trainers/answering/table_model.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

// Of the fully connected layers, which are the tensors of two dimensions, from the first on; the
// last is the number of outputs.
std::vector<std::int64_t> widths_of(const Weights& weights) {
  std::map<std::int64_t, std::int64_t> by_layer;
  for (const auto& [key, tensor] : weights.tensors) {
    const auto parts = split(key, '.');
    if (tensor.dim() != 2 || parts.size() < 2) continue;
    by_layer[parse_integer(parts[1]).value_or(0)] = tensor.size(0);
  }
  std::vector<std::int64_t> widths;
  for (const auto& [layer, width] : by_layer) widths.push_back(width);
  return widths;
}

// Where layers are dropped out in training the next one has a higher number.
bool has_dropout(const Weights& weights, std::size_t hidden) {
  const std::int64_t last = static_cast<std::int64_t>(hidden) * 4;
  return weights.tensors.contains(fmt::format("layers.{}.weight", last));
}

std::shared_ptr<Network> network_of(const TableRequest& request) {
  Weights weights = read_weights(request.file);
  std::vector<std::int64_t> widths = widths_of(weights);
  const std::size_t outputs =
      request.description.is_regression() ? 1 : request.description.classes.size();
  if (widths.empty() || widths.back() != static_cast<std::int64_t>(outputs)) {
    throw Error(ErrorKind::io, fmt::format("the weights in '{}' do not fit what they say of "
                                           "themselves",
                                           request.file.string()));
  }
  widths.pop_back();
  // Nothing is dropped out of an answer, whatever the share.
  const double dropout = has_dropout(weights, widths.size()) ? 0.5 : 0;
  const auto network = make_tabular_network(static_cast<int>(request.description.encoder.inputs()),
                                            widths, dropout, static_cast<int>(outputs));
  load_weights(*network, weights);
  return network;
}

class TorchTable : public TableModel {
 public:
  explicit TorchTable(const TableRequest& request)
      : description_(request.description),
        device_(choose_device(request.device)),
        network_(network_of(request)) {
    network_->to(device_);
    network_->eval();
  }

  std::vector<double> answer(std::vector<float> inputs) override {
    const auto columns = static_cast<std::int64_t>(description_.encoder.inputs());
    const auto rows = static_cast<std::int64_t>(inputs.size()) / columns;
    if (rows == 0) return {};
    const torch::NoGradGuard no_grad;
    const torch::Tensor table = torch::from_blob(inputs.data(), {rows, columns}, torch::kFloat);
    torch::Tensor outputs = network_->forward(table.to(device_)).to(torch::kCPU);
    outputs = description_.is_regression() ? outputs.flatten()
                                                 .to(torch::kDouble)
                                                 .mul(description_.target_deviation)
                                                 .add(description_.target_mean)
                                           : outputs.softmax(1).to(torch::kDouble);
    outputs = outputs.contiguous();
    return {outputs.data_ptr<double>(), outputs.data_ptr<double>() + outputs.numel()};
  }

  Json facts() const override {
    return {{"device", device_.str()}, {"precision", "fp32"}, {"threads", at::get_num_threads()}};
  }

 private:
  TableDescription description_;
  torch::Device device_;
  std::shared_ptr<Network> network_;
};

}  // namespace

std::unique_ptr<TableModel> open_torch_table(const TableRequest& request) {
  at::set_num_threads(request.threads);
  return std::make_unique<TorchTable>(request);
}

}  // namespace mat
