#include "core/dataset/split.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/validation_count.h"
#include "core/dataset/picture_set.h"

namespace mat {
namespace {

// Pictures that go to one side together, none of them decided.
struct Unit {
  std::uint64_t key = 0;
  std::string_view name;  // the smallest of its pictures'
  std::vector<std::size_t> samples;
  std::map<int, std::int64_t> size;  // stratum → pictures
  std::int64_t total = 0;
  bool in_validation = false;
  bool is_pinned = false;  // to train: all that there is of a stratum
};

struct Stratum {
  std::int64_t train = 0, validation = 0;
  std::int64_t target = 0;  // of validation
  int units = 0;
};

class GroupedSplit {
 public:
  GroupedSplit(const std::vector<SplitSample>& samples, double train_ratio, std::uint64_t seed)
      : samples_(samples), result_(samples.size(), Usage::train) {
    number_strata();
    make_units(decide_whole_groups(), seed);
    for (Stratum& stratum : strata_) {
      const auto count = static_cast<std::size_t>(stratum.train + stratum.validation);
      stratum.target = static_cast<std::int64_t>(validation_count(count, 1 - train_ratio));
    }
    pin();
  }

  std::vector<Usage> split() {
    for (Unit& unit : units_) {
      if (!unit.is_pinned && brings_nearer(unit)) move(unit);
    }
    std::stable_sort(units_.begin(), units_.end(),
                     [](const Unit& a, const Unit& b) { return a.total < b.total; });
    std::vector<std::vector<std::size_t>> units_of(strata_.size());
    for (std::size_t i = 0; i < units_.size(); ++i) {
      for (const auto& part : units_[i].size) units_of[part.first].push_back(i);
    }
    for (int s = 0; s < static_cast<int>(strata_.size()); ++s) {
      if (strata_[s].validation == 0) give_one(s, units_of[s], true);
      if (strata_[s].train == 0) give_one(s, units_of[s], false);
    }
    for (const Unit& unit : units_) {
      for (const std::size_t i : unit.samples) {
        if (unit.in_validation) result_[i] = Usage::validation;
      }
    }
    return std::move(result_);
  }

 private:
  void number_strata() {
    std::map<std::string_view, int> numbers;
    for (const SplitSample& sample : samples_) {
      numbers.emplace(sample.stratum, static_cast<int>(numbers.size()));
    }
    strata_.resize(numbers.size());
    stratum_of_.reserve(samples_.size());
    for (const SplitSample& sample : samples_) stratum_of_.push_back(numbers.at(sample.stratum));
  }

  // What each group is by those of its pictures that are decided.
  std::unordered_map<int, Usage> decide_whole_groups() const {
    std::unordered_map<int, Usage> decided;
    for (const SplitSample& sample : samples_) {
      if (!sample.usage || sample.group < 0) continue;
      const auto [place, is_new] = decided.emplace(sample.group, *sample.usage);
      if (is_new || place->second == *sample.usage) continue;
      // What one is measured by is not made training data by being in two sets for that.
      const bool trains = place->second == Usage::train || *sample.usage == Usage::train;
      place->second = trains ? Usage::train : Usage::validation;
    }
    return decided;
  }

  void make_units(const std::unordered_map<int, Usage>& decided, std::uint64_t seed) {
    std::unordered_map<int, std::size_t> unit_of_group;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const SplitSample& sample = samples_[i];
      const auto of_group = decided.find(sample.group);
      if (sample.usage || (sample.group >= 0 && of_group != decided.end())) {
        take_decided(i, sample.usage ? *sample.usage : of_group->second);
        continue;
      }
      std::size_t place = units_.size();
      if (sample.group >= 0) place = unit_of_group.emplace(sample.group, place).first->second;
      if (place == units_.size()) {
        units_.emplace_back();
        units_.back().name = sample.name;
      }
      Unit& unit = units_[place];
      unit.name = std::min(unit.name, std::string_view(sample.name));
      unit.samples.push_back(i);
      ++unit.size[stratum_of_[i]];
      ++unit.total;
      ++strata_[stratum_of_[i]].train;
    }
    for (Unit& unit : units_) {
      unit.key = XXH3_64bits_withSeed(unit.name.data(), unit.name.size(), seed);
    }
    std::sort(units_.begin(), units_.end(), [](const Unit& a, const Unit& b) {
      return std::tie(a.key, a.name) < std::tie(b.key, b.name);
    });
  }

