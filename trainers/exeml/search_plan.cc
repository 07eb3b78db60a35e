#include "trainers/exeml/search_plan.h"

#include <cmath>

namespace mat {
namespace {

// Found by trials on small sets of photographs: shorter trainings are better off with less.
constexpr double kSamplesForStrong = 130'000;

Recipe candidate(std::string network, double lr, double weight_decay) {
  Recipe recipe;
  recipe.network = std::move(network);
  recipe.lr = lr;
  recipe.weight_decay = weight_decay;
  return recipe;
}

StrongAugmentation mild() {
  StrongAugmentation a;
  a.min_area = 0.6;
  a.max_log_aspect = 0.14;
  a.rotation_deg = 15;
  a.shear = 0.1;
  a.flip = true;
  a.brightness = a.contrast = a.saturation = 0.3;
  a.hue_deg = 11;
  a.erase = 0.25;
  return a;
}

StrongAugmentation strong() {
  StrongAugmentation a = mild();
  a.min_area = 0.45;
  a.rotation_deg = 25;
  a.shear = 0.2;
  a.brightness = a.contrast = 0.5;
  a.saturation = 0.6;
  a.hue_deg = 29;
  a.grey = 0.15;
  a.erase = 0.4;
  return a;
}

}  // namespace

SearchPlan plan_search(const std::string& preference) {
  SearchPlan plan;
  const std::vector<View> all = {View::whole, View::centre, View::first, View::last};
  if (preference == "performance_first") {
    plan.candidates = {candidate("resnet18_w16", 0.05, 5e-3)};
    plan.trial_part = 0.1;
    plan.most_time_part = 0.25;
    plan.length = 0.3;
    plan.rounds = 1;
    plan.fine_tunes = false;
    plan.looks.views = {View::whole};
  } else if (preference == "balance") {
    plan.candidates = {candidate("resnet18_w32", 0.05, 5e-3), candidate("resnet18_w32", 0.1, 5e-3),
                       candidate("resnet18_w32", 0.05, 1e-3)};
    plan.looks.views = all;
    plan.looks.mirrored = true;
  } else {
    plan.candidates = {
        candidate("resnet18_w32", 0.05, 5e-3), candidate("resnet18_w48", 0.05, 5e-3),
        candidate("resnet18_w32", 0.1, 5e-3),  candidate("resnet18_w32", 0.05, 1e-3),
        candidate("resnet18_w64", 0.05, 5e-3), candidate("resnet34_w32", 0.05, 5e-3)};
    plan.trial_part = 0.3;
    plan.length = 1.5;
    plan.rounds = 4;
    plan.looks.views = all;
    plan.looks.mirrored = true;
  }
  return plan;
}

std::int64_t enough_samples(std::size_t pictures, double length) {
  const auto count = static_cast<double>(pictures);
  return std::llround(length * (13'000 * std::sqrt(count) + 50 * count));
}

Recipe recipe_for(const Recipe& candidate, double samples) {
  Recipe recipe = candidate;
  const bool is_long = samples >= kSamplesForStrong;
  recipe.augmentation = is_long ? strong() : mild();
  recipe.mix = is_long ? 0.5 : 0;
  if (is_long) {
    recipe.sizes = {{0, 64}, {0.5, 96}};
  } else {
    recipe.sizes = {{0, 48}, {0.55, 64}};
  }
  recipe.name = recipe.network + (is_long ? " at 64 and 96 px, strong augmentation"
                                          : " at 48 and 64 px, mild augmentation");
  return recipe;
}

}  // namespace mat
