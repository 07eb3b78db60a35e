#include "core/service/answers.h"

#include <fmt/core.h>

#include "core/model/predict.h"

namespace mat {
namespace {

constexpr std::size_t kTop = 5;

Json answer_json(const std::vector<std::string>& classes, const PictureAnswer& answer) {
  if (!answer.problem.empty()) return {{"error", answer.problem}};
  Json json = scores_json(classes, answer.probabilities);
  if (!answer.warning.empty()) json["warnings"] = Json::array({answer.warning});
  return json;
}

}  // namespace

Json scores_json(const std::vector<std::string>& classes, const std::vector<float>& probabilities) {
  Json scores = Json::array();
  for (const std::size_t c : top_classes(probabilities, kTop)) {
    scores.push_back({classes[c], fmt::format("{:.4f}", probabilities[c])});
  }
  return {{"predicted_label", scores.front().front()}, {"scores", scores}};
}

HttpResponse answer_pictures(const std::vector<std::string>& classes,
                             const std::vector<PictureAnswer>& answers, bool is_list) {
  for (const PictureAnswer& answer : answers) {
    if (!answer.failure.empty()) return http_error(500, answer.failure);
  }
  if (!is_list && !answers.front().problem.empty()) {
    return http_error(422, answers.front().problem);
  }
  HttpResponse response;
  if (!is_list) {
    response.body = to_json_text(answer_json(classes, answers.front())) + "\n";
    return response;
  }
  Json list = Json::array();
  for (const PictureAnswer& answer : answers) list.push_back(answer_json(classes, answer));
  response.body = to_json_text(list) + "\n";
  return response;
}

}  // namespace mat
