#include "trainers/training/image_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/description.h"
#include "core/dataset/published.h"

namespace mat {
namespace {

// Cached sizes go in steps of this part of what the network sees, so that settings that differ a
// little share their cached pictures.
constexpr double kCacheStep = 0.25;

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

}  // namespace

ImageData read_image_data(const TrainRequest& request, TrainObserver& observer) {
  observer.phase("looking for pictures", 0, 0);
  const Json& h = request.hyperparameters;
  const PictureSet folder = read_pictures(request.inputs.at("data_url"),
                                          {h.at("validation_ratio").get<double>(), request.seed});

  ImageData data;
  data.classes = folder.classes;
  data.short_side =
      cached_short_side(h.at("image_size").get<int>(), h.at("crop_min_area").get<double>());
  data.cache = std::make_unique<PixelCache>(request.cache_folder, data.short_side);
  const std::vector<PixelCache::Picture> pictures = data.cache->load(
      files_of(folder), request.threads,
      [&](std::int64_t done, std::int64_t total) {
        observer.phase("reading pictures", done, total);
        return !observer.stop_requested();
      },
      &data.loaded);
  require_unchanged(folder, pictures);
  log_what_is_wrong(folder, pictures, observer);

  std::int64_t left_out = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const PictureSample& sample = folder.samples[i];
    if (!pictures[i].problem.empty()) {
      ++left_out;
    } else if (sample.usage == Usage::train) {
      data.train.push_back({pictures[i].view, sample.label});
    } else if (sample.usage == Usage::validation) {
      data.validation.push_back({pictures[i].view, sample.label});
      data.validation_names.push_back(sample.name);
    }
  }
  observer.log(fmt::format(
      "{} classes, {} training and {} validation pictures, {} left out; {} decoded now, {} from "
      "the cache",
      data.classes.size(), data.train.size(), data.validation.size(), left_out, data.loaded.decoded,
      data.loaded.reused));
  if (folder.unlabelled + folder.several_labels > 0) {
    observer.log(fmt::format("{} pictures without a label and {} with several are not trained with",
                             folder.unlabelled, folder.several_labels));
  }
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
