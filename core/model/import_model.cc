#include "core/model/import_model.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/training/model_file.h"
#include "core/training/table_description.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytesBeside = 256 << 20;
constexpr int kUsualSize = 224;
constexpr std::array kUsualMean = {0.485, 0.456, 0.406};
constexpr std::array kUsualDeviation = {0.229, 0.224, 0.225};
constexpr std::uint8_t kGrey = 128;
constexpr std::size_t kMostShown = 8;
// What was single precision once is not exactly what a person writes.
constexpr double kSameNumber = 1e-6;

using Kind = ModelFileKind;

Kind kind_of(const fs::path& file) {
  const Kind kind = kind_of_model_file(file);
  if (kind != Kind::neither) return kind;
  throw Error(ErrorKind::usage,
              fmt::format("'{}' is neither TorchScript nor safetensors", file.string()),
              "in Python: torch.jit.script(model).save(\"model.pt\"), or "
              "safetensors.torch.save_model(model, \"model.safetensors\")");
}

std::optional<fs::path> find_description(const fs::path& file) {
  std::vector<fs::path> places{description_beside(file)};
  if (file.stem() == "model") places.push_back(file.parent_path() / "model.json");
  std::error_code error;
  for (fs::path& place : places) {
    if (fs::is_regular_file(place, error)) return std::move(place);
  }
  return std::nullopt;
}

void check_classes(const std::vector<std::string>& classes) {
  const std::set<std::string> names(classes.begin(), classes.end());
  if (names.contains("")) throw Error(ErrorKind::usage, "the name of a class is empty");
  if (classes.size() < 2) {
    throw Error(ErrorKind::usage, "a classifier has two classes or more",
                "--classes a,b,c, or --classes @FILE with one in each line");
  }
  if (names.size() == classes.size()) return;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (std::count(classes.begin(), classes.end(), classes[i]) < 2) continue;
    throw Error(ErrorKind::usage, fmt::format("the class '{}' is named twice", classes[i]));
  }
}

bool is_known(const std::string& network) {
  const std::size_t width = network.find("_w");
  const std::string base = network.substr(0, width);
  const std::vector<std::string> known = known_networks();
  if (std::find(known.begin(), known.end(), network) != known.end()) return true;
  if (width == std::string::npos || !base.starts_with("resnet")) return false;
  const auto channels = parse_integer(network.substr(width + 2));
  return channels && *channels >= 1 && *channels <= 4096 &&
         std::find(known.begin(), known.end(), base) != known.end();
}

void check_network(const std::string& network) {
  if (is_known(network)) return;
  const std::vector<std::string> known = known_networks();
  throw Error(ErrorKind::usage, fmt::format("mat knows no network '{}'", network),
              fmt::format("{}; any other as TorchScript", name_hint(network, known)));
}

[[noreturn]] void refuse_table(const std::string& what) {
  throw Error(ErrorKind::conflict,
              what + " is of a model for rows of tables: those cannot be imported",
              "make it of the training that it came from: mat model create JOB@V0001 --name N");
}

struct ImportOption {
  const char* name;
  const char* place;  // in a description
};
constexpr std::array<ImportOption, 5> kOptions{{{"--network", "/network"},
                                                {"--classes", "/classes"},
                                                {"--image-size", "/preprocessing/image_size"},
                                                {"--mean", "/preprocessing/mean"},
                                                {"--std", "/preprocessing/std"}}};

// As a description has it.
Json json_of(const ImportDescription& given) {
  Json json = Json::object();
  if (!given.network.empty()) json["network"] = given.network;
  if (!given.classes.empty()) json["classes"] = given.classes;
  if (given.image_size) json["preprocessing"]["image_size"] = *given.image_size;
  if (!given.mean.empty()) json["preprocessing"]["mean"] = given.mean;
  if (!given.deviation.empty()) json["preprocessing"]["std"] = given.deviation;
  return json;
}

std::string text_of(const Json& said) {
  if (said.is_string()) return said.get<std::string>();
  if (!said.is_array()) return to_json_text(said);
  std::vector<std::string> parts;
  for (const Json& part : said) {
    if (parts.size() == kMostShown) {
      parts.push_back(fmt::format("… ({} in all)", said.size()));
      break;
    }
    parts.push_back(text_of(part));
  }
  return join(parts, ", ");
}

bool is_same(const Json& one, const Json& other) {
  if (one.is_array() && other.is_array()) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), is_same);
  }
  if (!one.is_number() || !other.is_number()) return one == other;
  return std::abs(one.get<double>() - other.get<double>()) <= kSameNumber;
}

// A model of both would be neither, and the figures that came with the file not its own.
void refuse_contradictions(const Json& given, const Json& said, const fs::path& said_by) {
  for (const ImportOption& option : kOptions) {
    const Json::json_pointer place(option.place);
    if (!given.contains(place) || !said.contains(place)) continue;
    if (is_same(given.at(place), said.at(place))) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{} {} is not what '{}' says: {}", option.name,
                            text_of(given.at(place)), said_by.string(), text_of(said.at(place))),
                fmt::format("leave {} out: it is for what the file does not say", option.name));
  }
}

void require_complete(const fs::path& file, const Json& json) {
  const auto lacks = [&](const char* what, std::string hint) {
    return Error(ErrorKind::usage, fmt::format("'{}' does not say {}", file.string(), what),
                 std::move(hint));
  };
  if (!json.contains("network")) {
    throw lacks("which network it is of",
                fmt::format("--network NAME, one of {}", join(known_networks(), ", ")));
  }
  if (!json.contains("classes")) {
    throw lacks("what its outputs mean",
                "--classes a,b,c in the order of the outputs, or --classes @FILE with one in each "
                "line");
  }
}

