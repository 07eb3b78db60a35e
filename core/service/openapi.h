#pragma once

#include <string>

#include "core/base/json.h"
#include "core/training/table_description.h"

namespace mat {

// What a service answers, as an OpenAPI 3.0 document: for pictures, or for rows of such a table.
Json openapi_document(const std::string& service, const TableDescription* table);

}  // namespace mat
