#include "core/service/kserve.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/base/version.h"
#include "core/http/base64.h"
#include "core/http/failure.h"
#include "core/http/json_reader.h"
#include "core/model/predict.h"
#include "core/service/picture_request.h"

namespace mat {
namespace {

constexpr std::size_t kMostDimensions = 4;
constexpr std::size_t kLongestId = 256;
constexpr std::size_t kMostOutputs = 8;

class InferReader : public JsonReader {
 public:
  void begin_object(std::string_view place) override {
    if (place == "inputs[]" && ++inputs > 1) {
      throw HttpFailure(400, "one input, with the pictures, is wanted");
    }
  }
  void text(std::string_view place, std::string& value) override {
    if (place == "id") {
      if (value.size() > kLongestId) throw HttpFailure(400, "the id is too long");
      id = value;
    } else if (place == "inputs[].name") {
      if (value != kImageInput) {
        throw HttpFailure(400, fmt::format("the input is \"{}\"", kImageInput));
      }
    } else if (place == "inputs[].datatype") {
      type = value;
    } else if (place == "inputs[].data[]") {
      if (texts.size() == kMostPictures) {
        throw HttpFailure(400, fmt::format("more than {} pictures in a request", kMostPictures));
      }
      texts.push_back(std::move(value));
    } else if (place == "outputs[].name") {
      if (outputs.size() == kMostOutputs) throw HttpFailure(400, "too many outputs");
      if (value != kProbabilitiesOutput && value != kLabelOutput) {
        throw HttpFailure(400, "the outputs are \"probabilities\" and \"label\"");
      }
      outputs.push_back(value);
    }
  }
  void number(std::string_view place, double value) override {
    if (place == "inputs[].data[]") {
      numbers.push_back(static_cast<float>(value));
    } else if (place == "inputs[].shape[]") {
      if (shape.size() == kMostDimensions || value < 1 || value > 1e9 ||
          value != std::floor(value)) {
        throw HttpFailure(400, "the shape is [N], or [N, height, width, 3]");
      }
      shape.push_back(static_cast<std::int64_t>(value));
    } else if (place == "id") {
      throw HttpFailure(400, "the id is a text");
    } else if (place.ends_with(".binary_data_size")) {
      refuse_binary();
    }
  }
  void boolean(std::string_view place, bool value) override {
    if (value && place.find("binary_data") != place.npos) refuse_binary();
  }
  [[noreturn]] static void refuse_binary() {
    throw HttpFailure(400, "the binary extension is not spoken here: send the data as JSON");
  }

  std::string id, type;
  std::vector<std::string> texts, outputs;
  std::vector<float> numbers;
  std::vector<std::int64_t> shape;
  int inputs = 0;
};

void add_files(const InferReader& reader, InferRequest& request) {
  const auto count = static_cast<std::int64_t>(reader.texts.size());
  if (count == 0 || reader.shape.empty() || reader.shape[0] != count ||
      std::any_of(reader.shape.begin() + 1, reader.shape.end(), [](auto n) { return n != 1; })) {
    throw HttpFailure(400, "BYTES has the shape [N] and N pictures in base64");
  }
  for (std::size_t i = 0; i < reader.texts.size(); ++i) {
    auto bytes = decode_base64(reader.texts[i]);
    if (!bytes || bytes->empty()) throw HttpFailure(400, fmt::format("data {} is not base64", i));
    request.pictures.emplace_back(std::move(*bytes));
  }
}

std::uint8_t level_of(float value, bool is_float) {
  const float level = is_float ? value * 255 : value;
  if (!(level >= -0.001F && level <= 255.001F) || (!is_float && level != std::floor(level))) {
    throw HttpFailure(400, is_float ? "FP32 pixels are 0 to 1" : "UINT8 pixels are 0 to 255");
  }
  return static_cast<std::uint8_t>(std::lround(level));
}

void add_pixels(const InferReader& reader, bool is_float, std::int64_t max_pixels,
                InferRequest& request) {
  std::vector<std::int64_t> shape = reader.shape;
  if (shape.size() == 3) shape.insert(shape.begin(), 1);
  if (shape.size() != 4 || shape[3] != 3 || shape[0] > static_cast<std::int64_t>(kMostPictures)) {
    throw HttpFailure(400, "the shape is [N, height, width, 3], in RGB");
  }
  if (shape[1] > max_pixels || shape[2] > max_pixels || shape[1] * shape[2] > max_pixels) {
    throw HttpFailure(400, fmt::format("more than {} pixels", max_pixels));
  }
  const std::size_t bytes = static_cast<std::size_t>(shape[1] * shape[2]) * 3;
  if (reader.numbers.size() != bytes * static_cast<std::size_t>(shape[0])) {
    throw HttpFailure(400, fmt::format("{} numbers do not fill the shape", reader.numbers.size()));
  }
  const float* at = reader.numbers.data();
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    Image image{static_cast<int>(shape[2]), static_cast<int>(shape[1]), {}};
    image.pixels.reserve(bytes);
    for (std::size_t k = 0; k < bytes; ++k) image.pixels.push_back(level_of(*at++, is_float));
    request.pictures.emplace_back(std::move(image));
  }
}

bool is_wanted(const InferRequest& request, const char* output) {
  return request.outputs.empty() ||
         std::find(request.outputs.begin(), request.outputs.end(), output) != request.outputs.end();
}

}  // namespace

