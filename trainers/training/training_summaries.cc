#include "trainers/training/training_summaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/image/resize.h"
#include "core/image/text_drawing.h"

namespace mat {
namespace {

constexpr int kSampleColumns = 6, kSampleRows = 4;
constexpr int kSampleSide = 96, kSampleGap = 8;
constexpr Colour kSamplePaper{255, 255, 255}, kSampleInk{32, 33, 36};
constexpr int kHistogramSteps = 30;
constexpr const char* kInputName = "pictures";

const char* operation_name(Operation operation) {
  switch (operation) {
    case Operation::convolution:
      return "convolution";
    case Operation::normalization:
      return "normalization";
    case Operation::relu:
      return "relu";
    case Operation::hardswish:
      return "hardswish";
    case Operation::hardsigmoid:
      return "hardsigmoid";
    case Operation::max_pool:
      return "max_pool";
    case Operation::mean:
      return "mean";
    case Operation::multiply:
      return "multiply";
    case Operation::add:
      return "add";
    case Operation::flatten:
      return "flatten";
    case Operation::linear:
      return "linear";
  }
  return "operation";
}

std::string as_path(std::string key) {
  std::replace(key.begin(), key.end(), '.', '/');
  return key;
}

std::string part_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
}

// What learns has the name of its weights; the rest stands where its first input comes from.
std::string name_of_node(const GraphNode& node, int number,
                         const std::vector<GraphSummary::Node>& before) {
  if (!node.key.empty()) return as_path(node.key);
  const int first = node.inputs.front();
  const std::string part =
      first == kGraphInput ? std::string() : part_of(before[static_cast<std::size_t>(first)].name);
  return fmt::format("{}{}_{}", part, operation_name(node.operation), number);
}

void add_weight_sizes(const torch::Tensor& weight, GraphSummary::Node& node) {
  if (weight.dim() < 2) return;
  node.numbers.emplace_back("outputs", weight.size(0));
  node.numbers.emplace_back("inputs", weight.size(1));
}

// "Linear" of "torch::nn::LinearImpl".
std::string kind_of_module(const torch::nn::Module& module) {
  std::string_view name = module.name();
  if (const std::size_t colons = name.rfind("::"); colons != std::string_view::npos) {
    name.remove_prefix(colons + 2);
  }
  if (name.ends_with("Impl")) name.remove_suffix(4);
  return std::string(name);
}

void put_sample(Image& grid, int column, int row, const LabelledPicture& sample,
                const std::string& label) {
  const int left = kSampleGap + column * (kSampleSide + kSampleGap);
  const int top = kSampleGap + row * (kSampleSide + text_height() + 2 * kSampleGap);
  const double scale =
      static_cast<double>(kSampleSide) / std::max(sample.view.width, sample.view.height);
  const int width = std::max(1, static_cast<int>(sample.view.width * scale));
  const int height = std::max(1, static_cast<int>(sample.view.height * scale));
  put_picture(grid, left + (kSampleSide - width) / 2, top + (kSampleSide - height) / 2,
              resize_bilinear(sample.view, width, height));
  const std::string shown = text_that_fits(label, kSampleSide);
  draw_text(grid, left + (kSampleSide - text_width(shown)) / 2, top + kSampleSide + kSampleGap / 2,
            shown, kSampleInk);
}

}  // namespace

EventSummary summary_of(const NetworkGraph& graph, const Network& network) {
  GraphSummary summary;
  const auto weights = network.named_parameters();
  std::vector<GraphSummary::Node> nodes;
  for (const GraphNode& node : graph.nodes) {
    GraphSummary::Node shown;
    shown.name = name_of_node(node, static_cast<int>(nodes.size()), nodes);
    shown.operation = operation_name(node.operation);
    for (const int input : node.inputs) {
      shown.inputs.push_back(input == kGraphInput ? kInputName
                                                  : nodes[static_cast<std::size_t>(input)].name);
    }
    if (const auto* weight = weights.find(node.key + ".weight")) add_weight_sizes(*weight, shown);
    if (node.operation == Operation::convolution || node.operation == Operation::max_pool) {
      shown.numbers.emplace_back("kernel", node.kernel);
      shown.numbers.emplace_back("stride", node.stride);
      shown.numbers.emplace_back("padding", node.padding);
    }
    if (node.groups > 1) shown.numbers.emplace_back("groups", node.groups);
    nodes.push_back(std::move(shown));
  }
  nodes.insert(nodes.begin(), {kInputName, "Placeholder", {}, {}});
  summary.nodes = std::move(nodes);
  return {{}, 0, std::move(summary)};
}

EventSummary summary_of_chain(const Network& network) {
  GraphSummary summary;
  summary.nodes.push_back({"rows", "Placeholder", {}, {}});
  for (const auto& item : network.named_modules()) {
    if (!item.value()->children().empty()) continue;
    GraphSummary::Node node;
    node.name = as_path(item.key());
    node.operation = kind_of_module(*item.value());
    node.inputs = {summary.nodes.back().name};
    const auto weights = item.value()->named_parameters();
    if (const auto* weight = weights.find("weight")) add_weight_sizes(*weight, node);
    summary.nodes.push_back(std::move(node));
  }
  return {{}, 0, std::move(summary)};
}

EventSummary samples_summary(const std::vector<LabelledPicture>& pictures,
                             const std::vector<std::string>& classes) {
  const std::size_t count = std::min<std::size_t>(pictures.size(), kSampleColumns * kSampleRows);
  const int rows = static_cast<int>((count + kSampleColumns - 1) / kSampleColumns);
  Image grid =
      blank_image(kSampleGap + kSampleColumns * (kSampleSide + kSampleGap),
                  kSampleGap + rows * (kSampleSide + text_height() + 2 * kSampleGap), kSamplePaper);
  for (std::size_t i = 0; i < count; ++i) {
    const LabelledPicture& sample = pictures[i * pictures.size() / count];
    put_sample(grid, static_cast<int>(i) % kSampleColumns, static_cast<int>(i) / kSampleColumns,
               sample, classes[static_cast<std::size_t>(sample.label)]);
  }
  return {"samples", 0, PictureSummary{std::move(grid)}};
}

HistogramSummary histogram_of(const torch::Tensor& tensor) {
  const torch::NoGradGuard no_grad;
  HistogramSummary histogram;
  torch::Tensor numbers = tensor.detach().flatten().to(torch::kFloat);
  if (numbers.numel() == 0) return histogram;
  double low = numbers.min().item<double>(), high = numbers.max().item<double>();
  if (!std::isfinite(low) || !std::isfinite(high)) {
    numbers = numbers.masked_select(numbers.isfinite());
    if (numbers.numel() == 0) return histogram;
    low = numbers.min().item<double>();
    high = numbers.max().item<double>();
  }
  if (low == high) {
    histogram.buckets.push_back({low, high, static_cast<double>(numbers.numel())});
    return histogram;
  }
  const torch::Tensor counts =
      torch::histc(numbers, kHistogramSteps, low, high).to(torch::kCPU, torch::kDouble);
  const double step = (high - low) / kHistogramSteps;
  for (int i = 0; i < kHistogramSteps; ++i) {
    histogram.buckets.push_back({low + i * step,
                                 i + 1 == kHistogramSteps ? high : low + (i + 1) * step,
                                 counts.data_ptr<double>()[i]});
  }
  return histogram;
}

}  // namespace mat
