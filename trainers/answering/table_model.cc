#include "trainers/answering/table_model.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "core/base/error.h"
#include "trainers/models/tabular_shape.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

class TorchTable : public TableModel {
 public:
  explicit TorchTable(const TableRequest& request)
      : description_(request.description),
        device_(choose_device(request.device)),
        network_(open_tabular_network(request)) {
    network_->to(device_);
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

std::shared_ptr<Network> open_tabular_network(const TableRequest& request) {
  const Weights weights = read_weights(request.file);
  const TabularShape shape = tabular_shape(weights, request.file.string());
  const std::size_t outputs =
      request.description.is_regression() ? 1 : request.description.classes.size();
  if (shape.outputs != static_cast<int>(outputs)) {
    throw Error(ErrorKind::io, fmt::format("the weights in '{}' do not fit what they say of "
                                           "themselves",
                                           request.file.string()));
  }
  return load_tabular_network(weights, shape,
                              static_cast<int>(request.description.encoder.inputs()));
}

std::unique_ptr<TableModel> open_torch_table(const TableRequest& request) {
  at::set_num_threads(request.threads);
  return std::make_unique<TorchTable>(request);
}

}  // namespace mat
