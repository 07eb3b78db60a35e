#include "trainers/training/image_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/description.h"
#include "core/dataset/published.h"
#include "trainers/data/random.h"

namespace mat {
namespace {

// Cached sizes go in steps of this part of what the network sees, so that settings that differ a
// little share their cached pictures.
constexpr double kCacheStep = 0.25;
// Read before it is asked again whether there is time for more.
constexpr std::size_t kPicturesAtOnce = 1024;
constexpr std::int64_t kMostContradictory = 10;

// How long the shorter sides of cached pictures are: so that the smallest square that a training
// crop may take, and what is validated on, have every pixel the network sees.
int cached_short_side(int image_size, double crop_min_area) {
  const double margin = std::max(kEvaluationMargin, 1 / std::sqrt(crop_min_area));
  // Just above a step by rounding is on it.
  const double steps = std::ceil(margin / kCacheStep - 1e-9);
  return static_cast<int>(std::ceil(steps * kCacheStep * image_size));
}

void log_what_is_wrong(const PictureSet& folder, const std::vector<PixelCache::Picture>& pictures,
                       TrainObserver& observer) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::string& name = folder.samples[i].name;
    if (!pictures[i].problem.empty()) {
      observer.log(fmt::format("left out {}: {}", name, pictures[i].problem));
    } else if (!pictures[i].warning.empty()) {
      observer.log(fmt::format("{}: {}", name, pictures[i].warning));
    }
  }
}

// One picture with several labels teaches nothing.
void log_contradictory(const PictureSet& folder, const std::vector<PixelCache::Picture>& pictures,
                       TrainObserver& observer) {
  std::unordered_map<Content, const PictureSample*, ContentHash> known;
  std::int64_t more = -kMostContradictory;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (!pictures[i].problem.empty()) continue;
    const PictureSample& sample = folder.samples[i];
    const Content content{pictures[i].content_high, pictures[i].content_low};
    const PictureSample& first = *known.emplace(content, &sample).first->second;
    if (first.label == sample.label || ++more > 0) continue;
    const auto label = [&](const PictureSample& s) {
      return folder.classes[static_cast<std::size_t>(s.label)];
    };
    observer.log(fmt::format("one picture, several labels: {} is '{}', {} is '{}'", first.name,
                             label(first), sample.name, label(sample)));
  }
  if (more > 0) observer.log(fmt::format("one picture, several labels: {} more", more));
}

void log_not_validated(const ImageData& data, TrainObserver& observer) {
  if (data.validation.empty()) return;
  std::vector<bool> is_validated(data.classes.size());
  for (const LabelledPicture& picture : data.validation) {
    is_validated[static_cast<std::size_t>(picture.label)] = true;
  }
  std::vector<std::string> without;
  for (std::size_t c = 0; c < data.classes.size(); ++c) {
    if (!is_validated[c]) without.push_back(data.classes[c]);
  }
  if (without.empty()) return;
  constexpr std::size_t kShown = 20;
  const std::size_t shown = std::min(without.size(), kShown);
  const std::string more =
      without.size() > shown ? " and " + std::to_string(without.size() - shown) + " more" : "";
  without.resize(shown);
  observer.log("no validation pictures of: " + join(without, ", ") + more);
}

std::vector<PixelCache::Picture> load(const std::vector<std::filesystem::path>& files,
                                      const TrainRequest& request, std::size_t done_before,
                                      std::size_t all, ImageData& data, TrainObserver& observer) {
  PixelCache::Statistics statistics;
  auto pictures = data.cache->load(
      files, request.threads,
      [&](std::int64_t done, std::int64_t) {
        observer.phase("reading pictures", static_cast<std::int64_t>(done_before) + done,
                       static_cast<std::int64_t>(all));
        return !observer.stop_requested();
      },
      &statistics);
  data.loaded.decoded += statistics.decoded;
  data.loaded.reused += statistics.reused;
  data.loaded.unread += statistics.unread;
  data.loaded.note = statistics.note;
  return pictures;
}

