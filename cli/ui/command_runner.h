#pragma once

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

  // A command that only reads, with --json among its words: what it prints.
  HttpResponse read(const std::vector<std::string>& arguments) const;

  // A command that changes something; {"command", "result"}, or {"command", "error", …}.
  HttpResponse change(const std::vector<std::string>& arguments) const;

  // What a person would type: "mat version stop 'a b@V0001'".
  static std::string words(const std::vector<std::string>& arguments);

 private:
  const Home& home_;
};

}  // namespace mat