void fill_in(Json& preprocessing) {
  const auto put = [&](const char* key, const Json& value) {
    if (!preprocessing.contains(key)) preprocessing[key] = value;
  };
  put("image_size", kUsualSize);
  put("mean", kUsualMean);
  put("std", kUsualDeviation);
}

// What the file says of itself.
Json said_of(const fs::path& file, Kind kind, const DescribeFile& describe, ModelContent& content) {
  if (kind == Kind::program) {
    Json said = describe(file);
    said["network"] = kTorchScript;
    return said;
  }
  const auto metadata = open_weights(file).header.metadata;
  if (!metadata.contains("algorithm")) return describe(file);
  if (const auto metrics = metadata.find("metrics"); metrics != metadata.end()) {
    content.metrics = parse_json(metrics->second, fmt::format("'{}'", file.string()));
  }
  if (metadata.at("algorithm") == kTableNetwork) {
    refuse_table(fmt::format("'{}'", file.string()));
  }
  return to_json(describe_weights(file));
}

// Of a document only what it says under the keys of `known`: what it leaves out is not said.
Json said_in(const Json& document, const Json& known) {
  Json said = Json::object();
  for (const auto& [key, value] : known.items()) {
    const auto found = document.find(key);
    if (found == document.end() || found->is_null()) continue;
    said[key] = value.is_object() ? said_in(*found, value) : *found;
  }
  return said;
}

// Adds what `said` says and `json`, of the file itself, does not. What both say has to be the same.
void merge_said(const Json& said, const fs::path& beside, Json& json, const fs::path& file) {
  for (const auto& [key, value] : said.items()) {
    if (!json.contains(key)) {
      json[key] = value;
    } else if (value.is_object()) {
      merge_said(value, beside, json[key], file);
    } else if (!is_same(json[key], value)) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' says {} {}, and '{}' itself {}", beside.string(), key,
                              text_of(value), file.string(), text_of(json[key])),
                  fmt::format("correct '{}', or take it away when it is of another model",
                              beside.filename().string()));
    }
  }
}

// Adds what stands beside the file, in `beside`.
void add_beside(const fs::path& beside, Json& json, ModelContent& content) {
  const std::string what = fmt::format("'{}'", beside.string());
  const Json document = parse_json(read_file(beside, kMostBytesBeside), what);
  if (is_table_description(document)) refuse_table(what);
  const Json known = to_json(model_description_from_json(document, what));
  Json said = said_in(document, known);
  // A program has its network in itself, whatever that is called.
  if (json.value("network", "") == kTorchScript) said.erase("network");
  merge_said(said, beside, json, content.file);
  if (content.metrics.empty()) content.metrics = document.value("metrics", Json::object());
  content.origin["exported"] = {{"model", document.value("model", Json())},
                                {"origin", document.value("origin", Json())}};
}

}  // namespace

std::vector<std::string> known_networks() {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : builtin_algorithms()) {
    const bool is_network =
        algorithm.task == Task::image_classification && algorithm.name != kExemlAlgorithm;
    if (is_network) names.push_back(algorithm.name);
  }
  return names;
}

fs::path description_beside(const fs::path& file) { return fs::path(file) += ".json"; }

ModelContent describe_import(const fs::path& file, const ImportDescription& given,
                             const DescribeFile& describe) {
  if (!given.classes.empty()) check_classes(given.classes);
  if (!given.network.empty()) check_network(given.network);
  ModelContent content;
  content.file = absolute_path(file);
  const Kind kind = kind_of(content.file);
  std::error_code error;
  content.origin = {{"kind", "file"},
                    {"file", content.file.string()},
                    {"bytes", fs::file_size(content.file, error)}};
  const Json options = json_of(given);
  Json json = said_of(content.file, kind, describe, content);
  refuse_contradictions(options, json, content.file);
  if (const auto beside = find_description(content.file)) {
    add_beside(*beside, json, content);
    refuse_contradictions(options, json, *beside);
  }
  json.merge_patch(options);
  if (!json.contains("preprocessing")) json["preprocessing"] = Json::object();
  require_complete(content.file, json);
  fill_in(json["preprocessing"]);
  content.description =
      model_description_from_json(json, fmt::format("what is said of '{}'", file.string()));
  if (kind == Kind::weights) check_network(content.description.network);
  return content;
}

void require_working(const ModelContent& content, const fs::path& cache_folder, int threads) {
  ModelRequest request;
  request.file = content.file;
  request.description = content.description;
  request.cache_folder = cache_folder;
  request.threads = threads;
  request.device = "cpu";
  request.layout = "contiguous";
  request.batch_size = 2;
  const std::unique_ptr<PictureModel> model = load_trainer().open_model(request);
  const int side = content.description.preprocessing.short_side;
  const std::vector<std::uint8_t> grey(static_cast<std::size_t>(side) * side * 3, kGrey);
  const ImageView picture(side, side, grey.data());
  const std::vector<float> answer = model->answer({picture});
  const std::size_t classes = content.description.classes.size();
  if (answer.size() != classes) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' gives {} numbers for a picture, and {} classes are named",
                            content.file.string(), answer.size(), classes));
  }
  // A program may have been traced with one picture, and answer for one only.
  if (model->answer({picture, picture}).size() != 2 * classes) {
    throw Error(ErrorKind::usage, fmt::format("'{}' does not answer for two pictures at once",
                                              content.file.string()));
  }
  if (std::all_of(answer.begin(), answer.end(), [](float p) { return std::isfinite(p); })) return;
  throw Error(ErrorKind::usage, fmt::format("'{}' gives numbers that are none for a grey picture",
                                            content.file.string()));
}

}  // namespace mat
