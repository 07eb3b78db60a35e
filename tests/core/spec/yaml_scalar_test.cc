#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

Json read(std::string_view text) {
  std::string problem;
  const Json value = plain_scalar(text, &problem);
  return problem.empty() ? value : Json{{"problem", problem}};
}

TEST_CASE("decimal numbers are numbers") {
  CHECK(read("10") == 10);
  CHECK(read("-3").is_number_integer());
  CHECK(read("+3") == 3);
  CHECK(read("0") == 0);
  CHECK(read("9223372036854775807") == 9223372036854775807LL);
  CHECK(read("1e-3") == 0.001);
  CHECK(read("1E3") == 1000.0);
  CHECK(read(".5") == 0.5);
  CHECK(read("5.") == 5.0);
  CHECK(read("-0.25") == -0.25);
  CHECK(read("1e3").is_number_float());
}

TEST_CASE("what only looks like a number is text") {
  for (const char* text :
       {"0x10",       "0o17",  "017", "00",    "-01.5",  "1_000", "1e",   "1e+",
        ".",          "-",     "+",   ".inf",  ".nan",   "nan",   "inf",  "1.2.3",
        "2026-01-31", "12:30", "4h",  "cpu.2", "128,64", "1 2",   "1e5x", "--1"}) {
    INFO(text);
    CHECK(read(text) == Json(text));
  }
}

TEST_CASE("a number that no type holds is a problem") {
  CHECK(read("9223372036854775808").contains("problem"));
  CHECK(read("1e999").contains("problem"));
}

TEST_CASE("true and false are booleans, and words like them a problem") {
  CHECK(read("true") == true);
  CHECK(read("false") == false);
  for (const char* word : {"yes", "Yes", "YES", "no", "on", "Off", "True", "FALSE"}) {
    INFO(word);
    CHECK(read(word).contains("problem"));
  }
  CHECK(read("yes")["problem"] ==
        "must not be the bare word yes: write true, or \"yes\" for the text");
  CHECK(read("note") == "note");
  CHECK(read("online") == "online");
}

TEST_CASE("every scalar is written so that it reads back the same") {
  const std::vector<Json> values = {1,
                                    -1,
                                    0.1,
                                    1e300,
                                    1e-300,
                                    5e-324,
                                    123456789012345678.0,
                                    0.1 + 0.2,
                                    1e15,
                                    999999999999999.0,
                                    true,
                                    false,
                                    "",
                                    " ",
                                    "a",
                                    "a ",
                                    " a",
                                    "true",
                                    "True",
                                    "yes",
                                    "null",
                                    "~",
                                    "NULL",
                                    "y",
                                    "1",
                                    "1.0",
                                    "0x10",
                                    "017",
                                    "1e5",
                                    ".5",
                                    ".inf",
                                    "12:30",
                                    "2026-01-31",
                                    "-",
                                    "---",
                                    "...",
                                    "- a",
                                    "? a",
                                    ": a",
                                    "a: b",
                                    "a:",
                                    "a #b",
                                    "#a",
                                    "*a",
                                    "&a",
                                    "!a",
                                    "!!str",
                                    "|",
                                    ">",
                                    "%YAML",
                                    "@a",
                                    "`a`",
                                    "[a]",
                                    "{a}",
                                    "a, b",
                                    "'",
                                    "''",
                                    "\"",
                                    "\\",
                                    "\\n",
                                    "a\nb",
                                    "\n",
                                    "\n\n a\n",
                                    "a\tb",
                                    "\r",
                                    "\r\n",
                                    "\x01",
                                    "\x04",
                                    "\x1b[2J",
                                    "\x7f",
                                    "é",
                                    "日本",
                                    "\xF0\x9F\x98\x80",
                                    "\xC2\x85",
                                    "\xE2\x80\xA8",
                                    "\xEF\xBB\xBF",
                                    "<<",
                                    "=",
                                    "a\\",
                                    "\"quoted\" text",
                                    "it's",
                                    "/a path/with, commas: and #",
                                    std::string(5000, 'a'),
                                    std::string(5000, ' ')};
  for (const Json& value : values) {
    const std::string yaml = to_yaml_scalar(value);
    INFO(yaml);
    CHECK(yaml.find('\n') == std::string::npos);
    for (const std::string& text :
         {fmt::format("k: {}  # comment\n", yaml), fmt::format("{{k: {}}}", yaml)}) {
      const YamlNode root = parse_yaml(text, "x");
      REQUIRE(root.children.size() == 2);
      const YamlNode& node = root.children[1];
      if (value.is_string() && node.kind == YamlNode::Kind::quoted) {
        CHECK(node.text == value.get<std::string>());
      } else {
        REQUIRE(node.kind == YamlNode::Kind::plain);
        const Json back = read(node.text);
        CHECK(back == value);
        CHECK(back.is_string() == value.is_string());
      }
    }
  }
}

TEST_CASE("a scalar that is a key reads back as the same key") {
  for (const char* key : {"null", "true", "yes", "TZ", "a b", "1", "~", "<<"}) {
    const YamlNode root = parse_yaml(to_yaml_scalar(key) + ": 1", "x");
    CHECK(root.children[0].text == key);
  }
}

}  // namespace
}  // namespace mat
