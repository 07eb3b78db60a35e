#pragma once

#include "core/base/home.h"
#include "core/base/json.h"
#include "core/registry/records.h"

namespace mat {

// What a service that runs counts (see ServiceMetrics), asked of itself: {"metrics": text}; null
// when it does not answer at once.
Json service_counts(const Home& home, const ServiceRecord& service);

}  // namespace mat
