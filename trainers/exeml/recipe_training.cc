#include "trainers/exeml/recipe_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "trainers/data/random.h"
#include "trainers/torch_compat.h"

namespace mat {
namespace {

constexpr std::uint64_t kMixKey = 0x6D6978;
// The average forgets at this rate a step, faster at first; it is brought up to date every few
// steps, since going through all weights costs as much as an update.
constexpr double kAverageDecay = 0.998;
constexpr int kStepsBetweenAverages = 4;
constexpr double kLossMemory = 0.95;
// Below this the schedule would not learn any more, above zero so that no step is for nothing.
constexpr double kLeastLr = 1e-3;

double learning_rate(const Recipe& recipe, double part) {
  if (part < recipe.warmup) return recipe.lr * std::max(part / recipe.warmup, kLeastLr);
  const double t = (part - recipe.warmup) / (1 - recipe.warmup);
  return recipe.lr * std::max(0.5 * (1 + std::cos(std::numbers::pi * t)), kLeastLr);
}

std::vector<torch::Tensor> state_of(const Network& network) {
  std::vector<torch::Tensor> state = network.parameters();
  for (const torch::Tensor& buffer : network.buffers()) {
    if (buffer.is_floating_point()) state.push_back(buffer);
  }
  return state;
}

// Beta(1/2, 1/2), which has a closed form: the arcsine law.
double arcsine(Random& random) {
  const double s = std::sin(std::numbers::pi / 2 * random.uniform());
  return s * s;
}

// Covers a box of each picture with that of its partner, in a batch of the reversed order; gives
// the part that is left of the picture itself.
double cut_and_mix(torch::Tensor& inputs, const torch::Tensor& partners, double own,
                   Random& random) {
  const std::int64_t size = inputs.size(2);
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(1 - own) * size));
  const std::int64_t x = random.below(static_cast<std::uint64_t>(size)) - side / 2;
  const std::int64_t y = random.below(static_cast<std::uint64_t>(size)) - side / 2;
  const std::int64_t left = std::max<std::int64_t>(x, 0), right = std::min(x + side, size);
  const std::int64_t top = std::max<std::int64_t>(y, 0), bottom = std::min(y + side, size);
  if (right <= left || bottom <= top) return 1;
  using torch::indexing::Slice;
  inputs.index_put_({Slice(), Slice(), Slice(top, bottom), Slice(left, right)},
                    partners.index({Slice(), Slice(), Slice(top, bottom), Slice(left, right)}));
  return 1 -
         static_cast<double>((right - left) * (bottom - top)) / static_cast<double>(size * size);
}

}  // namespace

RecipeTraining::RecipeTraining(const Recipe& recipe, std::shared_ptr<ImageNetwork> network,
                               PictureLevels& pictures, std::vector<LabelledPlace> places,
                               const ComputePlan& plan, const torch::Device& device,
                               std::uint64_t seed)
    : recipe_(recipe),
      network_(std::move(network)),
      pictures_(pictures),
      places_(std::move(places)),
      plan_(plan),
      device_(device),
      seed_(seed),
      normalized_(device) {
  plan_.prepare(*network_, device_);
  OptimizerSettings settings;
  settings.name = "sgd";
  settings.momentum = recipe_.momentum;
  settings.weight_decay = recipe_.weight_decay;
  optimizer_ = make_optimizer(network_->parameters(), settings);
  torch::NoGradGuard no_grad;
  for (const torch::Tensor& tensor : state_of(*network_)) averages_.push_back(tensor.clone());
}

void RecipeTraining::begin_pass(int size) {
  if (size != size_) {
    size_ = size;
    PictureBatches::Options options;
    options.size = size;
    options.batch_size = recipe_.batch_size;
    options.threads = device_.is_cuda() ? 4 : 0;
    options.seed = seed_;
    options.strong = recipe_.augmentation;
    batches_ = std::make_unique<PictureBatches>(pictures_.for_size(size, places_), options);
  }
  batches_->start_epoch(pass_++);
}

double RecipeTraining::train_batch(const Batch& batch, double part) {
  torch::Tensor inputs = normalized_(batch.inputs, plan_.layout);
  const torch::Tensor targets = batch.targets.to(device_, /*non_blocking=*/true);
  Random random({seed_, static_cast<std::uint64_t>(step_), kMixKey});
  double own = 1;
  if (part < recipe_.mix_until && random.uniform() < recipe_.mix) {
    own = arcsine(random);
    const torch::Tensor partners = inputs.flip(0);
    if (random.next() >> 63 == 1) {
      own = cut_and_mix(inputs, partners, own, random);
    } else {
      inputs.mul_(own).add_(partners, 1 - own);
    }
  }
  torch::Tensor logits;
  {
    const Autocast autocast(device_.type(), plan_.precision);
    logits = network_->forward(inputs).to(torch::kFloat);
  }
  const auto options =
      torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(recipe_.label_smoothing);
  torch::Tensor loss = torch::nn::functional::cross_entropy(logits, targets, options);
  if (own < 1) {
    loss = loss * own +
           torch::nn::functional::cross_entropy(logits, targets.flip(0), options) * (1 - own);
  }
  optimizer_->clear_gradients();
  loss.backward();
  optimizer_->step(learning_rate(recipe_, part));
  return loss.item<double>();
}

