#pragma once

// Catch2 beside LibTorch, which has a CHECK of its own: in tests, Catch2's is meant.

#include "trainers/torch.h"
#undef CHECK
#include <catch2/catch.hpp>
