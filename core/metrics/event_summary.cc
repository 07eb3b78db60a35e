#include "core/metrics/event_summary.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "core/base/text.h"
#include "core/image/encode.h"
#include "event.pb.h"

namespace mat {
namespace {

constexpr int kFloat = 1, kDouble = 2, kBytes = 7;
constexpr int kScalarData = 1, kTensorData = 2, kFileData = 3;
constexpr int kSuccess = 1, kFailure = 2;
constexpr int kTextSetting = 1, kBooleanSetting = 2, kNumberSetting = 3;
// Of TensorFlow's graphs: one that has names of operations as they are now.
constexpr int kGraphProducer = 1395;
// Below it, precision and recall have nothing to be measured on.
constexpr double kLeast = 1e-7;

constexpr const char* kChartsTag = "custom_scalars__config__";
constexpr const char* kColumnsTag = "_hparams_/experiment";
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

// As TensorFlow 2 writes scalars.
void fill(const ResultSummary& result, tensorboard::Summary::Value& value) {
  set_page(value, "scalars", kScalarData);
  const auto number = static_cast<float>(result.value);
  value.mutable_tensor()->set_dtype(kFloat);
  set_numbers<float>(*value.mutable_tensor(), {&number, 1});
}

// Nothing for what that page cannot show.
std::optional<tensorboard::AnyValue> any_value(const Json& setting) {
  tensorboard::AnyValue any;
  if (setting.is_boolean()) {
    any.set_boolean(setting.get<bool>());
  } else if (setting.is_number()) {
    any.set_number(setting.get<double>());
  } else if (setting.is_string()) {
    any.set_text(printable(setting.get<std::string>(), true));
  } else {
    return std::nullopt;
  }
  return any;
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
    if (auto any = any_value(setting)) {
      (*session.mutable_hyperparameter())[printable(name)] = std::move(*any);
    }
  }
  fill_session(kStartTag, plugin, value);
}

void fill(const RunEndSummary& end, double now, tensorboard::Summary::Value& value) {
  tensorboard::HyperparameterPlugin plugin;
  plugin.mutable_session_end()->set_status(end.is_success ? kSuccess : kFailure);
  plugin.mutable_session_end()->set_end_time(now);
  fill_session(kEndTag, plugin, value);
}

// A column with what its cells can hold, by which the page filters: numbers from the least to the
// greatest, of anything else each value.
tensorboard::TableSetting column_of(const std::string& name, const std::set<Json>& values) {
  tensorboard::TableSetting column;
  column.set_name(printable(name));
  column.set_differs(values.size() > 1);
  const auto are_all = [&](auto is_kind) {
    return std::all_of(values.begin(), values.end(), [&](const Json& v) { return (v.*is_kind)(); });
  };
  if (are_all(&Json::is_number)) {
    column.set_type(kNumberSetting);
    // In the order of Json numbers come by their size.
    column.mutable_range()->set_least(values.begin()->get<double>());
    column.mutable_range()->set_greatest(values.rbegin()->get<double>());
    return column;
  }
  const bool is_boolean = are_all(&Json::is_boolean);
  column.set_type(is_boolean ? kBooleanSetting : kTextSetting);
  for (const Json& value : values) {
    *column.mutable_choices()->add_value() =
        *any_value(is_boolean || value.is_string() ? value : Json(value.dump()));
  }
  return column;
}

void fill(const TableColumnsSummary& columns, tensorboard::Summary::Value& value) {
  std::map<std::string, std::set<Json>> settings;
  for (const Json& run : columns.settings) {
    for (const auto& [name, setting] : run.items()) {
      if (any_value(setting)) settings[name].insert(setting);
    }
  }
  tensorboard::HyperparameterPlugin plugin;
  tensorboard::TableColumns& table = *plugin.mutable_columns();
  for (const auto& [name, values] : settings) *table.add_setting() = column_of(name, values);
  for (const Json& metric : columns.metrics) {
    const auto name = metric.get<std::string>();
    tensorboard::TableMetric& added = *table.add_metric();
    added.mutable_name()->set_tag(result_tag(name));
    added.set_display_name(name);
  }
  fill_session(kColumnsTag, plugin, value);
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

std::string result_tag(std::string_view metric) { return "result/" + std::string(metric); }

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

std::optional<Json> settings_in_event(std::string_view bytes) {
  tensorboard::Event event;
  tensorboard::HyperparameterPlugin plugin;
  if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      event.summary().value_size() != 1 || event.summary().value(0).tag() != kStartTag ||
      !plugin.ParseFromString(event.summary().value(0).metadata().plugin().content())) {
    return std::nullopt;
  }
  // A map of protobuf has another order in every process.
  const auto& stored = plugin.session_start().hyperparameter();
  const std::map<std::string, tensorboard::AnyValue> by_name(stored.begin(), stored.end());
  Json settings = Json::object();
  for (const auto& [name, any] : by_name) {
    switch (any.kind_case()) {
      case tensorboard::AnyValue::kNumber:
        settings[name] = any.number();
        break;
      case tensorboard::AnyValue::kText:
        settings[name] = any.text();
        break;
      case tensorboard::AnyValue::kBoolean:
        settings[name] = any.boolean();
        break;
      case tensorboard::AnyValue::KIND_NOT_SET:
        break;
    }
  }
  return settings;
}

}  // namespace mat
