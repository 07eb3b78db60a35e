// What a checkpoint of resnet18 costs: checkpoint_bench FOLDER [SIZE] [BATCH]. Prints milliseconds
// that training waits for one, that writing it takes in the background, and that a step takes
// without and with one being written.

#include <cstdio>
#include <cstdlib>

#include "core/base/time.h"
#include "trainers/models/network.h"
#include "trainers/torch.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/optimizer.h"
#include "trainers/training/random_state.h"

namespace {

template <typename Function>
double milliseconds(const Function& function) {
  const double before = mat::monotonic_seconds();
  function();
  return (mat::monotonic_seconds() - before) * 1000;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: checkpoint_bench FOLDER [SIZE] [BATCH]\n", stderr);
    return 2;
  }
  const std::int64_t size = argc > 2 ? std::atoi(argv[2]) : 128;
  const std::int64_t batch = argc > 3 ? std::atoi(argv[3]) : 32;
  const auto network = mat::make_image_network("resnet18", 6);
  for (torch::Tensor& parameter : network->parameters()) {
    torch::NoGradGuard no_grad;
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
  const auto optimizer = mat::make_optimizer(network->parameters(), {"sgd", 0.9, true, 1e-4});
  const torch::Tensor inputs =
      torch::rand({batch, 3, size, size}).contiguous(torch::MemoryFormat::ChannelsLast);
  const auto step = [&] {
    optimizer->clear_gradients();
    network->forward(inputs).square().mean().backward();
    optimizer->step(1e-3);
  };
  mat::CheckpointWriter writer(argv[1], mat::Json());
  for (int round = 0; round < 6; ++round) {
    const double alone = milliseconds(step);
    mat::Checkpoint checkpoint;
    checkpoint.step = round;
    const double copied = milliseconds([&] {
      checkpoint.tensors = mat::weights_of(*network).tensors;
      optimizer->save_state(checkpoint.tensors);
      mat::save_random_state(checkpoint.tensors);
    });
    const mat::Checkpoint copy = checkpoint;
    const double handed_over = milliseconds([&] { writer.write(std::move(checkpoint)); });
    const double beside = milliseconds(step);
    writer.finish();
    writer.write(copy);
    const double written = milliseconds([&] { writer.finish(); });
    std::printf("step alone %.0f  waited %.1f  step beside %.0f  writing %.0f\n", alone,
                copied + handed_over, beside, written);
    std::fflush(stdout);
  }
  return 0;
}
