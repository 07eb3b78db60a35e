#include "core/run/seed_results.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResult = "result.json";
constexpr const char* kEvaluation = "evaluation.json";

Spread spread_of_values(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Spread spread;
  for (const double value : values) spread.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  if (values.size() > 1) spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

// The same file under a second name, or a copy of it; in the place of what is there.
void link_or_copy(const fs::path& from, const fs::path& to) {
  const fs::path part = to.string() + ".part";
  std::error_code error;
  fs::remove(part, error);
  fs::create_hard_link(from, part, error);
  if (error) fs::copy_file(from, part, fs::copy_options::overwrite_existing, error);
  // Of two names of one file, rename() keeps both.
  if (!error && fs::equivalent(part, to, error)) return void(fs::remove(part, error));
  error.clear();
  fs::rename(part, to, error);
  if (error) {
    throw_io_error(fmt::format("cannot put '{}' at '{}'", from.string(), to.string()),
                   error.value());
  }
}

void put_results(const fs::path& from, const fs::path& to) {
  make_folders(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (name == kResult || name == kEvaluation || name == "checkpoint") continue;
    if (entry.is_directory() && !entry.is_symlink()) {
      put_results(entry.path(), to / name);
    } else if (entry.is_regular_file() && !entry.is_symlink()) {
      link_or_copy(entry.path(), to / name);
    }
  }
}

double metric_in(const SeedResult& result, const char* name, double otherwise) {
  const auto found = result.metrics.find(name);
  return found == result.metrics.end() || std::isnan(found->second) ? otherwise : found->second;
}

// Numbers of the whole, which seeds have different ones of: no counts.
std::vector<std::string> numbers_in(const Json& evaluation) {
  std::vector<std::string> names;
  for (const auto& [name, value] : evaluation.items()) {
    if (value.is_number_float()) names.push_back(name);
  }
  return names;
}

Json combined_evaluation(const std::vector<SeedResult>& results) {
  const SeedResult& best = best_seed(results);
  Json document = best.evaluation;
  // Of the best seed alone, and not of the mean.
  document.erase("intervals");
  const std::map<std::string, Spread> spread = spread_of(results);
  Json deviation = Json::object(), seeds = Json::array();
  for (const std::string& name : numbers_in(best.evaluation)) {
    const auto found = spread.find(name);
    if (found == spread.end()) continue;
    document[name] = found->second.mean;
    deviation[name] = found->second.deviation;
  }
  for (const SeedResult& result : results) {
    Json one = {{"seed", result.seed}};
    for (const auto& [name, value] : deviation.items()) one[name] = result.metrics.at(name);
    seeds.push_back(std::move(one));
  }
  document["deviation"] = std::move(deviation);
  document["seeds"] = std::move(seeds);
  document["best_seed"] = best.seed;
  return document;
}

}  // namespace

fs::path seed_folder(const fs::path& version_folder, std::uint64_t seed) {
  return version_folder / "seeds" / std::to_string(seed);
}

std::optional<SeedResult> read_seed_result(const fs::path& version_folder, std::uint64_t seed) {
  const fs::path folder = seed_folder(version_folder, seed);
  const auto text = read_file_if_exists(folder / kResult);
  if (!text) return std::nullopt;
  const std::string name = (folder / kResult).string();
  const Json json = parse_json(*text, fmt::format("'{}'", name));
  SeedResult result;
  result.seed = seed;
  try {
    result.last_step = json.at("last_step").get<std::int64_t>();
    for (const auto& [metric, value] : json.at("metrics").items()) {
      result.metrics[metric] = number_from_json(value, name);
    }
    result.facts = json.at("facts");
    result.state = json.at("state");
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("'{}' is damaged: {}", name, e.what()));
  }
  if (const auto evaluation = read_file_if_exists(folder / kEvaluation)) {
    result.evaluation =
        parse_json(*evaluation, fmt::format("'{}'", (folder / kEvaluation).string()));
  }
  return result;
}

void write_seed_result(const fs::path& version_folder, const SeedResult& result) {
  Json metrics = Json::object();
  for (const auto& [name, value] : result.metrics) metrics[name] = number_to_json(value);
  const Json json = {{"seed", result.seed},
                     {"last_step", result.last_step},
                     {"metrics", std::move(metrics)},
                     {"facts", result.facts},
                     {"state", result.state}};
  sync_tree(version_folder);
  write_file_atomic(seed_folder(version_folder, result.seed) / kResult,
                    to_json_text(json, 2) + "\n");
}

const SeedResult& best_seed(const std::vector<SeedResult>& results) {
  return *std::max_element(
      results.begin(), results.end(), [](const SeedResult& a, const SeedResult& b) {
        const double of_a = metric_in(a, "accuracy", -1), of_b = metric_in(b, "accuracy", -1);
        if (of_a != of_b) return of_a < of_b;
        return metric_in(a, "loss", INFINITY) > metric_in(b, "loss", INFINITY);
      });
}

std::map<std::string, Spread> spread_of(const std::vector<SeedResult>& results) {
  std::map<std::string, Spread> spread;
  for (const auto& [name, value] : results.front().metrics) {
    std::vector<double> values;
    for (const SeedResult& result : results) {
      const auto found = result.metrics.find(name);
      if (found != result.metrics.end()) values.push_back(found->second);
    }
    if (values.size() == results.size()) spread[name] = spread_of_values(values);
  }
  return spread;
}

void publish_seed_results(const fs::path& version_folder, const std::vector<SeedResult>& results) {
  try {
    put_results(seed_folder(version_folder, best_seed(results).seed), version_folder);
  } catch (const fs::filesystem_error& e) {
    throw_io_error("cannot read the results of a seed", e.code().value());
  }
  if (!best_seed(results).evaluation.is_object()) return;
  write_file_atomic(version_folder / kEvaluation,
                    to_json_text(combined_evaluation(results), 2) + "\n");
}

}  // namespace mat