// Loads pictures in an order by chance until time is over; the others leave `folder`, which stays
// in the order of its names.
std::vector<PixelCache::Picture> load_in_time(PictureSet& folder,
                                              const std::function<bool()>& go_on,
                                              const TrainRequest& request, ImageData& data,
                                              TrainObserver& observer) {
  const std::size_t count = folder.samples.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  Random random({request.seed, count});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  std::vector<std::optional<PixelCache::Picture>> found(count);
  std::size_t done = 0;
  while (done < count && (done == 0 || go_on())) {
    const std::size_t end = std::min(count, done + kPicturesAtOnce);
    std::vector<std::filesystem::path> files;
    for (std::size_t i = done; i < end; ++i) files.push_back(folder.samples[order[i]].file);
    auto pictures = load(files, request, done, count, data, observer);
    for (std::size_t i = done; i < end; ++i) found[order[i]] = std::move(pictures[i - done]);
    done = end;
  }
  if (done < count) {
    observer.log(fmt::format("{} of {} pictures are left out: there was no time to read them",
                             count - done, count));
  }
  std::vector<PictureSample> samples;
  std::vector<PixelCache::Picture> pictures;
  for (std::size_t i = 0; i < count; ++i) {
    if (!found[i]) continue;
    samples.push_back(std::move(folder.samples[i]));
    pictures.push_back(std::move(*found[i]));
  }
  folder.samples = std::move(samples);
  return pictures;
}

}  // namespace

ImageNeeds image_needs(const Json& hyperparameters) {
  ImageNeeds needs;
  needs.short_side = cached_short_side(hyperparameters.at("image_size").get<int>(),
                                       hyperparameters.at("crop_min_area").get<double>());
  needs.validation_ratio = hyperparameters.at("validation_ratio").get<double>();
  return needs;
}

ImageData read_image_data(const TrainRequest& request, const ImageNeeds& needs,
                          TrainObserver& observer) {
  observer.phase("looking for pictures", 0, 0);
  PictureSet folder =
      read_pictures(request.inputs.at("data_url"), {needs.validation_ratio, request.seed});

  ImageData data;
  data.classes = folder.classes;
  data.short_side = needs.short_side;
  data.cache = std::make_unique<PixelCache>(request.cache_folder, data.short_side);
  const std::vector<PixelCache::Picture> pictures =
      needs.go_on ? load_in_time(folder, needs.go_on, request, data, observer)
                  : load(files_of(folder), request, 0, folder.samples.size(), data, observer);
  require_unchanged(folder, pictures);
  log_what_is_wrong(folder, pictures, observer);

  std::int64_t left_out = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const PictureSample& sample = folder.samples[i];
    const Content content{pictures[i].content_high, pictures[i].content_low};
    if (!pictures[i].problem.empty()) {
      ++left_out;
    } else if (sample.usage == Usage::train) {
      data.train.push_back({pictures[i].view, sample.label});
      data.train_names.push_back(sample.name);
      data.train_contents.push_back(content);
      data.known.learnt.insert(content);
    } else if (sample.usage == Usage::validation) {
      data.validation.push_back({pictures[i].view, sample.label});
      data.validation_names.push_back(sample.name);
      data.known.validated.insert(content);
    }
  }
  observer.log(fmt::format(
      "{} classes, {} training and {} validation pictures, {} left out; {} decoded now, {} from "
      "the cache",
      data.classes.size(), data.train.size(), data.validation.size(), left_out, data.loaded.decoded,
      data.loaded.reused));
  if (folder.unlabelled + folder.several_labels > 0) {
    observer.log(
        fmt::format("pictures that are not trained with: {} without a label, {} with several",
                    folder.unlabelled, folder.several_labels));
  }
  log_contradictory(folder, pictures, observer);
  log_not_validated(data, observer);
  if (!data.loaded.note.empty()) observer.log(data.loaded.note);
  data.description = describe_dataset(folder, pictures);
  return data;
}

void record_image_data(const ImageData& data, TrainObserver& observer) {
  observer.record("dataset", data.description);
  observer.record("pictures",
                  {{"decoded", data.loaded.decoded}, {"from_cache", data.loaded.reused}});
}

void check_image_data(const ImageData& data) {
  const std::string root = data.description.at("root").get<std::string>();
  std::vector<bool> has_pictures(data.classes.size());
  for (const LabelledPicture& picture : data.train) {
    has_pictures[static_cast<std::size_t>(picture.label)] = true;
  }
  std::vector<std::string> empty;
  for (std::size_t c = 0; c < data.classes.size(); ++c) {
    if (!has_pictures[c]) empty.push_back(data.classes[c]);
  }
  if (!empty.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("no readable training picture in class{} {}",
                            empty.size() == 1 ? "" : "es", join(empty, ", ")),
                "the log lists the files that could not be read");
  }
  if (data.classes.size() < 2) {
    throw Error(ErrorKind::usage, "fewer than two classes in " + root,
                "a folder of pictures for each class is needed");
  }
  if (data.validation.empty()) {
    throw Error(ErrorKind::usage, "no readable picture to validate on in " + root,
                "add pictures or a val/ folder, or raise validation_ratio");
  }
}

}  // namespace mat
