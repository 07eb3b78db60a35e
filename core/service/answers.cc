#include "core/service/answers.h"

#include <fmt/core.h>

#include <iterator>

#include "core/base/json.h"
#include "core/model/predict.h"

namespace mat {
namespace {

constexpr std::size_t kTop = 5;

std::string answer_text(const std::vector<std::string>& classes, const PictureAnswer& answer) {
  if (!answer.problem.empty()) return to_json_text({{"error", answer.problem}});
  std::string text = scores_text(classes, answer.probabilities);
  if (answer.warning.empty()) return text;
  text.pop_back();
  return text + ",\"warnings\":" + to_json_text(Json::array({answer.warning})) + "}";
}

}  // namespace

// Written as text, since a tree of JSON values costs a single client a twentieth of all that a
// service adds to its model.
std::string scores_text(const std::vector<std::string>& classes,
                        const std::vector<float>& probabilities) {
  std::string label, scores;
  for (const std::size_t c : top_classes(probabilities, kTop)) {
    const std::string name = to_json_text(classes[c]);
    if (label.empty()) label = name;
    fmt::format_to(std::back_inserter(scores), "{}[{},\"{:.4f}\"]", scores.empty() ? "" : ",", name,
                   probabilities[c]);
  }
  return fmt::format("{{\"predicted_label\":{},\"scores\":[{}]}}", label, scores);
}

HttpResponse answer_list(const std::vector<std::string>& answers, bool is_list) {
  HttpResponse response;
  if (!is_list) {
    response.body = answers.front() + "\n";
    return response;
  }
  for (const std::string& answer : answers) {
    response.body += (response.body.empty() ? "[" : ",") + answer;
  }
  response.body += answers.empty() ? "[]\n" : "]\n";
  return response;
}

HttpResponse answer_pictures(const std::vector<std::string>& classes,
                             const std::vector<PictureAnswer>& answers, bool is_list) {
  for (const PictureAnswer& answer : answers) {
    if (!answer.failure.empty()) return http_error(500, answer.failure);
  }
  if (!is_list && !answers.front().problem.empty()) {
    return http_error(422, answers.front().problem);
  }
  std::vector<std::string> texts;
  texts.reserve(answers.size());
  for (const PictureAnswer& answer : answers) texts.push_back(answer_text(classes, answer));
  return answer_list(texts, is_list);
}

}  // namespace mat
