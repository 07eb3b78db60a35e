#include "trainers/training/optimizer.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "tests/trainers/catch.h"

namespace mat {
namespace {

// A kernel laid out both ways, a matrix, a bias, and something large enough for several threads.
std::vector<torch::Tensor> some_parameters() {
  torch::manual_seed(7);
  return {torch::randn({8, 4, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast),
          torch::randn({8, 4, 3, 3}), torch::randn({20, 30}), torch::randn({30}),
          torch::randn({300, 400})};
}

std::vector<torch::Tensor> copies(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> out;
  for (const torch::Tensor& tensor : tensors) out.push_back(tensor.clone().requires_grad_());
  return out;
}

// The same gradients for both, sometimes in another memory layout than the parameter's.
void give_gradients(std::vector<torch::Tensor>& parameters, int step) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    torch::manual_seed(100 * step + i);
    parameters[i].mutable_grad() = torch::randn(parameters[i].sizes());
  }
}

void check_equal_after_steps(Optimizer& ours, std::vector<torch::Tensor>& our_parameters,
                             torch::optim::Optimizer& theirs,
                             std::vector<torch::Tensor>& their_parameters) {
  for (int step = 0; step < 5; ++step) {
    give_gradients(our_parameters, step);
    give_gradients(their_parameters, step);
    ours.step(0.05);
    theirs.step();
    for (std::size_t i = 0; i < our_parameters.size(); ++i) {
      INFO("step " << step << " parameter " << i);
      REQUIRE(torch::allclose(our_parameters[i], their_parameters[i], 1e-5, 1e-6));
    }
  }
}

// Groups as ours decays them: kernels and matrices, then the rest.
template <typename Options>
std::vector<torch::optim::OptimizerParamGroup> decay_groups(
    const std::vector<torch::Tensor>& parameters, const Options& options) {
  std::vector<torch::Tensor> decayed, others;
  for (const torch::Tensor& p : parameters) (p.dim() >= 2 ? decayed : others).push_back(p);
  auto without = options;
  without.weight_decay(0);
  return {{decayed, std::make_unique<Options>(options)},
          {others, std::make_unique<Options>(without)}};
}

}  // namespace

TEST_CASE("SGD does what PyTorch's does, with weight decay on weights only") {
  const auto [momentum, nesterov] =
      GENERATE(std::pair{0.9, true}, std::pair{0.9, false}, std::pair{0.0, false});
  const std::vector<torch::Tensor> start = some_parameters();
  std::vector<torch::Tensor> ours = copies(start), theirs = copies(start);
  const auto optimizer = make_optimizer(ours, {"sgd", momentum, nesterov, 0.1});
  const auto options =
      torch::optim::SGDOptions(0.05).momentum(momentum).nesterov(nesterov).weight_decay(0.1);
  // The optimizer's own default is no decay: newer groups inherit what they leave at 0.
  torch::optim::SGD reference(decay_groups(theirs, options),
                              torch::optim::SGDOptions(options).weight_decay(0));
  check_equal_after_steps(*optimizer, ours, reference, theirs);
}

TEST_CASE("AdamW does what PyTorch's does, with weight decay on weights only") {
  const std::vector<torch::Tensor> start = some_parameters();
  std::vector<torch::Tensor> ours = copies(start), theirs = copies(start);
  const auto optimizer = make_optimizer(ours, {"adamw", 0, false, 0.1});
  const auto options = torch::optim::AdamWOptions(0.05).weight_decay(0.1);
  torch::optim::AdamW reference(decay_groups(theirs, options), options);
  check_equal_after_steps(*optimizer, ours, reference, theirs);
}

TEST_CASE("Both optimizers compute the same in one pass and by LibTorch's operations") {
  // Doubles take the way that a GPU takes.
  const std::string name = GENERATE("sgd", "adamw");
  const std::vector<torch::Tensor> start = some_parameters();
  std::vector<torch::Tensor> flat = copies(start), general;
  for (const torch::Tensor& p : start) general.push_back(p.to(torch::kDouble).requires_grad_());
  const auto one = make_optimizer(flat, {name, 0.9, true, 0.1});
  const auto other = make_optimizer(general, {name, 0.9, true, 0.1});
  for (int step = 0; step < 3; ++step) {
    give_gradients(flat, step);
    for (std::size_t i = 0; i < flat.size(); ++i) {
      general[i].mutable_grad() = flat[i].grad().to(torch::kDouble);
    }
    one->step(0.05);
    other->step(0.05);
  }
  for (std::size_t i = 0; i < flat.size(); ++i) {
    REQUIRE(torch::allclose(flat[i].to(torch::kDouble), general[i], 1e-4, 1e-5));
  }
}

