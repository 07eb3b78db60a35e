#pragma once

#include <string>

#include "core/base/json.h"

namespace mat {

// What a service answers, as an OpenAPI 3.0 document.
Json openapi_document(const std::string& service);

}  // namespace mat
