#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/http/message.h"

namespace mat {

// Answers by running mat itself: what the page shows is what a command says, and what it does a
// command does. Thread safe.
class CommandRunner {
 public:
  explicit CommandRunner(const Home& home) : home_(home) {}

  // A command that only reads, with --json at its end: what it prints. Pages that ask the same
  // while `state` is the same get the same answer, from one process.
  HttpResponse read(const std::vector<std::string>& arguments, std::uint64_t state);

  // A command that changes something; {"command", "result"}, or {"command", "error", …}.
  HttpResponse change(const std::vector<std::string>& arguments);

  // What a person would type: "mat version stop 'a b@V0001'".
  static std::string words(const std::vector<std::string>& arguments);

 private:
  struct Answer {
    std::mutex mutex;  // held by whoever makes it
    bool is_there = false;
    double made_s = 0;
    HttpResponse response;
  };
  struct Key {
    std::vector<std::string> arguments;
    std::uint64_t state = 0;
    auto operator<=>(const Key&) const = default;
  };

  std::shared_ptr<Answer> answer_for(Key key);
  HttpResponse run_to_read(const std::vector<std::string>& arguments) const;

  const Home& home_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Answer>> answers_;
  std::list<Key> order_;  // oldest first
};

}  // namespace mat