TEST_CASE("The number of threads changes no bit of an optimizer's result") {
  const std::string name = GENERATE("sgd", "adamw");
  const std::vector<torch::Tensor> start = some_parameters();
  std::vector<std::vector<torch::Tensor>> results;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    results.push_back(copies(start));
    const auto optimizer = make_optimizer(results.back(), {name, 0.9, true, 0.1});
    for (int step = 0; step < 2; ++step) {
      give_gradients(results.back(), step);
      optimizer->step(0.05);
    }
  }
  at::set_num_threads(before);
  for (std::size_t i = 0; i < start.size(); ++i) {
    REQUIRE(torch::equal(results[0][i], results[1][i]));
    REQUIRE(torch::equal(results[0][i], results[2][i]));
  }
}

TEST_CASE("Clipped gradients do not depend on the number of threads") {
  torch::manual_seed(3);
  const torch::Tensor gradient = torch::randn({1000, 777});
  std::vector<torch::Tensor> results;
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    std::vector<torch::Tensor> parameters{torch::zeros({1000, 777}).requires_grad_(),
                                          torch::zeros({777, 1000}).requires_grad_()};
    const auto optimizer = make_optimizer(parameters, {"sgd"});
    parameters[0].mutable_grad() = gradient.clone();
    parameters[1].mutable_grad() = gradient.clone().t();
    optimizer->clip_gradients(1);
    results.push_back(parameters[0].grad());
    CHECK(torch::equal(parameters[1].grad().t(), parameters[0].grad()));
  }
  CHECK(torch::equal(results[0], results[1]));
  CHECK(torch::equal(results[0], results[2]));
  CHECK(results[0].norm().item<double>() == Approx(std::sqrt(0.5)));
}

TEST_CASE("Gradients are clipped to their common norm, and left alone below it") {
  std::vector<torch::Tensor> parameters = copies(some_parameters());
  const auto optimizer = make_optimizer(parameters, {"sgd", 0, false, 0});
  give_gradients(parameters, 0);
  const auto norm = [&] {
    double squares = 0;
    for (const auto& p : parameters) squares += p.grad().square().sum().item<double>();
    return std::sqrt(squares);
  };
  const double before = norm();
  optimizer->clip_gradients(before * 2);
  REQUIRE(norm() == Approx(before));
  optimizer->clip_gradients(1);
  REQUIRE(norm() == Approx(1));
}

TEST_CASE("A parameter without a gradient is not touched") {
  std::vector<torch::Tensor> parameters = copies(some_parameters());
  const auto optimizer = make_optimizer(parameters, {"sgd", 0.9, true, 0.1});
  const torch::Tensor before = parameters[0].detach().clone();
  give_gradients(parameters, 0);
  optimizer->clear_gradients();
  optimizer->step(0.1);
  REQUIRE(torch::equal(parameters[0], before));
}

TEST_CASE("An optimizer goes on from a saved state as if it had never stopped") {
  const OptimizerSettings settings =
      GENERATE(OptimizerSettings{"sgd", 0.9, true, 0.1}, OptimizerSettings{"sgd", 0, false, 0},
               OptimizerSettings{"adamw", 0, false, 0.1});
  std::vector<torch::Tensor> ours = copies(some_parameters());
  const auto optimizer = make_optimizer(ours, settings);
  const auto do_step = [](Optimizer& which, std::vector<torch::Tensor>& parameters, int step) {
    give_gradients(parameters, step);
    // One that has no gradient at first has no moments to save.
    if (step < 2) parameters[1].mutable_grad() = torch::Tensor();
    which.step(0.05);
  };
  for (int step = 0; step < 2; ++step) do_step(*optimizer, ours, step);
  Tensors state;
  optimizer->save_state(state);
  std::vector<torch::Tensor> later = copies(ours);
  for (int step = 2; step < 4; ++step) do_step(*optimizer, ours, step);

  const auto other = make_optimizer(later, settings);
  other->load_state(state);
  for (int step = 2; step < 4; ++step) do_step(*other, later, step);
  for (std::size_t i = 0; i < ours.size(); ++i) REQUIRE(torch::equal(ours[i], later[i]));
}

}  // namespace mat
