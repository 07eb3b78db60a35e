#include "core/catalog/picture_counts.h"

#include "core/base/error.h"
#include "core/dataset/manifest.h"

namespace mat {
namespace {

void count(const std::optional<Usage>& usage, UsageCounts* counts) {
  if (!usage) {
    ++counts->undecided;
  } else if (*usage == Usage::train) {
    ++counts->train;
  } else if (*usage == Usage::validation) {
    ++counts->validation;
  } else {
    ++counts->test;
  }
}

void put(const UsageCounts& counts, Json* json) {
  (*json)["train"] = counts.train;
  (*json)["eval"] = counts.validation;
  (*json)["test"] = counts.test;
  (*json)["undecided"] = counts.undecided;
}

UsageCounts usage_from_json(const Json& json) {
  return {json.at("train").get<std::int64_t>(), json.at("eval").get<std::int64_t>(),
          json.at("test").get<std::int64_t>(), json.at("undecided").get<std::int64_t>()};
}

}  // namespace

PictureCounts count_pictures(const std::filesystem::path& manifest) {
  PictureCounts counts;
  ManifestReader reader(manifest);
  for (ManifestSample sample; reader.next(sample);) {
    ++counts.pictures;
    count(sample.usage, &counts.usage);
    if (sample.labels.empty()) {
      ++counts.unlabelled;
    } else if (sample.labels.size() > 1) {
      ++counts.several_labels;
    } else {
      count(sample.usage, &counts.classes[sample.labels.front()]);
    }
  }
  return counts;
}

Json to_json(const PictureCounts& counts) {
  Json json = {{"pictures", counts.pictures}};
  put(counts.usage, &json);
  json["unlabelled"] = counts.unlabelled;
  json["several_labels"] = counts.several_labels;
  json["left_out"] = counts.left_out;
  json["classes"] = Json::object();
  for (const auto& [name, usage] : counts.classes) put(usage, &json["classes"][name]);
  return json;
}

PictureCounts picture_counts_from_json(const Json& json) {
  try {
    PictureCounts counts;
    counts.pictures = json.at("pictures").get<std::int64_t>();
    counts.usage = usage_from_json(json);
    counts.unlabelled = json.at("unlabelled").get<std::int64_t>();
    counts.several_labels = json.at("several_labels").get<std::int64_t>();
    counts.left_out = json.at("left_out").get<std::int64_t>();
    for (const auto& [name, usage] : json.at("classes").items()) {
      counts.classes[name] = usage_from_json(usage);
    }
    return counts;
  } catch (const Json::exception&) {
    throw Error(ErrorKind::io, "the registry has damaged counts of a dataset's pictures");
  }
}

}  // namespace mat
