#pragma once

#include <string>

#include "tests/temp_folder.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/exeml/search_context.h"

namespace mat {

// A search on small pictures, all of whose parts are done in a second or so; with time enough.
class SmallSearch {
 public:
  // `folder` has data/.
  SmallSearch(const TempFolder& folder, const std::string& preference)
      : request_(request_of(folder, preference)),
        data_(read_image_data(request_, needs(), observer)),
        time_(60 * request_.hyperparameters.at("max_duration").get<double>(), 0),
        context(request_, observer, data_, torch::kCPU, time_, std::nullopt, std::nullopt, {}) {
    context.plan().trial_s = 0.1;
    context.plan().trial_length = context.plan().length = 0.002;
  }

 private:
  static TrainRequest request_of(const TempFolder& folder, const std::string& preference) {
    TrainRequest request = request_for(folder / "data", folder / "home", "V0001", "exeml");
    request.hyperparameters = {
        {"max_duration", 60}, {"preference", preference}, {"validation_ratio", 0.2}};
    return request;
  }
  static ImageNeeds needs() {
    ImageNeeds needs;
    needs.short_side = kCommonShortSide;
    return needs;
  }

 public:
  RecordingObserver observer;

 private:
  TrainRequest request_;
  ImageData data_;
  TimeBudget time_;

 public:
  SearchContext context;
};

}  // namespace mat
