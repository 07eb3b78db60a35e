#pragma once

// The only way to LibTorch: one include for the precompiled header. LibTorch and Catch2 both
// define CHECK; tests include this first and undefine it.
#include <torch/torch.h>
