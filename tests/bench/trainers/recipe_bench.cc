// How good a recipe of exeml is: recipe_bench DATA [KEY=VALUE]…
//
// Trains on DATA/train with a budget of seconds (seconds=120) or of samples (samples=60000) and
// prints the accuracy on val and test together, in several ways to look at a picture.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "core/base/time.h"
#include "core/cache/pixel_cache.h"
#include "core/dataset/image_folder.h"
#include "trainers/exeml/recipe_training.h"
#include "trainers/models/resnet.h"
#include "trainers/torch.h"
#include "trainers/torch_compat.h"

namespace {

using mat::View;

torch::Tensor look(mat::Network& network, mat::PictureLevels& levels,
                   const std::vector<mat::LabelledPlace>& places, View view, int size,
                   const mat::ComputePlan& plan) {
  torch::NoGradGuard no_grad;
  mat::PictureBatches::Options options;
  options.size = size;
  options.training = false;
  options.view = view;
  mat::PictureBatches batches(levels.for_size(size, places), options);
  const mat::Normalization normalized(torch::kCPU);
  std::vector<torch::Tensor> probabilities;
  batches.start_epoch(0);
  for (mat::Batch batch; batches.next(batch);) {
    const torch::Tensor inputs = normalized(batch.inputs, plan.layout);
    const mat::Autocast autocast(torch::kCPU, plan.precision);
    torch::Tensor p = network.forward(inputs).to(torch::kFloat).softmax(1);
    p = (p + network.forward(inputs.flip(3)).to(torch::kFloat).softmax(1)) / 2;
    probabilities.push_back(p);
  }
  return torch::cat(probabilities);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: recipe_bench DATA [KEY=VALUE]...\n", stderr);
    return 2;
  }
  std::map<std::string, std::string> o;
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const auto equals = text.find('=');
    o[text.substr(0, equals)] = text.substr(equals + 1);
  }
  const auto number = [&](const char* key, double otherwise) {
    return o.count(key) ? std::atof(o[key].c_str()) : otherwise;
  };
  const int threads = static_cast<int>(number("threads", 2));
  at::set_num_threads(threads);
  at::globalContext().setFlushDenormal(true);
  const mat::PictureSet set = mat::read_image_folder(argv[1], {});
  mat::PixelCache cache(o.count("cache") ? o["cache"] : "/tmp/recipe_cache",
                        static_cast<int>(number("short_side", 192)));
  const auto pictures = cache.load(mat::files_of(set), threads, {}, nullptr);
  std::vector<mat::ImageView> views;
  std::vector<mat::LabelledPlace> train, held;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    views.push_back(pictures[i].view);
    if (!pictures[i].problem.empty()) continue;
    (set.samples[i].usage == mat::Usage::train ? train : held).push_back({i, set.samples[i].label});
  }
  mat::PictureLevels levels(views);

  mat::Recipe r;
  const double strong = number("strong", 0);
  r.network = o.count("network") ? o["network"] : "resnet18_w32";
  r.lr = number("lr", 0.05);
  r.weight_decay = number("wd", 5e-3);
  r.batch_size = static_cast<int>(number("batch", 32));
  r.warmup = number("warmup", 0.1);
  r.label_smoothing = number("smooth", 0.1);
  r.mix = number("mix", strong > 0 ? 0.5 : 0);
  r.mix_until = number("mix_until", 0.8);
  r.sizes = {{0, static_cast<int>(number("size", 64))}};
  if (o.count("size2"))
    r.sizes.push_back({number("size2_from", 0.5), static_cast<int>(number("size2", 96))});
  auto& a = r.augmentation;
  a.min_area = number("area", strong > 0 ? 0.45 : 0.6);
  a.max_log_aspect = 0.14;
  a.rotation_deg = number("rotation", strong > 0 ? 25 : 15);
  a.shear = number("shear", strong > 0 ? 0.2 : 0.1);
  a.flip = true;
  a.brightness = a.contrast = number("light", strong > 0 ? 0.5 : 0.3);
  a.saturation = number("saturation", strong > 0 ? 0.6 : 0.3);
  a.hue_deg = number("hue", strong > 0 ? 29 : 11);
  a.grey = number("grey", strong > 0 ? 0.15 : 0);
  a.erase = number("erase", strong > 0 ? 0.4 : 0.25);

  const auto seed = static_cast<std::uint64_t>(number("seed", 0));
  const int classes = static_cast<int>(set.classes.size());
  const auto make = [&] { return mat::make_image_network(r.network, classes); };
  torch::manual_seed(seed);
  auto network = make();
  if (number("identity", 1) > 0 && r.network.starts_with("resnet"))
    mat::begin_as_identity(*network);
  mat::ComputePlan plan;
  if (number("channels_last", 1) > 0) plan.layout = torch::MemoryFormat::ChannelsLast;
  if (number("bf16", 1) > 0) plan.precision = torch::kBFloat16;
  mat::RecipeTraining training(r, network, levels, train, plan, torch::kCPU, seed);
  mat::TrainingBudget budget;
  budget.samples = static_cast<std::int64_t>(number("samples", 0));
  budget.seconds = number("seconds", budget.samples > 0 ? 0 : 120);
  double speed = 0;
  training.run(budget, [&](const mat::RecipeProgress& p) {
    speed = p.samples_per_second;
    return true;
  });
  const auto averaged = training.averaged(make);
  network->eval();
  std::vector<std::int64_t> labels;
  for (const auto& place : held) labels.push_back(place.label);
  const torch::Tensor targets = torch::tensor(labels);
  const auto accuracy = [&](const torch::Tensor& p) {
    return p.argmax(1).eq(targets).to(torch::kDouble).mean().item<double>();
  };
  const auto nll = [&](const torch::Tensor& p) {
    return torch::nll_loss((p + 1e-7).log(), targets).item<double>();
  };
  std::printf("%s seed %d: %.1f s, %.0f pictures/s |", argv[1], static_cast<int>(seed),
              training.seconds(), speed);
  for (auto* one : {network.get(), averaged.get()}) {
    for (const double factor : {1.0, number("test_size", 1.0)}) {
      const int size = static_cast<int>(r.last_size() * factor);
      const torch::Tensor margin = look(*one, levels, held, View::margin, size, plan);
      const torch::Tensor whole = look(*one, levels, held, View::whole, size, plan);
      const torch::Tensor centre = look(*one, levels, held, View::centre, size, plan);
      const torch::Tensor first = look(*one, levels, held, View::first, size, plan);
      const torch::Tensor last = look(*one, levels, held, View::last, size, plan);
      const torch::Tensor all = (whole + centre + first + last) / 4;
      std::printf(" %s@%d margin %.3f whole %.3f centre %.3f all %.3f (%.3f)",
                  one == network.get() ? "raw" : "avg", size, accuracy(margin), accuracy(whole),
                  accuracy(centre), accuracy(all), nll(all));
      if (factor == number("test_size", 1.0)) break;
    }
  }
  std::printf("\n");
  return 0;
}
