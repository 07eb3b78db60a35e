#pragma once

// LibTorch's c10d, as far as this LibTorch has it.

#include "trainers/torch.h"

// A LibTorch from a wheel comes without Gloo's headers: Debian's libgloo-dev has them. Only names
// of types are needed of them; Gloo itself is in LibTorch.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/transport/device.h>)
#define MAT_HAS_GLOO 1
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#else
#define MAT_HAS_GLOO 0
#endif
#if MAT_HAS_GLOO && defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define MAT_HAS_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#define MAT_HAS_NCCL 0
#endif
