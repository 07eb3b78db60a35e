#pragma once

#include <vector>

#include "core/http/message.h"
#include "core/training/table_description.h"

namespace mat {

// Of classes as of pictures (see answers.h), {"predicted_label", "scores"}; of a regression
// {"predicted_value": 231.25}. Of several rows a list of these.
HttpResponse answer_table_rows(const TableDescription& description,
                               const std::vector<double>& answers, bool is_list);

}  // namespace mat
