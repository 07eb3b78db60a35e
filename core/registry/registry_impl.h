#pragma once

#include "core/registry/database.h"
#include "core/registry/registry.h"

namespace mat {

struct Registry::Impl {
  Home home;
  Database database;
};

}  // namespace mat
