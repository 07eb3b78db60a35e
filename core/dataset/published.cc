#include "core/dataset/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
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
