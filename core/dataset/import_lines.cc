#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/import_collector.h"
#include "core/dataset/json_lines.h"

// Manifests: ModelArts' own, and those of SageMaker, whose lines become ModelArts' with the fields
// that they had.

namespace mat {
namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::usage, what); }

// Hands every line to `take`, and tells what is wrong with those for which it throws.
template <typename Take>
void for_each_line(const std::filesystem::path& file, ImportCollector& collector,
                   const Take& take) {
  JsonLines lines(file);
  Json line;
  for (;;) {
    ManifestSample sample;
    try {
      if (!lines.next(line)) return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;
      const std::string place = lines.place();
      collector.problem(place,
                        error.message().substr(std::min(place.size() + 2, error.message().size())));
      continue;
    }
    try {
      sample = take(std::move(line));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;
      collector.problem(lines.place(), error.message());
      continue;
    }
    collector.add(std::move(sample), lines.place());
  }
}

// The source as it came stays in the line, so that an export can give it back.
void map_source(Json& line, const ImportCollector& collector) {
  const auto source = line.find("source");
  if (source == line.end() || !source->is_string()) return;
  auto mapped = collector.mapped_source(source->get_ref<const std::string&>());
  if (!mapped) return;
  if (!line.contains("mapped-from")) line["mapped-from"] = *source;
  line["source"] = std::move(*mapped);
}

std::string text_of_class(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  fail("the label is neither text nor a whole number");
}

// The attribute with the label: the one that was asked for, or the first that has metadata.
std::string label_attribute(const Json& line, const std::string& wanted) {
  if (!wanted.empty()) return line.contains(wanted) ? wanted : std::string();
  for (const auto& [key, value] : line.items()) {
    const auto metadata = line.find(key + "-metadata");
    if (metadata == line.end() || !metadata->is_object()) continue;
    if (metadata->contains("class-name") || metadata->contains("class-map")) return key;
  }
  // Without metadata: the only other text or number.
  std::string found;
  for (const auto& [key, value] : line.items()) {
    const bool is_label =
        key != "source-ref" && key != "usage" && (value.is_string() || value.is_number_integer());
    if (!is_label) continue;
    if (!found.empty()) fail("it is not clear which attribute is the label (--label-attribute)");
    found = key;
  }
  return found;
}

std::vector<std::string> sagemaker_labels(const Json& line, const std::string& attribute) {
  std::vector<std::string> labels;
  if (attribute.empty()) return labels;
  const Json& value = line.at(attribute);
  if (value.is_null()) return labels;
  const auto metadata = line.find(attribute + "-metadata");
  const bool has_metadata = metadata != line.end() && metadata->is_object();
  if (has_metadata && metadata->contains("class-name")) {
    return {text_of_class(metadata->at("class-name"))};
  }
  const Json* names = nullptr;
  if (has_metadata && metadata->contains("class-map")) names = &metadata->at("class-map");
  if (names != nullptr && !names->is_object()) fail("'class-map' is no object");
  const auto add = [&](const Json& item) {
    const std::string number = text_of_class(item);
    std::string label = number;
    if (names != nullptr && names->contains(number)) label = text_of_class(names->at(number));
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
  };
  if (value.is_array()) {
    if (value.size() > kMostLabelsOfPicture) fail(kTooManyLabels);
    for (const Json& item : value) add(item);
  } else {
    add(value);
  }
  return labels;
}

ManifestSample sagemaker_sample(Json line, const std::filesystem::path& folder,
                                const ImportCollector& collector) {
  const auto source = line.find("source-ref");
  if (source == line.end() || !source->is_string()) fail("there is no 'source-ref'");
  const std::string attribute = label_attribute(line, collector.options().label_attribute);
  std::vector<std::string> labels = sagemaker_labels(line, attribute);
  if (std::find(labels.begin(), labels.end(), "") != labels.end()) fail("a label is empty");
  line["source"] = *source;
  line.erase("annotation");
  map_source(line, collector);
  ManifestSample sample = sample_of_line(std::move(line), folder);
  sample.labels = std::move(labels);
  return sample;
}

}  // namespace

void import_manifest(const std::filesystem::path& file, ImportCollector& collector) {
  const std::filesystem::path folder = absolute_path(file).parent_path();
  for_each_line(file, collector, [&](Json line) {
    map_source(line, collector);
    return sample_of_line(std::move(line), folder);
  });
}

void import_sagemaker(const std::filesystem::path& file, ImportCollector& collector) {
  const std::filesystem::path folder = absolute_path(file).parent_path();
  for_each_line(file, collector,
                [&](Json line) { return sagemaker_sample(std::move(line), folder, collector); });
}

}  // namespace mat
