#include "core/dataset/write_published.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split.h"

namespace mat {
namespace {

bool is_left_out(const ManifestSample& sample, const Content& content) {
  return content == Content() && !is_remote_address(sample.source);
}

std::string stratum_of(std::vector<std::string> labels) {
  std::sort(labels.begin(), labels.end());
  return join(labels, "\n");
}

// Numbers of groups in which also pictures of the same content are together.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }

  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

 private:
  std::vector<std::size_t> parent_;
};

Groups groups_of(const std::vector<Content>& contents, const std::vector<int>& groups) {
  Groups result(contents.size());
  std::unordered_map<Content, std::size_t, ContentHash> by_content;
  std::unordered_map<int, std::size_t> by_group;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (contents[i] != Content()) {
      result.join(i, by_content.emplace(contents[i], i).first->second);
    }
    if (!groups.empty() && groups[i] >= 0) {
      result.join(i, by_group.emplace(groups[i], i).first->second);
    }
  }
  return result;
}

[[noreturn]] void fail_changed(const std::filesystem::path& manifest) {
  throw Error(ErrorKind::conflict, fmt::format("'{}' has changed meanwhile", manifest.string()),
              "try again");
}

// What the split needs to know of the pictures that have labels, and their lines' numbers.
struct Splittable {
  std::vector<SplitSample> samples;
  std::vector<std::size_t> lines;
  std::int64_t kept = 0;
};

// Labels all of whose pictures are decided, and none of them for training or none for validation:
// theirs may have been another label when they were split. A single group cannot be divided, and
// what shows the same as one for testing stays out of it.
std::unordered_set<std::string> one_sided_strata(const std::vector<SplitSample>& samples) {
  struct Stratum {
    bool trains = false, validates = false, is_open = false;
    std::unordered_set<int> groups;
  };
  std::unordered_set<int> tested;
  for (const SplitSample& sample : samples) {
    if (sample.usage == Usage::test) tested.insert(sample.group);
  }
  std::unordered_map<std::string, Stratum> strata;
  for (const SplitSample& sample : samples) {
    Stratum& stratum = strata[sample.stratum];
    stratum.trains |= sample.usage == Usage::train;
    stratum.validates |= sample.usage == Usage::validation;
    stratum.is_open |= !sample.usage;
    if (stratum.groups.size() < 2 && !tested.contains(sample.group)) {
      stratum.groups.insert(sample.group);
    }
  }
  std::unordered_set<std::string> found;
  for (const auto& [name, stratum] : strata) {
    if (stratum.trains != stratum.validates && !stratum.is_open && stratum.groups.size() > 1) {
      found.insert(name);
    }
  }
  return found;
}

// Gives undecided samples their earlier usage, as far as that leaves each label a share of both.
void keep_earlier(Splittable& found, const std::vector<Content>& contents,
                  const UsageByContent& earlier) {
  if (earlier.empty()) return;
  std::vector<SplitSample*> kept;
  std::unordered_set<int> decided_groups, training_groups;
  for (const SplitSample& sample : found.samples) {
    if (sample.usage) decided_groups.insert(sample.group);
  }
  for (std::size_t i = 0; i < found.samples.size(); ++i) {
    SplitSample& sample = found.samples[i];
    const auto usage = earlier.find(contents[found.lines[i]]);
    if (!decided_groups.contains(sample.group) && usage != earlier.end()) {
      sample.usage = usage->second;
      kept.push_back(&sample);
    }
    if (sample.usage == Usage::train) training_groups.insert(sample.group);
  }
  for (SplitSample* sample : kept) {
    if (training_groups.contains(sample->group)) sample->usage = Usage::train;
  }
  const auto one_sided = one_sided_strata(found.samples);
  for (SplitSample* sample : kept) {
    if (one_sided.contains(sample->stratum) && sample->usage != Usage::test) {
      sample->usage.reset();
    } else {
      ++found.kept;
    }
  }
}

Splittable splittable(const std::filesystem::path& from, const std::vector<Content>& contents,
                      const std::vector<int>& groups, const UsageByContent& earlier) {
  Groups joined = groups_of(contents, groups);
  Splittable found;
  ManifestReader reader(from);
  ManifestSample sample;
  std::size_t line = 0;
  for (; reader.next(sample); ++line) {
    if (line >= contents.size()) fail_changed(from);
    if (sample.labels.empty() || is_left_out(sample, contents[line])) continue;
    found.samples.push_back({contents[line] == Content() ? sample.source : to_hex(contents[line]),
                             stratum_of(std::move(sample.labels)), sample.usage,
                             static_cast<int>(joined.root(line))});
    found.lines.push_back(line);
  }
  if (line != contents.size()) fail_changed(from);
  const bool has_validation =
      std::any_of(found.samples.begin(), found.samples.end(),
                  [](const SplitSample& each) { return each.usage == Usage::validation; });
  for (SplitSample& each : found.samples) {
    if (!has_validation && each.usage == Usage::train) each.usage.reset();
  }
  keep_earlier(found, contents, earlier);
  return found;
}