void RecipeTraining::average() {
  torch::NoGradGuard no_grad;
  const auto updates = static_cast<double>(step_) / kStepsBetweenAverages;
  const double decay =
      std::min(std::pow(kAverageDecay, kStepsBetweenAverages), (1 + updates) / (10 + updates));
  const std::vector<torch::Tensor> state = state_of(*network_);
  for (std::size_t i = 0; i < state.size(); ++i) averages_[i].lerp_(state[i], 1 - decay);
}

bool RecipeTraining::run(const TrainingBudget& budget,
                         const std::function<bool(const RecipeProgress&)>& go_on) {
  network_->train();
  double before = monotonic_seconds();
  RecipeProgress progress;
  const auto part_done = [&] {
    double part = 0;
    if (budget.seconds > 0) part = seconds_ / budget.seconds;
    if (budget.samples > 0) {
      part = std::max(part, static_cast<double>(samples_) / static_cast<double>(budget.samples));
    }
    return part;
  };
  const double began = seconds_;
  const std::int64_t samples_before = samples_;
  const auto wanted_size = [&] {
    int size = recipe_.sizes.front().pixels;
    for (const Recipe::Size& one : recipe_.sizes) {
      if (part_done() >= one.from) size = one.pixels;
    }
    return size;
  };
  while (part_done() < 1) {
    begin_pass(wanted_size());
    for (Batch batch; part_done() < 1 && wanted_size() == size_ && batches_->next(batch);) {
      const double part = part_done();
      const double loss = train_batch(batch, part);
      if (!std::isfinite(loss)) {
        throw Error(ErrorKind::training_failed,
                    fmt::format("the loss became {} at step {}",
                                std::isnan(loss) ? "NaN" : "infinite", step_ + 1));
      }
      smooth_loss_ = step_ == 0 ? loss : kLossMemory * smooth_loss_ + (1 - kLossMemory) * loss;
      ++step_;
      samples_ += batch.targets.size(0);
      if (step_ % kStepsBetweenAverages == 0) average();
      const double now = monotonic_seconds();
      seconds_ += now - before;
      before = now;
      progress = {std::min(part_done(), 1.0),
                  step_,
                  samples_,
                  smooth_loss_,
                  learning_rate(recipe_, part),
                  static_cast<double>(samples_ - samples_before) / (seconds_ - began),
                  size_};
      if (!go_on(progress)) return false;
    }
  }
  return true;
}

std::shared_ptr<ImageNetwork> RecipeTraining::averaged(
    const std::function<std::shared_ptr<ImageNetwork>()>& make) const {
  torch::NoGradGuard no_grad;
  std::shared_ptr<ImageNetwork> network = make();
  plan_.prepare(*network, device_);
  const std::vector<torch::Tensor> state = state_of(*network);
  for (std::size_t i = 0; i < state.size(); ++i) state[i].copy_(averages_[i]);
  network->eval();
  return network;
}

void RecipeTraining::save_state(Tensors& tensors, Json& state) const {
  torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> own = state_of(*network_);
  for (std::size_t i = 0; i < own.size(); ++i) {
    tensors[fmt::format("weights.{}", i)] = own[i].detach().to(torch::kCPU).contiguous().clone();
    tensors[fmt::format("average.{}", i)] = averages_[i].to(torch::kCPU).contiguous().clone();
  }
  optimizer_->save_state(tensors);
  state = {{"pass", pass_},
           {"step", step_},
           {"samples", samples_},
           {"seconds", seconds_},
           {"loss", smooth_loss_}};
}

void RecipeTraining::load_state(const Tensors& tensors, const Json& state) {
  torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> own = state_of(*network_);
  for (std::size_t i = 0; i < own.size(); ++i) {
    own[i].copy_(tensors.at(fmt::format("weights.{}", i)));
    averages_[i].copy_(tensors.at(fmt::format("average.{}", i)));
  }
  optimizer_->load_state(tensors);
  pass_ = state.at("pass").get<int>();
  step_ = state.at("step").get<std::int64_t>();
  samples_ = state.at("samples").get<std::int64_t>();
  seconds_ = state.at("seconds").get<double>();
  smooth_loss_ = state.at("loss").get<double>();
}

}  // namespace mat
