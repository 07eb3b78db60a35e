#pragma once

#include "trainers/models/weights_file.h"

namespace mat {

// Puts the state of LibTorch's random numbers, of the CPU and of the GPU where one is used, into
// `tensors`, under names that begin with "random.".
void save_random_state(Tensors& tensors);

// Those of `tensors` that save_random_state() put there.
Tensors random_state_in(const Tensors& tensors);

// Goes on with a state; what it does not name stays as it is.
void set_random_state(const Tensors& state);

}  // namespace mat
