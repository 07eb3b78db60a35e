#include "core/metrics/event_summary.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "core/base/text.h"
#include "core/image/encode.h"
#include "event.pb.h"

namespace mat {
namespace {

constexpr int kFloat = 1, kDouble = 2, kBytes = 7;
constexpr int kTensorData = 2, kFileData = 3;
constexpr int kSuccess = 1, kFailure = 2;
// Of TensorFlow's graphs: one that has names of operations as they are now.
constexpr int kGraphProducer = 1395;
// Below it, precision and recall have nothing to be measured on.
constexpr double kLeast = 1e-7;

constexpr const char* kChartsTag = "custom_scalars__config__";
constexpr const char* kStartTag = "_hparams_/session_start_info";
constexpr const char* kEndTag = "_hparams_/session_end_info";

// Maps in the order of their keys: the same summary gives the same bytes.
template <typename Message>
std::string bytes_of(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

void set_shape(tensorboard::Tensor& tensor, std::initializer_list<std::size_t> sizes) {
  for (const std::size_t size : sizes) {
    tensor.mutable_shape()->add_dim()->set_size(static_cast<std::int64_t>(size));
  }
}

template <typename Number>
void set_numbers(tensorboard::Tensor& tensor, std::span<const Number> numbers) {
  std::string& content = *tensor.mutable_content();
  content.resize(numbers.size_bytes());
  if (!numbers.empty()) std::memcpy(content.data(), numbers.data(), content.size());
}

void set_page(tensorboard::Summary::Value& value, const char* page, int data_class) {
  value.mutable_metadata()->mutable_plugin()->set_name(page);
  value.mutable_metadata()->set_data_class(data_class);
}

template <typename Message>
void set_page_content(tensorboard::Summary::Value& value, const Message& message) {
  value.mutable_metadata()->mutable_plugin()->set_content(bytes_of(message));
}

void fill(const HistogramSummary& histogram, tensorboard::Summary::Value& value) {
  set_page(value, "histograms", kTensorData);
  std::vector<double> numbers;
  for (const auto& bucket : histogram.buckets) {
    numbers.insert(numbers.end(), {bucket.left, bucket.right, bucket.count});
  }
  tensorboard::Tensor& tensor = *value.mutable_tensor();
  tensor.set_dtype(kDouble);
  set_shape(tensor, {histogram.buckets.size(), 3});
  set_numbers<double>(tensor, numbers);
}

void fill(const PictureSummary& summary, tensorboard::Summary::Value& value) {
  set_page(value, "images", kFileData);
  const std::vector<std::uint8_t> png = to_png(summary.picture);
  tensorboard::Tensor& tensor = *value.mutable_tensor();
  tensor.set_dtype(kBytes);
  set_shape(tensor, {3});
  tensor.add_bytes_value(std::to_string(summary.picture.width));
  tensor.add_bytes_value(std::to_string(summary.picture.height));
  tensor.add_bytes_value(png.data(), png.size());
}

void fill(const TextSummary& text, tensorboard::Summary::Value& value) {
  set_page(value, "text", kTensorData);
  value.mutable_tensor()->set_dtype(kBytes);
  set_shape(*value.mutable_tensor(), {1});
  value.mutable_tensor()->add_bytes_value(text.markdown);
}

void fill(const PrecisionRecallSummary& curve, tensorboard::Summary::Value& value) {
  set_page(value, "pr_curves", kTensorData);
  tensorboard::PrecisionRecallPlugin plugin;
  plugin.set_thresholds(static_cast<std::uint32_t>(curve.points.size()));
  set_page_content(value, plugin);
  const std::size_t count = curve.points.size();
  std::vector<float> rows(6 * count);
  const auto part = [](double of, double rest) {
    return static_cast<float>(of / std::max(kLeast, of + rest));
  };
  for (std::size_t i = 0; i < count; ++i) {
    const auto& point = curve.points[i];
    rows[i] = static_cast<float>(point.true_positives);
    rows[count + i] = static_cast<float>(point.false_positives);
    rows[2 * count + i] = static_cast<float>(point.true_negatives);
    rows[3 * count + i] = static_cast<float>(point.false_negatives);
    rows[4 * count + i] = part(point.true_positives, point.false_positives);
    rows[5 * count + i] = part(point.true_positives, point.false_negatives);
  }
  tensorboard::Tensor& tensor = *value.mutable_tensor();
  tensor.set_dtype(kFloat);
  set_shape(tensor, {6, count});
  set_numbers<float>(tensor, rows);
}

void fill(const ChartsSummary& summary, tensorboard::Summary::Value& value) {
  value.set_tag(kChartsTag);
  set_page(value, "custom_scalars", kTensorData);
  tensorboard::Layout layout;
  tensorboard::Layout::Category& category = *layout.add_category();
  category.set_title("together");
  for (const auto& chart : summary.charts) {
    tensorboard::Layout::Chart& added = *category.add_chart();
    added.set_title(chart.title);
    for (const std::string& tag : chart.tags) added.mutable_curves()->add_tag(tag);
  }
  value.mutable_tensor()->set_dtype(kBytes);
  value.mutable_tensor()->add_bytes_value(bytes_of(layout));
}

// That page reads its content and wants some value.
void fill_session(const char* tag, const tensorboard::HyperparameterPlugin& plugin,
                  tensorboard::Summary::Value& value) {
  value.set_tag(tag);
  set_page(value, "hparams", kTensorData);
  set_page_content(value, plugin);
  value.mutable_tensor()->set_dtype(kFloat);
  set_shape(*value.mutable_tensor(), {0});
}

void fill(const RunSettingsSummary& start, double now, tensorboard::Summary::Value& value) {
  tensorboard::HyperparameterPlugin plugin;
  tensorboard::SessionStart& session = *plugin.mutable_session_start();
  session.set_start_time(now);
  for (const auto& [name, setting] : start.settings.items()) {
    tensorboard::AnyValue any;
    if (setting.is_boolean()) {
      any.set_boolean(setting.get<bool>());
    } else if (setting.is_number()) {
      any.set_number(setting.get<double>());
    } else if (setting.is_string()) {
      any.set_text(printable(setting.get<std::string>(), true));
    } else {
      continue;
    }
    (*session.mutable_hyperparameter())[printable(name)] = std::move(any);
  }
  fill_session(kStartTag, plugin, value);
}

void fill(const RunEndSummary& end, double now, tensorboard::Summary::Value& value) {
  tensorboard::HyperparameterPlugin plugin;
  plugin.mutable_session_end()->set_status(end.is_success ? kSuccess : kFailure);
  plugin.mutable_session_end()->set_end_time(now);
  fill_session(kEndTag, plugin, value);
}

std::string graph_bytes(const GraphSummary& summary) {
  tensorboard::Graph graph;
  graph.mutable_versions()->set_producer(kGraphProducer);
  for (const GraphSummary::Node& node : summary.nodes) {
    tensorboard::Node& added = *graph.add_node();
    added.set_name(node.name);
    added.set_operation(node.operation);
    for (const std::string& input : node.inputs) added.add_input(input);
    for (const auto& [name, number] : node.numbers) {
      (*added.mutable_attribute())[name].set_integer(number);
    }
  }
  return bytes_of(graph);
}

struct Filler {
  double now;
  tensorboard::Summary::Value& value;

  void operator()(const RunSettingsSummary& start) const { fill(start, now, value); }
  void operator()(const RunEndSummary& end) const { fill(end, now, value); }
  void operator()(const GraphSummary& /*graph*/) const {}  // no value: it has a place in the event
  template <typename Content>
  void operator()(const Content& content) const {
    fill(content, value);
  }
};

}  // namespace

TextSummary code_block(std::string_view text, std::string_view language) {
  // Longer than any row of such signs in the text, which then cannot end the block.
  std::size_t longest = 0, row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  const bool is_whole = text.empty() || text.back() == '\n';
  return {fence + std::string(language) + "\n" + std::string(text) + (is_whole ? "" : "\n") +
          fence + "\n"};
}

std::string event_of(const EventSummary& summary, double wall_time) {
  tensorboard::Event event;
  event.set_wall_time(wall_time);
  event.set_step(summary.step);
  if (const auto* graph = std::get_if<GraphSummary>(&summary.content)) {
    event.set_graph(graph_bytes(*graph));
  } else {
    tensorboard::Summary::Value& value = *event.mutable_summary()->add_value();
    // Protobuf has no text but UTF-8; readers refuse a file with anything else.
    value.set_tag(printable(summary.tag));
    std::visit(Filler{wall_time, value}, summary.content);
  }
  return bytes_of(event);
}

}  // namespace mat