  void pin() {
    for (const Unit& unit : units_) {
      for (const auto& part : unit.size) ++strata_[part.first].units;
    }
    for (Unit& unit : units_) {
      unit.is_pinned = std::any_of(unit.size.begin(), unit.size.end(), [&](const auto& part) {
        const Stratum& stratum = strata_[part.first];
        return stratum.units == 1 && stratum.train == part.second;
      });
    }
  }

  void take_decided(std::size_t i, Usage usage) {
    result_[i] = usage;
    Stratum& stratum = strata_[stratum_of_[i]];
    if (usage == Usage::train) ++stratum.train;
    if (usage == Usage::validation) ++stratum.validation;
  }

  bool brings_nearer(const Unit& unit) const {
    std::int64_t gain = 0;
    for (const auto& [s, count] : unit.size) {
      const std::int64_t missing = strata_[s].target - strata_[s].validation;
      gain += std::abs(missing) - std::abs(missing - count);
    }
    return gain > 0;
  }

  void move(Unit& unit) {
    unit.in_validation = !unit.in_validation;
    const std::int64_t sign = unit.in_validation ? 1 : -1;
    for (const auto& [s, count] : unit.size) {
      strata_[s].validation += sign * count;
      strata_[s].train -= sign * count;
    }
  }

  // Moves the smallest unit of stratum `s` that no stratum needs where it is.
  void give_one(int s, const std::vector<std::size_t>& units, bool to_validation) {
    if (strata_[s].target == 0) return;
    for (const std::size_t i : units) {
      Unit& unit = units_[i];
      if (unit.is_pinned || unit.in_validation == to_validation) continue;
      const bool is_needed = std::any_of(unit.size.begin(), unit.size.end(), [&](const auto& part) {
        const Stratum& stratum = strata_[part.first];
        return (to_validation ? stratum.train : stratum.validation) <= part.second;
      });
      if (is_needed) continue;
      move(unit);
      return;
    }
  }

  const std::vector<SplitSample>& samples_;
  std::vector<Usage> result_;
  std::vector<int> stratum_of_;
  std::vector<Stratum> strata_;
  std::vector<Unit> units_;
};

}  // namespace

void check_split(const SplitOptions& options) {
  if (options.validation_ratio >= 0 && options.validation_ratio < 1) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} is no part of the pictures to validate with",
                          format_number(options.validation_ratio)),
              "give a number from 0 to below 1");
}

void split_classes(PictureSet& set, const SplitOptions& options) {
  std::vector<std::vector<std::pair<std::uint64_t, PictureSample*>>> by_class(set.classes.size());
  for (auto& sample : set.samples) {
    if (sample.usage != Usage::train) continue;
    const auto key = XXH3_64bits_withSeed(sample.name.data(), sample.name.size(), options.seed);
    by_class[static_cast<std::size_t>(sample.label)].emplace_back(key, &sample);
  }
  for (auto& pictures : by_class) {
    // Samples are in order of their names, so a stable sort leaves equal hashes in that order.
    std::stable_sort(pictures.begin(), pictures.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::size_t count = validation_count(pictures.size(), options.validation_ratio);
    for (std::size_t i = 0; i < count; ++i) pictures[i].second->usage = Usage::validation;
  }
}

std::vector<Usage> split_samples(const std::vector<SplitSample>& samples, double train_ratio,
                                 std::uint64_t seed) {
  if (!(train_ratio > 0 && train_ratio < 1)) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} is no part of the pictures to train with", format_number(train_ratio)),
        "give a number between 0 and 1");
  }
  return GroupedSplit(samples, train_ratio, seed).split();
}

}  // namespace mat
