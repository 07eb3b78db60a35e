#pragma once

#include <string>

#include "cli/commands/prediction_flags.h"
#include "cli/context.h"

namespace mat {

struct ServicePredictFlags {
  std::string name;
  PredictionFlags predictions;
};

// Asks a service that runs, over HTTP, and prints as 'mat predict' does.
int predict_with_service(const Context& context, const ServicePredictFlags& flags);

}  // namespace mat