InferRequest read_infer_request(HttpRequest&& request, std::int64_t max_pixels) {
  if (!request.header("inference-header-content-length").empty()) InferReader::refuse_binary();
  InferRequest asked;
  if (request.content_type().starts_with("image/")) {
    if (request.body.empty()) throw HttpFailure(400, "no picture: the body is empty");
    asked.pictures.emplace_back(std::move(request.body));
    return asked;
  }
  InferReader reader;
  read_json(request.body, reader);
  if (reader.inputs == 0) throw HttpFailure(400, "no inputs");
  asked.id = std::move(reader.id);
  asked.outputs = std::move(reader.outputs);
  if (reader.type == "BYTES") {
    add_files(reader, asked);
  } else if (reader.type == "UINT8" || reader.type == "FP32") {
    add_pixels(reader, reader.type == "FP32", max_pixels, asked);
  } else {
    throw HttpFailure(400, "the datatype is BYTES, UINT8 or FP32");
  }
  return asked;
}

HttpResponse answer_infer(const InferRequest& request, const InferModel& model,
                          const std::vector<std::string>& classes,
                          const std::vector<PictureAnswer>& answers) {
  Json probabilities = Json::array(), labels = Json::array(), warnings = Json::array();
  bool has_warning = false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const PictureAnswer& answer = answers[i];
    if (!answer.failure.empty()) return http_error(500, answer.failure);
    if (!answer.problem.empty()) {
      return http_error(422, answers.size() == 1
                                 ? answer.problem
                                 : fmt::format("picture {}: {}", i, answer.problem));
    }
    for (const float p : answer.probabilities) probabilities.push_back(p);
    labels.push_back(classes[top_classes(answer.probabilities, 1).front()]);
    warnings.push_back(answer.warning.empty() ? Json() : Json(answer.warning));
    has_warning |= !answer.warning.empty();
  }
  Json outputs = Json::array();
  if (is_wanted(request, kProbabilitiesOutput)) {
    outputs.push_back({{"name", kProbabilitiesOutput},
                       {"datatype", "FP32"},
                       {"shape", {answers.size(), classes.size()}},
                       {"data", std::move(probabilities)}});
  }
  if (is_wanted(request, kLabelOutput)) {
    outputs.push_back({{"name", kLabelOutput},
                       {"datatype", "BYTES"},
                       {"shape", {answers.size()}},
                       {"data", std::move(labels)}});
  }
  Json document = infer_document(model, request.id, std::move(outputs));
  if (has_warning) document["parameters"]["warnings"] = std::move(warnings);
  HttpResponse response;
  response.body = to_json_text(document) + "\n";
  return response;
}

Json infer_document(const InferModel& model, const std::string& id, Json outputs) {
  Json document{{"model_name", model.name},
                {"model_version", model.version},
                {"parameters", {{"model", model.reference}}}};
  if (!id.empty()) document["id"] = id;
  document["outputs"] = std::move(outputs);
  return document;
}

void add_computes(const InferModel& model, Json& parameters) {
  for (const char* part : {"device", "precision", "layout", "threads"}) {
    if (model.computes.contains(part)) parameters[part] = model.computes[part];
  }
}

Json server_metadata(const std::string& name) {
  return {{"name", name}, {"version", mat_version()}, {"extensions", Json::array()}};
}

Json model_metadata(const InferModel& model, const std::vector<std::string>& classes) {
  Json parameters{{"classes", classes}, {"model", model.reference}};
  add_computes(model, parameters);
  return {{"name", model.name},
          {"versions", {model.version}},
          {"platform", "mat"},
          {"inputs", {{{"name", kImageInput}, {"datatype", "BYTES"}, {"shape", {-1}}}}},
          {"outputs",
           {{{"name", kProbabilitiesOutput}, {"datatype", "FP32"}, {"shape", {-1, classes.size()}}},
            {{"name", kLabelOutput}, {"datatype", "BYTES"}, {"shape", {-1}}}}},
          {"parameters", std::move(parameters)}};
}

}  // namespace mat
