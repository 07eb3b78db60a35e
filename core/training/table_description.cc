#include "core/training/table_description.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

constexpr const char* kKind = "table";
constexpr const char* kTab = "tab";

}  // namespace

bool is_table_description(const Json& json) {
  return json.is_object() && json.value("kind", Json()) == kKind;
}

Json to_json(const TableDescription& description) {
  const bool is_tab = description.delimiter == '\t';
  Json json{{"kind", kKind},
            {"columns", description.encoder.to_json()},
            {"target", description.target},
            {"task", description.is_regression() ? "regression" : "classification"},
            {"delimiter", is_tab ? std::string(kTab) : std::string(1, description.delimiter)}};
  if (description.is_regression()) {
    json["target_mean"] = description.target_mean;
    json["target_deviation"] = description.target_deviation;
  } else {
    json["classes"] = description.classes;
  }
  return json;
}

TableDescription table_description_from_json(const Json& json, const std::string& what) {
  const auto fail = [&](const char* why) {
    throw Error(ErrorKind::io, fmt::format("{} does not describe a table: {}", what, why));
  };
  TableDescription description;
  try {
    description.target = json.at("target").get<std::string>();
    if (json.at("task") == "regression") {
      description.target_mean = json.at("target_mean").get<double>();
      description.target_deviation = json.at("target_deviation").get<double>();
      if (!std::isfinite(description.target_mean) || !(description.target_deviation > 0)) {
        fail("the unit of its target");
      }
    } else {
      description.classes = json.at("classes").get<std::vector<std::string>>();
      if (description.classes.size() < 2) fail("it has no classes");
    }
    const std::string delimiter = json.value("delimiter", ",");
    description.delimiter = delimiter == kTab ? '\t' : delimiter.empty() ? ',' : delimiter[0];
    description.encoder = TableEncoder::from_json(json.at("columns"));
  } catch (const Json::exception&) {
    fail("something is missing, or is of another type");
  }
  return description;
}

TableDescription describe_table_weights(const std::filesystem::path& file) {
  const std::map<std::string, std::string> metadata = open_weights(file).header.metadata;
  const std::string what = fmt::format("'{}'", file.string());
  const auto found = metadata.find("preprocessing");
  const Json json = found == metadata.end() ? Json() : parse_json(found->second, what);
  if (!is_table_description(json)) {
    throw Error(ErrorKind::usage, what + " has weights that are not of a table");
  }
  return table_description_from_json(json, what);
}

}  // namespace mat
