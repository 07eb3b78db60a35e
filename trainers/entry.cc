#include "core/training/trainer.h"
#include "trainers/training/torch_trainer.h"

extern "C" __attribute__((visibility("default"))) mat::Trainer* mat_trainer(int abi) {
  return abi == mat::kTrainerAbi ? &mat::torch_trainer() : nullptr;
}
