#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace mat {

struct ServicePredictFlags {
  std::string name;
  std::vector<std::string> pictures;
  std::int64_t top = 5;
  bool json = false;
};

// Asks a service that runs, over HTTP, and prints as 'mat predict' does.
int predict_with_service(const Context& context, const ServicePredictFlags& flags);

}  // namespace mat
