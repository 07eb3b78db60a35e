#include "core/dataset/manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/cache/content.h"

namespace mat {
namespace {

constexpr const char* kClassification = "modelarts/image_classification";
constexpr std::string_view kHashName = "xxh128:";
constexpr const char* kLabelRemoved = "label-removed";

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::usage, what); }

// The text under `key`; nothing when there is none or it is null.
const std::string* text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return nullptr;
  if (!found->is_string()) fail(fmt::format("'{}' is no text", key));
  return &found->get_ref<const std::string&>();
}

std::string absolute_source(const std::string& source, const std::filesystem::path& folder) {
  if (source.empty()) fail("'source' is empty");
  if (source.find('\0') != std::string::npos) fail("'source' has a zero byte");
  if (source.find("://") != std::string::npos) {
    if (!is_remote_address(source)) {
      fail(fmt::format("'{}' is neither a path nor an s3:// or obs:// address", source));
    }
    return source;
  }
  if (source.front() == '/') return std::filesystem::path(source).lexically_normal().string();
  const std::filesystem::path relative = std::filesystem::path(source).lexically_normal();
  if (*relative.begin() == "..") {
    fail(fmt::format("'{}' leads out of the folder of the manifest", source));
  }
  return (folder / relative).string();
}

std::optional<Usage> usage_of(const Json& line) {
  const std::string* text = text_of(line, "usage");
  // Kept as they are: of pictures that nobody trains with.
  if (text == nullptr || trim(*text).empty() || lower(*text) == "inference") return std::nullopt;
  const auto usage = parse_usage(*text);
  if (!usage) fail(fmt::format("the usage '{}' is none of TRAIN, EVAL and TEST", *text));
  return usage;
}

// Whether it says what class the picture has.
bool is_classification(const Json& annotation) {
  const auto type = annotation.find("type");
  return type != annotation.end() && *type == kClassification;
}

std::vector<std::string> labels_of(const Json& line) {
  std::vector<std::string> labels;
  const auto annotations = line.find("annotation");
  if (annotations == line.end() || annotations->is_null()) return labels;
  if (!annotations->is_array()) fail("'annotation' is no list");
  for (const Json& annotation : *annotations) {
    if (!annotation.is_object()) fail("an annotation is no object");
    if (!is_classification(annotation)) continue;
    const std::string* name = text_of(annotation, "name");
    if (name == nullptr || name->empty()) fail("an annotation has no 'name'");
    if (std::find(labels.begin(), labels.end(), *name) != labels.end()) continue;
    if (labels.size() == kMostLabelsOfPicture) fail(kTooManyLabels);
    labels.push_back(*name);
  }
  return labels;
}

std::string content_of_line(const Json& line) {
  const auto found = line.find("content-hash");
  if (found == line.end() || !found->is_string()) return {};
  std::string_view text = found->get_ref<const std::string&>();
  if (!text.starts_with(kHashName)) return {};  // somebody else's
  text.remove_prefix(kHashName.size());
  if (!content_from_hex(text)) fail("'content-hash' is no hash");
  return std::string(text);
}

bool is_label_removed(const Json& line) {
  const auto found = line.find(kLabelRemoved);
  return found != line.end() && *found == true;
}

void set_annotations(Json& line, const std::vector<std::string>& labels) {
  if (labels_of(line) == labels) return;
  Json kept = Json::array();
  std::vector<std::string> missing = labels;
  if (const auto found = line.find("annotation"); found != line.end() && found->is_array()) {
    for (Json& annotation : *found) {
      if (is_classification(annotation)) {
        const auto& name = annotation["name"].get_ref<const std::string&>();
        if (std::find(labels.begin(), labels.end(), name) == labels.end()) continue;
        std::erase(missing, name);
      }
      kept.push_back(std::move(annotation));
    }
  }
  for (const std::string& label : missing) {
    kept.push_back({{"type", kClassification}, {"name", label}, {"annotated-by", "human"}});
  }
  line["annotation"] = std::move(kept);
}

}  // namespace

ManifestSample sample_of_line(Json line, const std::filesystem::path& folder) {
  ManifestSample sample;
  const std::string* source = text_of(line, "source");
  if (source == nullptr) fail("there is no 'source'");
  sample.source = absolute_source(*source, folder);
  sample.usage = usage_of(line);
  sample.labels = labels_of(line);
  sample.content = content_of_line(line);
  sample.is_label_removed = is_label_removed(line);
  sample.line = std::move(line);
  return sample;
}

Json line_of_sample(const ManifestSample& sample) {
  Json line = sample.line.is_object() ? sample.line : Json::object();
  line["source"] = sample.source;
  if (usage_of(line) != sample.usage) {
    if (sample.usage) {
      line["usage"] = usage_text(*sample.usage);
    } else {
      line.erase("usage");
    }
  }
  set_annotations(line, sample.labels);
  const bool is_removed = sample.is_label_removed && sample.labels.empty();
  if (is_removed && !is_label_removed(line)) line[kLabelRemoved] = true;
  if (!is_removed && is_label_removed(line)) line.erase(kLabelRemoved);
  if (!sample.content.empty()) {
    line["content-hash"] = std::string(kHashName) + sample.content;
  } else if (!content_of_line(line).empty()) {
    line.erase("content-hash");
  }
  return line;
}

void rename_labels(ManifestSample& sample, const std::map<std::string, std::string>& names) {
  const auto name_of = [&](const std::string& label) {
    const auto found = names.find(label);
    return found == names.end() ? label : found->second;
  };
  if (const auto found = sample.line.find("annotation");
      sample.line.is_object() && found != sample.line.end() && found->is_array()) {
    Json kept = Json::array();
    for (Json& annotation : *found) {
      if (annotation.is_object() && is_classification(annotation)) {
        std::string name = name_of(annotation["name"].get_ref<const std::string&>());
        if (name.empty()) continue;
        annotation["name"] = std::move(name);
      }
      kept.push_back(std::move(annotation));
    }
    *found = std::move(kept);
  }
  std::vector<std::string> labels;
  for (const std::string& label : sample.labels) {
    std::string name = name_of(label);
    const bool is_there = std::find(labels.begin(), labels.end(), name) != labels.end();
    if (!name.empty() && !is_there) labels.push_back(std::move(name));
  }
  sample.labels = std::move(labels);
}

ManifestReader::ManifestReader(const std::filesystem::path& file, JsonLinesOptions options)
    : lines_(file, options), folder_(absolute_path(file).parent_path()) {}

bool ManifestReader::next(ManifestSample& sample) {
  Json line;
  if (!lines_.next(line)) return false;
  try {
    sample = sample_of_line(std::move(line), folder_);
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, fmt::format("{}: {}", place(), error.message()), error.hint());
  }
  return true;
}

ManifestWriter::ManifestWriter(const std::filesystem::path& file) : file_(file) {}

void ManifestWriter::write(const ManifestSample& sample) { write_line(line_of_sample(sample)); }

void ManifestWriter::write_line(const Json& line) {
  const auto source = line.find("source");
  if (source != line.end() && source->is_string() &&
      find_bad_utf8(source->get_ref<const std::string&>()) != std::string_view::npos) {
    fail(fmt::format("the name '{}' is not UTF-8, which a manifest cannot hold",
                     source->get_ref<const std::string&>()));
  }
  file_.write(to_json_text(line));
  file_.write("\n");
}

void ManifestWriter::finish() { file_.finish(); }

}  // namespace mat
