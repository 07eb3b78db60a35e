#include "cli/ui/answer_cache.h"

#include <utility>

#include "core/base/time.h"

namespace mat {
namespace {

constexpr std::size_t kMostAnswers = 100;
constexpr double kFreshSeconds = 1;
constexpr std::size_t kMostKeptBytes = 1 << 20;  // of one answer

}  // namespace

std::shared_ptr<AnswerCache::Answer> AnswerCache::answer_for(Key key) {
  const std::lock_guard lock(mutex_);
  auto& answer = answers_[key];
  if (answer) return answer;
  answer = std::make_shared<Answer>();
  auto result = answer;
  order_.push_back(std::move(key));
  if (order_.size() > kMostAnswers) {
    answers_.erase(order_.front());
    order_.pop_front();
  }
  return result;
}

HttpResponse AnswerCache::get(const std::string& target, std::uint64_t state,
                              const std::function<HttpResponse()>& make) {
  const auto answer = answer_for({target, state});
  const std::lock_guard lock(answer->mutex);
  if (!answer->is_there || monotonic_seconds() - answer->made_s > kFreshSeconds) {
    answer->is_there = false;
    answer->response = make();
    answer->made_s = monotonic_seconds();
    if (answer->response.body.size() > kMostKeptBytes) return std::move(answer->response);
    answer->is_there = true;
  }
  return answer->response;
}

}  // namespace mat
