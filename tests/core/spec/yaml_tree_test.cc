#include "core/spec/yaml_tree.h"

#include <catch2/catch.hpp>

#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

std::string yaml_refusal(const std::string& yaml) {
  return refusal([&] { parse_yaml(yaml, "job.yaml"); });
}

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

TEST_CASE("a tree keeps texts, quotes and positions") {
  const YamlNode root = parse_yaml("a: 1\nb:\n  c: \"x\"\n  d:\n", "job.yaml");
  REQUIRE(root.kind == YamlNode::Kind::mapping);
  REQUIRE(root.children.size() == 4);
  CHECK(root.children[1].text == "1");
  CHECK(root.children[1].kind == YamlNode::Kind::plain);
  CHECK(root.children[1].position.line == 1);
  CHECK(root.children[1].position.column == 4);
  const YamlNode& inner = root.children[3];
  REQUIRE(inner.children.size() == 4);
  CHECK(inner.children[1].kind == YamlNode::Kind::quoted);
  CHECK(inner.children[2].position.line == 4);
  CHECK(inner.children[2].position.column == 3);
  CHECK(inner.children[3].kind == YamlNode::Kind::null);
}

TEST_CASE("columns count characters, not bytes") {
  const YamlNode root = parse_yaml("\xEF\xBB\xBF{é: ü, x: y}\r\n", "job.yaml");
  CHECK(root.children[3].text == "y");
  CHECK(root.children[3].position.column == 11);
}

TEST_CASE("what is no YAML is refused with its place") {
  CHECK(yaml_refusal("a: [1\nb: 2") ==
        "job.yaml:1:4: the bracket '[' that opens here is not closed");
  CHECK(yaml_refusal("a: {b: '[', c: 2\n") ==
        "job.yaml:1:4: the bracket '{' that opens here is not closed");
  CHECK(yaml_refusal("a:\n\tb: 1\n") ==
        "job.yaml:2:1: a tab stands here | indent with spaces: YAML takes no tabs");
  CHECK(starts_with(yaml_refusal("a: b: c"), "job.yaml:1:5: not valid YAML: "));
  CHECK(starts_with(yaml_refusal("\"a"), "job.yaml:1:3: not valid YAML: "));
  CHECK(starts_with(yaml_refusal("{:"), "job.yaml"));
  CHECK(starts_with(yaml_refusal("a: *b"), "job.yaml:1:4: aliases (*name) are not supported"));
}

TEST_CASE("an empty text is refused") {
  for (const char* empty : {"", "\n\n", "# only a comment\n", "   ", "%YAML 1.2\n"}) {
    CHECK(yaml_refusal(empty) == "job.yaml: there is nothing in it");
  }
}

TEST_CASE("a second document is refused") {
  CHECK(starts_with(yaml_refusal("a: 1\n---\nb: 2\n"),
                    "job.yaml:2:1: unexpected text after the end of the settings"));
  CHECK(parse_yaml("---\na: 1\n...\n", "job.yaml").children.size() == 2);
}

TEST_CASE("a key that stands twice is refused and both lines are named") {
  CHECK(yaml_refusal("a: 1\nb: 2\n\"a\": 3\n") ==
        "job.yaml:3:1: 'a' stands here a second time, first in line 1");
  CHECK(yaml_refusal("x: {lr: 1, lr: 2}") ==
        "job.yaml:1:12: 'lr' stands here a second time, first in line 1");
}

TEST_CASE("aliases and tags are refused") {
  CHECK(starts_with(yaml_refusal("a: &x 1\nb: *x\n"), "job.yaml:2:4: aliases"));
  CHECK(starts_with(yaml_refusal("a: !!str 1\n"), "job.yaml:1:4: tags"));
  CHECK(starts_with(yaml_refusal("a: !x {b: 1}\n"), "job.yaml:1:4: tags"));
}

TEST_CASE("bytes that are no text are refused") {
  CHECK(yaml_refusal("a: \xff\n") == "job.yaml:1:4: this is not UTF-8 text");
  CHECK(yaml_refusal("a: 1\nb: \xC0\x80\n") == "job.yaml:2:4: this is not UTF-8 text");
  CHECK(yaml_refusal("a: \xED\xA0\x80\n") == "job.yaml:1:4: this is not UTF-8 text");
  CHECK(yaml_refusal(std::string("a: \0b", 5)) ==
        "job.yaml:1:4: the control character \\x00 is not allowed");
  CHECK(yaml_refusal("é: \x04") == "job.yaml:1:4: the control character \\x04 is not allowed");
  CHECK(yaml_refusal("a: 1\rb: 2") == "job.yaml:1:5: the control character \\x0d is not allowed");
  CHECK(yaml_refusal("a: \"\\0\"") == "job.yaml:1:4: the character \\0 is not allowed in a value");
}

TEST_CASE("hostile nesting and size are refused before they cost much") {
  for (const char* open : {"[", "{", "- ", "? ", ": ", "[a: ", "a: ["}) {
    INFO(open);
    CHECK(starts_with(yaml_refusal(repeat(open, 100000)), "job.yaml:"));
  }
  CHECK(yaml_refusal(repeat("[", 100)).find("nested too deeply") != std::string::npos);
  CHECK(parse_yaml("a: [[[[x]]]]", "job.yaml").children.size() == 2);
  CHECK(yaml_refusal("a: [" + repeat("1, ", 20000) + "]").find("too many values") !=
        std::string::npos);
  CHECK(starts_with(yaml_refusal(std::string((1 << 20) + 1, ' ')), "job.yaml: this is too large"));
}

}  // namespace
}  // namespace mat
