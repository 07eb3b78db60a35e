#include "core/training/model_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

constexpr int kMostPixels = 4096;  // of a side
constexpr std::size_t kMostClasses = 1'000'000;
constexpr std::array kViews = {"margin", "whole", "centre", "first", "last"};
constexpr double kLeastTemperature = 1e-3, kMostTemperature = 1e3;

class Reader {
 public:
  Reader(const Json& json, const std::string& what) : json_(json), what_(what) {
    if (!json.is_object()) fail("it is no JSON object");
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::io, fmt::format("{} does not describe a model: {}", what_, why));
  }

  bool has(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }

  const Json& at(const char* key) const {
    if (!has(key)) fail(fmt::format("'{}' is missing", key));
    return json_.at(key);
  }

  std::string text(const char* key) const {
    if (!at(key).is_string()) fail(fmt::format("'{}' is not text", key));
    return at(key).get<std::string>();
  }

  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> texts;
    if (!at(key).is_array()) fail(fmt::format("'{}' is not a list", key));
    for (const Json& text : at(key)) {
      if (!text.is_string()) fail(fmt::format("'{}' has something in it that is not text", key));
      texts.push_back(text.get<std::string>());
    }
    return texts;
  }

  int pixels(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number_integer() || value < 1 || value > kMostPixels) {
      fail(fmt::format("'{}' is not a number of pixels, 1 to {}", key, kMostPixels));
    }
    return value.get<int>();
  }

  std::vector<double> colour(const char* key) const {
    std::vector<double> values;
    if (at(key).is_array()) {
      for (const Json& value : at(key)) {
        if (value.is_number()) values.push_back(value.get<double>());
      }
    }
    if (values.size() != 3) fail(fmt::format("'{}' is not three numbers", key));
    return values;
  }

 private:
  const Json& json_;
  const std::string& what_;
};

Preprocessing preprocessing_from_json(const Json& json, const std::string& what) {
  const Reader read(json, what);
  Preprocessing preprocessing;
  preprocessing.image_size = read.pixels("image_size");
  preprocessing.short_side =
      read.has("short_side") ? read.pixels("short_side") : 2 * preprocessing.image_size;
  if (read.has("level_side") && read.at("level_side") != 0) {
    preprocessing.level_side = read.pixels("level_side");
  }
  if (read.has("views")) preprocessing.views = read.texts("views");
  if (preprocessing.views.empty()) read.fail("'views' is empty");
  for (const std::string& view : preprocessing.views) {
    if (std::find(kViews.begin(), kViews.end(), view) != kViews.end()) continue;
    read.fail(fmt::format("'{}' is no view", view));
  }
  if (read.has("mirrored")) {
    if (!read.at("mirrored").is_boolean()) read.fail("'mirrored' is not true or false");
    preprocessing.mirrored = read.at("mirrored").get<bool>();
  }
  preprocessing.mean = read.has("mean") ? read.colour("mean") : std::vector<double>{0, 0, 0};
  preprocessing.deviation = read.has("std") ? read.colour("std") : std::vector<double>{1, 1, 1};
  for (const double deviation : preprocessing.deviation) {
    if (!(deviation > 0)) read.fail("'std' is not above 0");
  }
  return preprocessing;
}

const std::string* find(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

}  // namespace

ModelDescription describe_weights(const std::filesystem::path& file) {
  const std::map<std::string, std::string> metadata = open_weights(file).header.metadata;
  const std::string what = fmt::format("'{}'", file.string());
  const std::string* const algorithm = find(metadata, "algorithm");
  const std::string* const classes = find(metadata, "classes");
  const std::string* const preprocessing = find(metadata, "preprocessing");
  if (algorithm == nullptr) {
    throw Error(ErrorKind::io, what + " was not written by mat: it does not say what it is",
                "mat model import takes weights of others, and what they lack as options");
  }
  const Algorithm* const builtin = find_builtin_algorithm(*algorithm);
  const bool is_of_pictures = builtin != nullptr && builtin->task == Task::image_classification;
  if (!is_of_pictures || classes == nullptr || preprocessing == nullptr) {
    throw Error(ErrorKind::usage,
                fmt::format("{} has the weights of {}, which is no classifier of pictures", what,
                            *algorithm));
  }
  const std::string* const network = find(metadata, "network");
  const std::string* const temperature = find(metadata, "temperature");
  Json json{{"network", network != nullptr ? *network : *algorithm},
            {"classes", parse_json(*classes, what)},
            {"preprocessing", parse_json(*preprocessing, what)}};
  if (temperature != nullptr) json["temperature"] = parse_json(*temperature, what);
  return model_description_from_json(json, what);
}

Json to_json(const ModelDescription& description) {
  const Preprocessing& p = description.preprocessing;
  return {{"network", description.network},
          {"classes", description.classes},
          {"preprocessing",
           {{"image_size", p.image_size},
            {"short_side", p.short_side},
            {"level_side", p.level_side},
            {"views", p.views},
            {"mirrored", p.mirrored},
            {"mean", p.mean},
            {"std", p.deviation}}},
          {"temperature", description.temperature}};
}

ModelDescription model_description_from_json(const Json& json, const std::string& what) {
  const Reader read(json, what);
  ModelDescription description;
  description.network = read.text("network");
  description.classes = read.texts("classes");
  if (description.classes.size() < 2 || description.classes.size() > kMostClasses) {
    read.fail(fmt::format("{} classes", description.classes.size()));
  }
  const std::set<std::string> names(description.classes.begin(), description.classes.end());
  if (names.size() != description.classes.size()) read.fail("a class is named twice");
  description.preprocessing = preprocessing_from_json(read.at("preprocessing"), what);
  if (read.has("temperature")) {
    const Json& temperature = read.at("temperature");
    if (!temperature.is_number() || temperature < kLeastTemperature ||
        temperature > kMostTemperature) {
      read.fail("'temperature' is not a number above 0");
    }
    description.temperature = temperature.get<double>();
  }
  return description;
}

}  // namespace mat
