#include "core/model/labelled_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/import.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolderKey = "folder";

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : to_json_text(value);
}

const Json* find_in(const Json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  if (const auto found = object.find(key); found != object.end()) return &*found;
  const auto property = object.find("property");
  if (property == object.end() || !property->is_object()) return nullptr;
  const auto found = property->find(key);
  return found != property->end() ? &*found : nullptr;
}

std::string slice_of(const ManifestSample& sample, const std::string& key) {
  if (key.empty()) return {};
  if (const Json* value = find_in(sample.line, key)) return text_of(*value);
  if (sample.line.is_object() && sample.line.contains("annotation") &&
      sample.line["annotation"].is_array()) {
    for (const Json& annotation : sample.line["annotation"]) {
      if (const Json* value = find_in(annotation, key)) return text_of(*value);
    }
  }
  return key == kFolderKey ? fs::path(sample.source).parent_path().filename().string() : "";
}

bool is_asked(Asked asked, const std::optional<Usage>& usage) {
  switch (asked) {
    case Asked::all:
      return true;
    case Asked::held_out:
      return usage && *usage != Usage::train;
    case Asked::train:
      return usage == Usage::train;
    case Asked::validation:
      return usage == Usage::validation;
    case Asked::test:
      return usage == Usage::test;
  }
  return true;
}

// The folder that all files lie in.
fs::path common_folder(const std::vector<PictureSample>& samples) {
  fs::path common = samples.front().file.parent_path();
  for (const PictureSample& sample : samples) {
    while (
        std::mismatch(common.begin(), common.end(), sample.file.begin(), sample.file.end()).first !=
        common.end()) {
      common = common.parent_path();
    }
  }
  return common;
}

std::vector<ManifestSample> read_all(const fs::path& data, LabelledPictures& pictures) {
  ImportOptions options;
  options.bad_labels = ImportOptions::BadLabels::keep;
  std::vector<ManifestSample> samples;
  const ImportSummary summary = import_pictures(
      data, options, [&](ManifestSample&& sample) { samples.push_back(std::move(sample)); });
  pictures.unlabelled = summary.unlabelled;
  pictures.several_labels = summary.several_labels;
  pictures.unusable = summary.problem_count;
  for (const ImportProblem& problem : summary.problems) {
    pictures.problems.push_back(problem.place + ": " + problem.what);
  }
  return samples;
}

void refuse_remote(const fs::path& data, const std::vector<PictureSample>& samples) {
  const auto is_remote = [](const PictureSample& sample) {
    return is_remote_address(sample.file.native());
  };
  const auto count = std::count_if(samples.begin(), samples.end(), is_remote);
  if (count == 0) return;
  const std::string first = std::find_if(samples.begin(), samples.end(), is_remote)->file.native();
  const std::string bucket = bucket_of_address(first);
  throw Error(ErrorKind::usage,
              fmt::format("{} of the pictures of '{}' {} in an object store: {}{}", count,
                          data.string(), count == 1 ? "is" : "are", first, count == 1 ? "" : ", …"),
              fmt::format("make a dataset of them that says where they are on this machine: mat "
                          "dataset create NAME '{}' --map-source '{}=FOLDER'",
                          data.string(), bucket));
}

}  // namespace

Asked parse_asked(const std::string& text) {
  if (text == "held-out") return Asked::held_out;
  if (text == "all") return Asked::all;
  if (const auto usage = parse_usage(text)) {
    return *usage == Usage::train        ? Asked::train
           : *usage == Usage::validation ? Asked::validation
                                         : Asked::test;
  }
  throw Error(ErrorKind::usage, fmt::format("'{}' is no part of labelled data", text),
              "held-out, all, train, eval or test");
}

LabelledPictures read_labelled(const fs::path& data, const std::vector<std::string>& classes,
                               Asked asked, const std::string& slice_key) {
  LabelledPictures pictures;
  const std::vector<ManifestSample> samples = read_all(data, pictures);
  const bool has_held_out = std::any_of(
      samples.begin(), samples.end(),
      [](const ManifestSample& sample) { return is_asked(Asked::held_out, sample.usage); });
  if (asked == Asked::held_out && !has_held_out) asked = Asked::all;
  pictures.part = asked;
  std::map<std::string, int> numbers;
  for (std::size_t c = 0; c < classes.size(); ++c) numbers[classes[c]] = static_cast<int>(c);
  bool is_any_asked = samples.empty();
  for (const ManifestSample& sample : samples) {
    if (!is_asked(asked, sample.usage)) continue;
    is_any_asked = true;
    if (sample.labels.size() != 1) continue;
    const auto number = numbers.find(sample.labels.front());
    if (number == numbers.end()) {
      ++pictures.unknown_labels[sample.labels.front()];
      continue;
    }
    PictureSample picture;
    picture.file = sample.source;
    picture.label = number->second;
    picture.usage = sample.usage.value_or(Usage::validation);
    picture.content = content_from_hex(sample.content);
    pictures.set.samples.push_back(std::move(picture));
    pictures.slices.push_back(slice_of(sample, slice_key));
  }
  if (pictures.set.samples.empty() && !is_any_asked) {
    throw Error(ErrorKind::usage,
                fmt::format("no picture of '{}' is of the part that was asked for", data.string()),
                "--part all takes those of every part");
  }
  if (pictures.set.samples.empty()) {
    std::vector<std::string> unknown;
    for (const auto& [label, count] : pictures.unknown_labels) unknown.push_back(label);
    throw Error(ErrorKind::usage,
                fmt::format("'{}' has no picture with a label that the model knows", data.string()),
                unknown.empty() ? fmt::format("the model knows {}", join(classes, ", "))
                                : fmt::format("its labels are {}; the model knows {}",
                                              join(unknown, ", "), join(classes, ", ")));
  }
  refuse_remote(data, pictures.set.samples);
  if (!slice_key.empty() && std::all_of(pictures.slices.begin(), pictures.slices.end(),
                                        [](const std::string& value) { return value.empty(); })) {
    throw Error(ErrorKind::usage, fmt::format("no picture has the property '{}'", slice_key),
                "it stands in a manifest's line, its \"property\" or its annotation's; 'folder' is "
                "always there");
  }
  pictures.set.classes = classes;
  pictures.set.root = common_folder(pictures.set.samples);
  for (PictureSample& sample : pictures.set.samples) {
    sample.name = sample.file.lexically_relative(pictures.set.root).string();
  }
  std::error_code error;
  if (!fs::is_directory(data, error)) pictures.set.manifest = data;
  return pictures;
}

}  // namespace mat