// How many show what another one shows, by whether all of them are on one side.
void count_groups(PublishSummary& summary, const std::vector<SplitSample>& samples,
                  const std::vector<Usage>& usages) {
  struct Group {
    Usage first = Usage::train;
    std::int64_t pictures = 0;
    bool is_divided = false;
  };
  std::unordered_map<int, Group> groups;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Group& group = groups.try_emplace(samples[i].group, Group{usages[i]}).first->second;
    ++group.pictures;
    group.is_divided |= group.first != usages[i];
  }
  for (const auto& [number, group] : groups) {
    if (group.is_divided) {
      summary.divided += group.pictures;
    } else {
      summary.together += group.pictures - 1;
    }
  }
}

constexpr std::size_t kShownContradictory = 100, kShownLabels = 10;

// What is there with different labels: place in summary.contradictory, as far as it is told.
std::unordered_map<Content, std::size_t, ContentHash> contradictory_contents(
    const Splittable& found, const std::vector<Content>& contents, PublishSummary& summary) {
  std::unordered_map<Content, const SplitSample*, ContentHash> first;
  std::unordered_map<Content, std::size_t, ContentHash> places;
  for (std::size_t i = 0; i < found.samples.size(); ++i) {
    const Content& content = contents[found.lines[i]];
    if (content == Content()) continue;
    const SplitSample* before = first.emplace(content, &found.samples[i]).first->second;
    if (before->stratum == found.samples[i].stratum) continue;
    places.emplace(content, places.size());
  }
  summary.contradictory_count = static_cast<std::int64_t>(places.size());
  std::erase_if(places, [](const auto& place) { return place.second >= kShownContradictory; });
  summary.contradictory.resize(places.size());
  return places;
}

// The first one with each of its labels.
void tell_contradictory(std::vector<PublishSummary::Labelled>& told, const ManifestSample& sample) {
  const auto has_labels = [&](const auto& other) { return other.labels == sample.labels; };
  if (sample.labels.empty() || told.size() == kShownLabels ||
      std::any_of(told.begin(), told.end(), has_labels)) {
    return;
  }
  told.push_back({sample.source, sample.labels});
}

void count(PublishSummary& summary, const ManifestSample& sample) {
  ++summary.pictures;
  if (sample.labels.empty()) ++summary.unlabelled;
  if (sample.labels.size() > 1) ++summary.several_labels;
  if (!sample.usage) return;
  const auto add_to = [&](auto& counts) {
    ++(*sample.usage == Usage::train  ? counts.train
       : *sample.usage == Usage::test ? counts.test
                                      : counts.validation);
  };
  add_to(summary);
  if (sample.labels.size() == 1) add_to(summary.classes[sample.labels.front()]);
}

}  // namespace

PublishSummary write_published(const std::filesystem::path& from, const std::filesystem::path& to,
                               const std::vector<Content>& contents, const std::vector<int>& groups,
                               const PublishOptions& options) {
  const Splittable found = splittable(from, contents, groups, options.earlier);
  const std::vector<Usage> usages = split_samples(found.samples, options.train_ratio, options.seed);

  PublishSummary summary;
  count_groups(summary, found.samples, usages);
  const auto contradictory = contradictory_contents(found, contents, summary);
  ManifestReader reader(from);
  ManifestWriter writer(to);
  ManifestSample sample;
  std::size_t next = 0;
  for (std::size_t line = 0; line < contents.size() && reader.next(sample); ++line) {
    if (is_left_out(sample, contents[line])) {
      ++summary.left_out;
      continue;
    }
    sample.content = contents[line] == Content() ? std::string() : to_hex(contents[line]);
    if (next < found.lines.size() && found.lines[next] == line) {
      if (found.samples[next].usage) ++summary.already_split;
      sample.usage = usages[next++];
    }
    count(summary, sample);
    const auto place = contradictory.find(contents[line]);
    if (place != contradictory.end()) {
      tell_contradictory(summary.contradictory[place->second], sample);
    }
    writer.write(sample);
  }
  summary.already_split -= found.kept;
  summary.kept_split = found.kept;
  if (summary.pictures == 0) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' has no picture that can be read", from.string()));
  }
  writer.finish();
  return summary;
}

}  // namespace mat
