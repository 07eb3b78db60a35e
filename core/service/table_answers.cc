#include "core/service/table_answers.h"

#include <utility>

#include "core/base/json.h"
#include "core/service/answers.h"

namespace mat {

HttpResponse answer_table_rows(const TableDescription& description,
                               const std::vector<double>& answers, bool is_list) {
  Json list = Json::array();
  if (description.is_regression()) {
    for (const double value : answers) list.push_back({{"predicted_value", value}});
  } else {
    const auto width = static_cast<std::ptrdiff_t>(description.classes.size());
    for (auto at = answers.begin(); at != answers.end(); at += width) {
      list.push_back(scores_json(description.classes, std::vector<float>(at, at + width)));
    }
  }
  HttpResponse response;
  response.body = to_json_text(is_list ? list : list.at(0)) + "\n";
  return response;
}

}  // namespace mat
