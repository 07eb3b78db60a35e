#include "core/service/table_answers.h"

#include <string>

#include "core/base/json.h"
#include "core/service/answers.h"

namespace mat {

HttpResponse answer_table_rows(const TableDescription& description,
                               const std::vector<double>& answers, bool is_list) {
  std::vector<std::string> texts;
  if (description.is_regression()) {
    for (const double value : answers) texts.push_back(to_json_text({{"predicted_value", value}}));
  } else {
    const auto width = static_cast<std::ptrdiff_t>(description.classes.size());
    for (auto at = answers.begin(); at != answers.end(); at += width) {
      texts.push_back(scores_text(description.classes, std::vector<float>(at, at + width)));
    }
  }
  return answer_list(texts, is_list);
}

}  // namespace mat
