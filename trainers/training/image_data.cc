#include "trainers/training/image_data.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/description.h"

namespace mat {
namespace {

// Pictures are kept this much larger than the network sees them, so that a random crop of half
// the area still has every pixel it needs.
constexpr double kCacheMargin = 1.5;

void check_classes(const ImageFolder& folder, const std::vector<ClassCounts>& counts) {
  std::vector<std::string> empty;
  std::int64_t validation = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c].train == 0) empty.push_back(folder.classes[c]);
    validation += counts[c].validation;
  }
  if (!empty.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("no readable training picture in class{} {}",
                            empty.size() == 1 ? "" : "es", join(empty, ", ")),
                "the log lists the files that could not be read");
  }
  if (counts.size() < 2) {
    throw Error(ErrorKind::usage, "fewer than two classes in " + folder.root.string(),
                "a folder of pictures for each class is needed");
  }
  if (validation == 0) {
    throw Error(ErrorKind::usage, "no readable picture to validate on in " + folder.root.string(),
                "add pictures or a val/ folder, or raise validation_ratio");
  }
}

void log_what_is_wrong(const ImageFolder& folder, const std::vector<PixelCache::Picture>& pictures,
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
  const ImageFolder folder = read_image_folder(
      request.inputs.at("data_url"), {h.at("validation_ratio").get<double>(), request.seed});

  ImageData data;
  data.classes = folder.classes;
  const auto short_side =
      static_cast<int>(std::ceil(kCacheMargin * h.at("image_size").get<double>()));
  data.cache = std::make_unique<PixelCache>(request.cache_folder, short_side);
  PixelCache::Statistics statistics;
  const std::vector<PixelCache::Picture> pictures = data.cache->load(
      folder.samples, request.threads,
      [&](std::int64_t done, std::int64_t total) {
        observer.phase("reading pictures", done, total);
        return !observer.stop_requested();
      },
      &statistics);
  log_what_is_wrong(folder, pictures, observer);

  std::int64_t left_out = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const ImageSample& sample = folder.samples[i];
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
      data.classes.size(), data.train.size(), data.validation.size(), left_out, statistics.decoded,
      statistics.reused));
  if (!statistics.note.empty()) observer.log(statistics.note);
  observer.record("dataset", describe_dataset(folder, pictures));
  observer.record("pictures", {{"decoded", statistics.decoded}, {"from_cache", statistics.reused}});
  check_classes(folder, count_classes(folder, pictures));
  return data;
}

}  // namespace mat
