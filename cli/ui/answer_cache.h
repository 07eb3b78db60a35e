#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/http/message.h"

namespace mat {

// Pages that ask the same get the same answer, made once: as long as the registry is the same, and
// for a second, since what is outside of it (a log, a training under way) changes too. Thread safe.
class AnswerCache {
 public:
  // `target` is what is asked, `state` is UiEvents::state(). Whoever asks while the answer is made
  // waits for it.
  HttpResponse get(const std::string& target, std::uint64_t state,
                   const std::function<HttpResponse()>& make);

 private:
  struct Answer {
    std::mutex mutex;  // held by whoever makes it
    bool is_there = false;
    double made_s = 0;
    HttpResponse response;
  };
  struct Key {
    std::string target;
    std::uint64_t state = 0;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  std::shared_ptr<Answer> answer_for(Key key);

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Answer>> answers_;
  std::list<Key> order_;  // oldest first
};

}  // namespace mat
