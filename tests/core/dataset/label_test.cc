#include "core/dataset/label.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

TEST_CASE("labels are letters and digits of any script, '-' and '_'") {
  for (const char* label : {"cat", "T-shirt_2", "0", "猫", "été", "हिन्दी", "-", "_"}) {
    CHECK_FALSE(why_no_label(label));
  }
  CHECK_FALSE(why_no_label(std::string(32, 'x')));
  CHECK_FALSE(why_no_label(repeated("猫", 32)));
  for (const char* text : {"", "black t-shirt", "a/b", "a.b", "cat\n", "\x1b[31m", "\xff", "a!",
                           "猫\xe7\x8c", "😀", "a\u00a0b"}) {
    CHECK(why_no_label(text));
  }
  CHECK(why_no_label(std::string(33, 'x')).value() == "has 33 characters, more than 32");
  CHECK(why_no_label(repeated("猫", 33)));
}

TEST_CASE("for what is no label the nearest one is proposed") {
  CHECK(proposed_label("black t-shirt!") == "black_t-shirt");
  CHECK(proposed_label("  a / b  ") == "a_b");
  CHECK(proposed_label("?!") == "label");
  CHECK(proposed_label("") == "label");
  CHECK(proposed_label("\xff\xfe"
                       "cat\n") == "cat");
  CHECK(proposed_label("猫 犬") == "猫_犬");
  CHECK(proposed_label(std::string(31, 'x') + " y") == std::string(31, 'x'));
  CHECK(proposed_label(repeated("猫", 40)) == repeated("猫", 32));
  for (const char* text : {"a b c", "..", "a\tb", "😀😀", "__x__"}) {
    CHECK_FALSE(why_no_label(proposed_label(text)));
  }
}

TEST_CASE("no two proposals are the same, or a label that is there") {
  LabelProposals proposals;
  proposals.take("a_b");
  CHECK(proposals.propose("a b") == "a_b_2");
  CHECK(proposals.propose("a!b") == "a_b_3");
  proposals.take("a_b_4");
  CHECK(proposals.propose("a?b") == "a_b_5");
  const std::string long_name(40, 'x');
  CHECK(proposals.propose(long_name) == std::string(32, 'x'));
  CHECK(proposals.propose(long_name + "y") == std::string(30, 'x') + "_2");
  CHECK(proposals.proposed_for("a_b_3") == "a!b");
  CHECK_FALSE(proposals.proposed_for("a_b"));
}

}  // namespace
}  // namespace mat
