#include "core/dataset/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/image_folder.h"
#include "core/dataset/manifest.h"

namespace mat {
namespace {

constexpr std::size_t kNamesInMessage = 8;

Error usage_error(std::string message, std::string hint = {}) {
  return Error(ErrorKind::usage, std::move(message), std::move(hint));
}

std::string listed(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamesInMessage);
  std::string text =
      join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

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
    writer.write(sample);
  }
  summary.already_split -= found.kept;
  summary.kept_split = found.kept;
  if (summary.pictures == 0) {
    throw usage_error(fmt::format("'{}' has no picture that can be read", from.string()));
  }
  writer.finish();
  return summary;
}

namespace {

// The folder that all of some absolute paths lie in.
class CommonFolder {
 public:
  void add(std::string_view path) {
    const std::string_view folder = path.substr(0, path.rfind('/') + 1);  // with the '/'
    if (is_first_) {
      common_ = folder;
      is_first_ = false;
      return;
    }
    const auto place = std::mismatch(common_.begin(), common_.end(), folder.begin(), folder.end());
    common_.erase(place.first, common_.end());
    common_.erase(common_.rfind('/') + 1);
  }

  const std::string& get() const { return common_; }  // ends in '/'

 private:
  std::string common_;
  bool is_first_ = true;
};

class PublishedReader {
 public:
  explicit PublishedReader(const std::filesystem::path& manifest) {
    set_.manifest = absolute_path(manifest);
    ManifestReader reader(manifest);
    ManifestSample sample;
    while (reader.next(sample)) add(std::move(sample));
    if (remote_ > 0) {
      throw usage_error(
          fmt::format("{} of the pictures in '{}' are in an object store: {}{}", remote_,
                      manifest.string(), first_remote_, remote_ > 1 ? ", …" : ""),
          "fetch them, and import the manifest with their folder in the place of the address");
    }
  }

  PictureSet finish(const SplitOptions& options) {
    number_classes();
    name_samples();
    remove_repeated();
    if (!has_validation_) split_classes(set_, options);
    check_classes();
    return std::move(set_);
  }

 private:
  void add(ManifestSample sample) {
    if (sample.labels.size() != 1) {
      ++(sample.labels.empty() ? set_.unlabelled : set_.several_labels);
      return;
    }
    if (is_remote_address(sample.source)) {
      if (remote_++ == 0) first_remote_ = sample.source;
      return;
    }
    common_.add(sample.source);
    const auto [label, is_new] =
        labels_.emplace(std::move(sample.labels.front()), static_cast<int>(labels_.size()));
    has_validation_ = has_validation_ || sample.usage == Usage::validation;
    set_.samples.push_back({std::move(sample.source),
                            {},
                            label->second,
                            sample.usage.value_or(Usage::train),
                            content_from_hex(sample.content)});
  }

  // In bytewise order instead of that of the manifest.
  void number_classes() {
    std::vector<int> numbers(labels_.size());
    for (const auto& [label, found] : labels_) {
      numbers[static_cast<std::size_t>(found)] = static_cast<int>(set_.classes.size());
      set_.classes.push_back(label);
    }
    for (auto& sample : set_.samples) {
      sample.label = numbers[static_cast<std::size_t>(sample.label)];
    }
  }

  void name_samples() {
    const std::string& common = common_.get();
    set_.root = common.size() > 1 ? common.substr(0, common.size() - 1) : common;
    for (auto& sample : set_.samples) sample.name = sample.file.native().substr(common.size());
    std::sort(set_.samples.begin(), set_.samples.end(),
              [](const PictureSample& a, const PictureSample& b) {
                return std::tie(a.name, a.label, a.usage) < std::tie(b.name, b.label, b.usage);
              });
  }

  // A file that is there with two labels has several; one that is there twice is one.
  void remove_repeated() {
    auto& samples = set_.samples;
    auto out = samples.begin();
    for (auto begin = samples.begin(); begin != samples.end();) {
      const auto end = std::find_if(begin, samples.end(), [&](const PictureSample& sample) {
        return sample.name != begin->name;
      });
      if (std::prev(end)->label != begin->label) {
        ++set_.several_labels;
      } else {
        if (out != begin) *out = std::move(*begin);
        ++out;
      }
      begin = end;
    }
    samples.erase(out, samples.end());
  }

  void check_classes() const {
    const std::string manifest = set_.manifest.string();
    std::vector<bool> has_pictures(set_.classes.size());
    for (const auto& sample : set_.samples) {
      if (sample.usage == Usage::train) has_pictures[static_cast<std::size_t>(sample.label)] = true;
    }
    if (set_.classes.size() < 2) {
      throw usage_error(set_.classes.empty()
                            ? fmt::format("no picture in '{}' has one label", manifest)
                            : fmt::format("all pictures in '{}' are of one class, '{}'", manifest,
                                          set_.classes.front()),
                        "a classifier needs pictures of two or more classes");
    }
    std::vector<std::string> empty;
    for (std::size_t c = 0; c < set_.classes.size(); ++c) {
      if (!has_pictures[c]) empty.push_back(set_.classes[c]);
    }
    if (empty.empty()) return;
    throw usage_error(fmt::format("'{}' has no pictures to train with of class{} {}", manifest,
                                  empty.size() == 1 ? "" : "es", listed(empty)),
                      "give some of them the usage TRAIN");
  }

  PictureSet set_;
  std::map<std::string, int> labels_;  // numbered as they came
  CommonFolder common_;
  bool has_validation_ = false;
  std::int64_t remote_ = 0;
  std::string first_remote_;
};

}  // namespace

PictureSet read_published(const std::filesystem::path& manifest, const SplitOptions& options) {
  check_split(options);
  return PublishedReader(manifest).finish(options);
}

PictureSet read_pictures(const std::filesystem::path& path, const SplitOptions& options) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) ? read_published(path, options)
                                                       : read_image_folder(path, options);
}

void require_unchanged(const PictureSet& set, const std::vector<PixelCache::Picture>& pictures) {
  std::vector<std::string> changed, gone;
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    const PictureSample& sample = set.samples[i];
    const Content found{pictures[i].content_high, pictures[i].content_low};
    if (!sample.content || found == *sample.content) continue;
    (found == Content() ? gone : changed).push_back(sample.name);
  }
  if (changed.empty() && gone.empty()) return;
  std::vector<std::string> parts;
  const auto add = [&](const std::vector<std::string>& names, const char* one, const char* many) {
    if (names.empty()) return;
    parts.push_back(fmt::format("{} picture{} {}: {}", names.size(), names.size() == 1 ? "" : "s",
                                names.size() == 1 ? one : many, listed(names)));
  };
  add(changed, "has changed", "have changed");
  add(gone, "cannot be read any more", "cannot be read any more");
  throw usage_error(
      fmt::format("since '{}' was published, {}", set.manifest.string(), join(parts, "; ")),
      "bring them back, or publish a new version");
}

}  // namespace mat
