#include "core/algorithm/command_line.h"

#include <catch2/catch.hpp>
#include <random>

namespace mat {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& text) {
  std::string problem = "left over";
  Words words = split_command(text, &problem);
  INFO(text);
  CHECK(problem.empty());
  return words;
}

std::string problem_of(const std::string& text) {
  std::string problem;
  const Words words = split_command(text, &problem);
  CHECK(words.empty() == !problem.empty());
  return problem;
}

TEST_CASE("a command is split as a shell splits it") {
  CHECK(words_of("python3 train.py") == Words{"python3", "train.py"});
  CHECK(words_of("  a\t b\n c ") == Words{"a", "b", "c"});
  CHECK(words_of("a 'b c' \"d e\"") == Words{"a", "b c", "d e"});
  CHECK(words_of("a'b'\"c\"d") == Words{"abcd"});
  CHECK(words_of("a '' \"\"") == Words{"a", "", ""});
  CHECK(words_of(R"(a b\ c \' \\)") == Words{"a", "b c", "'", "\\"});
  CHECK(words_of(R"(a "b\"c\\d\$e\f")") == Words{"a", "b\"c\\d$e\\f"});
  CHECK(words_of(R"(a '$HOME | x \')") == Words{"a", R"($HOME | x \)"});
  CHECK(words_of("a *.py ~ # ! {b,c}") == Words{"a", "*.py", "~", "#", "!", "{b,c}"});
}

TEST_CASE("what only a shell can do is refused") {
  for (const char* text : {"a | b", "a > b", "a; b", "a && b", "a $HOME", "a \"$HOME\"", "a `b`",
                           "a \"`b`\"", "(a)", "a < b"}) {
    INFO(text);
    CHECK(problem_of(text).find("only a shell understands") != std::string::npos);
  }
}

TEST_CASE("a command that does not end or does not begin is refused") {
  CHECK(problem_of("a 'b") == "has a ' without its end");
  CHECK(problem_of("a \"b") == "has a \" without its end");
  CHECK(problem_of("a \"b\\") == "has a \" without its end");
  CHECK(problem_of("a \\") == "ends with a backslash");
  CHECK(problem_of("") == "must not be empty");
  CHECK(problem_of(" \n") == "must not be empty");
  CHECK(problem_of("'' a") == "must begin with a program");
}

TEST_CASE("words joined to a text are split into the same words") {
  CHECK(join_command({"python3", "train.py", "--lr=0.1"}) == "python3 train.py --lr=0.1");
  CHECK(join_command({"a", "b c", "", "it's"}) == "a 'b c' '' 'it'\\''s'");
  constexpr std::string_view kBytes = "a '\"\\$`|&;<>()\t\n*?~#=\xC3\xA9";
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Words words{"x"};
    for (auto left = random() % 4; left > 0; --left) {
      std::string word;
      for (auto length = random() % 6; length > 0; --length) {
        word += kBytes[random() % kBytes.size()];
      }
      words.push_back(word);
    }
    CHECK(words_of(join_command(words)) == words);
  }
}

}  // namespace
}  // namespace mat
