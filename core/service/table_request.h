#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/training/table_description.h"

namespace mat {

// What a request to /predict of a service for tables asks about.
struct TableRowsRequest {
  std::vector<float> inputs;  // what the network takes
  std::size_t rows = 0;
  bool is_list = false;  // the answer is one too
};

// The media types that it understands.
bool is_table_request_type(const std::string& content_type);

// {"column": value, …}, a list of these, or CSV with a header, of which columns that the model does
// not need are passed over. Throws HttpFailure, with the row and the column of a bad value.
TableRowsRequest read_table_request(HttpRequest&& request, const TableDescription& description);

}  // namespace mat
