#include "core/service/table_kserve.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/http/failure.h"
#include "core/http/json_reader.h"
#include "core/model/predict.h"
#include "core/service/table_cells.h"

namespace mat {
namespace {

constexpr std::size_t kLongestId = 256;
constexpr std::size_t kMostOutputs = 8;
constexpr std::array kTypes = {"BYTES", "FP64", "FP32",   "FP16",   "INT64",  "INT32",
                               "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8"};

std::vector<std::string> outputs_of(const TableDescription& description) {
  if (description.is_regression()) return {kValueOutput};
  return {kProbabilitiesOutput, kLabelOutput};
}

// Puts one column after the other into the cells.
class ColumnsReader : public JsonReader {
 public:
  ColumnsReader(TableCells& cells, const TableDescription& description)
      : cells_(cells), known_(outputs_of(description)) {}

  void begin_object(std::string_view place) override {
    if (place == "inputs[]") input_ = Input();
  }
  void end_object(std::string_view place) override {
    if (place == "inputs[]") take();
  }
  void text(std::string_view place, std::string& value) override {
    if (place == "id") {
      if (value.size() > kLongestId) throw HttpFailure(400, "the id is too long");
      id = value;
    } else if (place == "inputs[].name") {
      input_.name = std::move(value);
    } else if (place == "inputs[].datatype") {
      input_.type = std::move(value);
    } else if (place == "inputs[].data[]") {
      add(std::move(value));
    } else if (place == "outputs[].name") {
      add_output(value);
    }
  }
  void number(std::string_view place, double value) override {
    if (place == "inputs[].data[]") {
      add(format_number(value));
    } else if (place == "inputs[].shape[]") {
      // [N] or [N, 1]
      const bool is_second = ++input_.dimensions == 2;
      if (input_.dimensions > 2 || (is_second && value != 1)) refuse_shape();
      if (!is_second) input_.rows = value;
    } else if (place.ends_with(".binary_data_size")) {
      refuse_binary();
    }
  }
  void boolean(std::string_view place, bool value) override {
    if (place == "inputs[].data[]") {
      throw HttpFailure(400, "BOOL is not spoken here: send BYTES, as it stands in the table");
    } else if (value && place.find("binary_data") != place.npos) {
      refuse_binary();
    }
  }
  void null(std::string_view place) override {
    if (place == "inputs[].data[]") add({});
  }
  [[noreturn]] static void refuse_binary() {
    throw HttpFailure(400, "the binary extension is not spoken here: send the data as JSON");
  }

  std::string id;
  std::vector<std::string> outputs;

 private:
  struct Input {
    std::string name, type;
    double rows = -1;
    int dimensions = 0;
    std::vector<std::string> values;
  };

  [[noreturn]] static void refuse_shape() {
    throw HttpFailure(400, "an input is a column, of the shape [N] or [N, 1]");
  }

  void add(std::string value) {
    if (input_.values.size() == cells_.most_rows()) {
      throw HttpFailure(400, fmt::format("more than {} rows in a request", cells_.most_rows()));
    }
    input_.values.push_back(std::move(value));
  }

  void add_output(const std::string& name) {
    if (outputs.size() == kMostOutputs) throw HttpFailure(400, "too many outputs");
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      throw HttpFailure(400, fmt::format("the outputs are: {}", join(known_, ", ")));
    }
    outputs.push_back(name);
  }

  void take() {
    if (std::find(kTypes.begin(), kTypes.end(), input_.type) == kTypes.end()) {
      throw HttpFailure(400, "the datatype of a column is FP64, FP32, INT64, … or BYTES");
    }
    if (input_.values.empty() || input_.rows != static_cast<double>(input_.values.size())) {
      refuse_shape();
    }
    cells_.put_column(input_.name, std::move(input_.values));
  }

  TableCells& cells_;
  const std::vector<std::string> known_;
  Input input_;
};

}  // namespace

TableInferRequest read_table_infer(const HttpRequest& request,
                                   const TableDescription& description) {
  if (!request.header("inference-header-content-length").empty()) ColumnsReader::refuse_binary();
  TableCells cells(description);
  ColumnsReader reader(cells, description);
  read_json(request.body, reader);
  if (cells.rows() == 0) throw HttpFailure(400, "no inputs: one for each column is wanted");
  TableInferRequest asked;
  asked.id = std::move(reader.id);
  asked.outputs = std::move(reader.outputs);
  asked.rows = cells.rows();
  asked.inputs = cells.encoded();
  return asked;
}

HttpResponse answer_table_infer(const TableInferRequest& request, const InferModel& model,
                                const TableDescription& description,
                                const std::vector<double>& answers) {
  Json outputs = Json::array();
  const auto add = [&](const char* name, const char* type, Json shape, Json data) {
    const bool is_wanted =
        request.outputs.empty() ||
        std::find(request.outputs.begin(), request.outputs.end(), name) != request.outputs.end();
    if (!is_wanted) return;
    outputs.push_back({{"name", name},
                       {"datatype", type},
                       {"shape", std::move(shape)},
                       {"data", std::move(data)}});
  };
  if (description.is_regression()) {
    add(kValueOutput, "FP64", Json::array({request.rows}), answers);
  } else {
    const std::size_t width = description.classes.size();
    Json labels = Json::array();
    for (std::size_t i = 0; i < request.rows; ++i) {
      const auto begin = answers.begin() + static_cast<std::ptrdiff_t>(i * width);
      const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(width));
      labels.push_back(description.classes[static_cast<std::size_t>(best - begin)]);
    }
    add(kProbabilitiesOutput, "FP32", Json::array({request.rows, width}), answers);
    add(kLabelOutput, "BYTES", Json::array({request.rows}), std::move(labels));
  }
  HttpResponse response;
  response.body = to_json_text(infer_document(model, request.id, std::move(outputs))) + "\n";
  return response;
}

Json table_metadata(const InferModel& model, const TableDescription& description) {
  Json inputs = Json::array(), outputs = Json::array();
  for (const auto& column : description.encoder.columns()) {
    inputs.push_back({{"name", column.name},
                      {"datatype", column.is_number ? "FP64" : "BYTES"},
                      {"shape", Json::array({-1})}});
  }
  if (description.is_regression()) {
    outputs.push_back({{"name", kValueOutput}, {"datatype", "FP64"}, {"shape", Json::array({-1})}});
  } else {
    outputs.push_back({{"name", kProbabilitiesOutput},
                       {"datatype", "FP32"},
                       {"shape", Json::array({-1, description.classes.size()})}});
    outputs.push_back(
        {{"name", kLabelOutput}, {"datatype", "BYTES"}, {"shape", Json::array({-1})}});
  }
  Json parameters = to_json(description);
  parameters["model"] = model.reference;
  add_computes(model, parameters);
  return {{"name", model.name},
          {"versions", Json::array({model.version})},
          {"platform", "mat"},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)},
          {"parameters", std::move(parameters)}};
}

}  // namespace mat
