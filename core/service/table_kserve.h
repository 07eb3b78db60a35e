#pragma once

#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/service/kserve.h"
#include "core/training/table_description.h"

namespace mat {

// The KServe inference protocol, version 2, as JSON, for rows of tables: an input for each column,
// of [N] or [N, 1] values. Columns of numbers are FP64, and may be another type of numbers or
// BYTES; all others are BYTES, and may be numbers. null, and an empty text, is a missing value.
struct TableInferRequest {
  std::string id;
  std::vector<float> inputs;  // what the network takes
  std::size_t rows = 0;
  std::vector<std::string> outputs;  // empty: all
};

// Of a regression, FP64 [N]; of classes the outputs are those of pictures.
constexpr const char* kValueOutput = "value";

// Throws HttpFailure.
TableInferRequest read_table_infer(const HttpRequest& request, const TableDescription& description);

HttpResponse answer_table_infer(const TableInferRequest& request, const InferModel& model,
                                const TableDescription& description,
                                const std::vector<double>& answers);

// "parameters" has what to_json(TableDescription) has.
Json table_metadata(const InferModel& model, const TableDescription& description);

}  // namespace mat
