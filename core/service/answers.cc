#include "core/service/answers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/json.h"
#include "core/model/predict.h"

namespace mat {
namespace {

constexpr std::size_t kTop = 5;

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

// As to_json_text() writes it, which is slow after a model has emptied the caches.
std::string quoted(const std::string& text) {
  if (!std::all_of(text.begin(), text.end(), is_plain)) return to_json_text(text);
  return '"' + text + '"';
}

// As "{:.4f}", which is slower: the product is exact, and rounded to even.
void add_probability(std::string& text, float value) {
  constexpr long kParts = 10'000;
  if (!(value >= 0 && value < 2)) {
    text += fmt::format("{:.4f}", value);
    return;
  }
  const long parts = std::lrint(static_cast<double>(value) * kParts);
  fmt::format_to(std::back_inserter(text), "{}.{:04}", parts / kParts, parts % kParts);
}

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
    const std::string name = quoted(classes[c]);
    if (label.empty()) label = name;
    scores += (scores.empty() ? "[" : ",[") + name + ",\"";
    add_probability(scores, probabilities[c]);
    scores += "\"]";
  }
  return "{\"predicted_label\":" + label + ",\"scores\":[" + scores + "]}";
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
