#include "core/compare/real_difference.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/compare/judged_predictions.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kChance = 0.05;

// A version with a predictions.jsonl that is not read yet.
struct Candidate {
  const VersionRecord* version = nullptr;
  fs::path file;
  double accuracy = -1;  // as recorded; below any without one
};

std::vector<Candidate> candidates_of(const Home& home, const std::vector<VersionRecord>& versions) {
  std::vector<Candidate> candidates;
  for (const VersionRecord& version : versions) {
    Candidate candidate;
    candidate.version = &version;
    candidate.file = home.version_folder(version.job, version.number) / "predictions.jsonl";
    std::error_code ignored;
    if (!fs::exists(candidate.file, ignored)) continue;
    const auto metric = version.metrics.find("accuracy");
    if (metric != version.metrics.end() && !std::isnan(metric->second.best)) {
      candidate.accuracy = metric->second.best;
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// Nothing when there is nothing to compare; what cannot be read is noted.
std::optional<JudgedPredictions> read_candidate(const Candidate& candidate,
                                                std::vector<std::string>& notes) {
  try {
    JudgedPredictions predictions = read_judged_predictions(candidate.file);
    if (!predictions.samples.empty()) return predictions;
  } catch (const Error& e) {
    notes.push_back(fmt::format("{} is not compared by its predictions: {}",
                                candidate.version->reference(), e.message()));
  }
  return std::nullopt;
}

// Nothing where none is recorded.
std::string fingerprint_of(const VersionRecord& version) {
  const Json::json_pointer place("/dataset/fingerprint");
  if (!version.facts.contains(place)) return {};
  const Json& found = version.facts.at(place);
  return found.is_string() ? found.get<std::string>() : std::string();
}

bool is_less(const JudgedSample& a, const JudgedSample& b) {
  return std::tie(a.sample.high, a.sample.low) < std::tie(b.sample.high, b.sample.low);
}

std::int64_t count_common(const JudgedPredictions& a, const JudgedPredictions& b) {
  std::int64_t count = 0;
  for (std::size_t i = 0, k = 0; i < a.samples.size() && k < b.samples.size();) {
    if (is_less(a.samples[i], b.samples[k])) {
      ++i;
    } else if (is_less(b.samples[k], a.samples[i])) {
      ++k;
    } else {
      ++count, ++i, ++k;
    }
  }
  return count;
}

PairedTest paired_test(const JudgedPredictions& version, const JudgedPredictions& against) {
  PairedTest test;
  test.samples = static_cast<std::int64_t>(version.samples.size());
  for (std::size_t i = 0; i < version.samples.size(); ++i) {
    const bool is_right = version.samples[i].is_right;
    if (is_right == against.samples[i].is_right) continue;
    ++(is_right ? test.only_right : test.only_wrong);
  }
  test.p = mcnemar_p(test.only_right, test.only_wrong);
  return test;
}

UnpairedTest unpaired_test(const JudgedPredictions& version, const JudgedPredictions& against) {
  UnpairedTest test;
  const auto right_of = [](const JudgedPredictions& predictions) {
    return RightOf{predictions.right, static_cast<std::int64_t>(predictions.samples.size())};
  };
  test.samples = right_of(version).count;
  test.against_samples = right_of(against).count;
  test.accuracy = version.accuracy();
  test.against_accuracy = against.accuracy();
  test.difference = test.accuracy - test.against_accuracy;
  test.interval = bootstrap_accuracy(right_of(version));
  test.against_interval = bootstrap_accuracy(right_of(against));
  test.difference_interval = bootstrap_difference(right_of(version), right_of(against));
  return test;
}

// Nobody needs more digits of a chance.
std::string p_text(double p) { return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.2g}", p); }

// "1 picture", "2 pictures"
std::string counted(std::int64_t count, const std::string& kind) {
  return fmt::format("{} {}", count, count == 1 ? kind.substr(0, kind.size() - 1) : kind);
}

std::string words_of(const PairedTest& test, const std::string& kind, const std::string& version,
                     const std::string& against, bool is_real) {
  if (test.only_right + test.only_wrong == 0) {
    return fmt::format("{} and {} are right and wrong on the same {}", version, against,
                       counted(test.samples, kind));
  }
  return fmt::format(
      "{0} is right on {2} that {1} got wrong, and wrong on {3} that {1} got right: {4} ({5})",
      version, against, counted(test.only_right, kind), test.only_wrong,
      is_real ? "more than chance" : "no more than chance would", p_text(test.p));
}

std::string words_of(const UnpairedTest& test, const std::string& kind, const std::string& version,
                     const std::string& against, bool is_real) {
  // Two digits, or four where two would hide the difference.
  const Interval& interval = test.difference_interval;
  const int digits = interval.high - interval.low > 0.02 ? 2 : 4;
  const auto number = [digits](double value) {
    const double unit = std::pow(10.0, digits);
    return fmt::format("{:.{}f}", std::round(value * unit) / unit + 0.0, digits);  // no "-0.00"
  };
  const auto with_interval = [&](double value, const Interval& range) {
    return fmt::format("{} ({} to {})", number(value), number(range.low), number(range.high));
  };
  const std::string common =
      test.in_common > 0 ? fmt::format(" ({} in common)", test.in_common) : "";
  return fmt::format(
      "{} and {} were measured on different {}{}: {} against {}; the difference {} {}", version,
      against, kind, common, with_interval(test.accuracy, test.interval),
      with_interval(test.against_accuracy, test.against_interval),
      with_interval(test.difference, interval), is_real ? "is more than chance" : "may be chance");
}

// What is compared of a version that is the mean of several trainings.
std::string seeds_note(const VersionRecord& version, const std::string& name) {
  const Json::json_pointer place("/best_seed");
  if (!version.facts.contains(place)) return {};
  return fmt::format("; {} with its best seed, {}", name, to_json_text(version.facts.at(place)));
}

// Of one job, versions go without its name.
std::string short_name(const VersionRecord& version, bool is_one_job) {
  return is_one_job ? version_label(version.number) : version.reference();
}

RealDifference compare(const VersionRecord& version, const JudgedPredictions& predictions,
                       const VersionRecord& against, const JudgedPredictions& against_predictions,
                       bool is_one_job) {
  RealDifference result;
  result.version = version.reference();
  result.against = against.reference();
  result.kind = predictions.kind == against_predictions.kind ? predictions.kind : "samples";
  const std::string name = short_name(version, is_one_job);
  const std::string against_name = short_name(against, is_one_job);

  const std::string seeds = seeds_note(version, name) + seeds_note(against, against_name);
  const std::int64_t in_common = count_common(predictions, against_predictions);
  const bool same_names = predictions.samples.size() == against_predictions.samples.size() &&
                          in_common == static_cast<std::int64_t>(predictions.samples.size());
  const std::string data = fingerprint_of(version), against_data = fingerprint_of(against);
  const bool same_data = data == against_data || data.empty() || against_data.empty();
  if (same_names && (same_data || result.kind == "pictures")) {
    result.paired = paired_test(predictions, against_predictions);
    result.is_real = result.paired->p < kChance;
    result.words = words_of(*result.paired, result.kind, name, against_name, result.is_real);
    if (!same_data) result.words += "; they are the same by their names, the data has changed";
    result.words += seeds;
    return result;
  }
  result.unpaired = unpaired_test(predictions, against_predictions);
  result.unpaired->in_common = same_data || result.kind == "pictures" ? in_common : 0;
  const Interval& interval = result.unpaired->difference_interval;
  result.is_real = interval.low > 0 || interval.high < 0;
  result.words =
      words_of(*result.unpaired, result.kind, name, against_name, result.is_real) + seeds;
  return result;
}

}  // namespace

RealDifferences real_differences(const Home& home, const std::vector<VersionRecord>& versions) {
  RealDifferences result;
  std::vector<Candidate> candidates = candidates_of(home, versions);
  const bool is_one_job = std::all_of(
      versions.begin(), versions.end(),
      [&](const VersionRecord& version) { return version.job == versions.front().job; });
  while (candidates.size() >= 2) {
    const auto best = versions.size() == 2
                          ? candidates.begin()
                          : std::max_element(candidates.begin(), candidates.end(),
                                             [](const Candidate& a, const Candidate& b) {
                                               return a.accuracy < b.accuracy;
                                             });
    const Candidate against = *best;
    candidates.erase(best);
    const auto against_predictions = read_candidate(against, result.notes);
    if (!against_predictions) continue;
    for (const Candidate& candidate : candidates) {
      const auto predictions = read_candidate(candidate, result.notes);
      if (!predictions) continue;
      result.rows.push_back(compare(*candidate.version, *predictions, *against.version,
                                    *against_predictions, is_one_job));
    }
    break;
  }
  return result;
}

Json to_json(const RealDifference& difference) {
  Json json = {{"version", difference.version}, {"against", difference.against}};
  if (const auto& test = difference.paired) {
    json.update({{"test", "mcnemar"},
                 {"samples", test->samples},
                 {"only_right", test->only_right},
                 {"only_wrong", test->only_wrong},
                 {"p", test->p}});
  } else if (const auto& unpaired = difference.unpaired) {
    json.update({{"test", "bootstrap"},
                 {"accuracy", unpaired->accuracy},
                 {"interval", to_json(unpaired->interval)},
                 {"against_accuracy", unpaired->against_accuracy},
                 {"against_interval", to_json(unpaired->against_interval)},
                 {"difference", unpaired->difference},
                 {"difference_interval", to_json(unpaired->difference_interval)},
                 {"samples", unpaired->samples},
                 {"against_samples", unpaired->against_samples},
                 {"in_common", unpaired->in_common}});
  }
  json["is_real"] = difference.is_real;
  json["words"] = difference.words;
  return json;
}

}  // namespace mat
