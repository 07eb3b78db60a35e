#include "core/spec/yaml_tree.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxNodes = 10000;
const std::string kNoAliases = "aliases (*name) are not supported";
const std::string kNoAliasesHint = "write the value out, or quote it if it begins with '*'";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Text {
 public:
  Text(std::string_view yaml, const std::string& file) : yaml_(yaml), file_(file) {
    if (yaml_.starts_with(kByteOrderMark)) yaml_.remove_prefix(kByteOrderMark.size());
    lines_.push_back(0);
    for (std::size_t i = 0; i < yaml_.size(); ++i) {
      if (yaml_[i] == '\n') lines_.push_back(i + 1);
    }
  }

  std::string_view bytes() const { return yaml_; }

  // From yaml-cpp's line and column, which count from 0 and in bytes; -1 is nowhere.
  Position position(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= lines_.size()) return {};
    const auto line = yaml_.substr(lines_[mark.line], std::max(0, mark.column));
    const auto characters =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return {mark.line + 1, static_cast<int>(characters) + 1};
  }

  Position position_of_byte(std::size_t offset) const {
    const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
    YAML::Mark mark;
    mark.line = static_cast<int>(next - lines_.begin()) - 1;
    mark.column = static_cast<int>(offset - lines_[mark.line]);
    return position(mark);
  }

  [[noreturn]] void fail(Position at, const std::string& what, const std::string& hint = {}) const {
    const std::string where =
        at.line > 0 ? fmt::format("{}:{}:{}", file_, at.line, at.column) : file_;
    throw Error(ErrorKind::usage, where + ": " + what, hint);
  }

 private:
  std::string_view yaml_;
  const std::string& file_;
  std::vector<std::size_t> lines_;  // where each begins
};

// What yaml-cpp must not see: it takes NUL as a sign of UTF-16 and \x04 as the end of the text.
void check_characters(const Text& text) {
  const std::string_view all = text.bytes();
  if (const auto bad = find_bad_utf8(all); bad != std::string_view::npos) {
    text.fail(text.position_of_byte(bad), "this is not UTF-8 text");
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto c = static_cast<unsigned char>(all[i]);
    const bool is_line_end = c == '\r' && i + 1 < all.size() && all[i + 1] == '\n';
    if ((c < 0x20 && c != '\n' && c != '\t' && !is_line_end) || c == 0x7F) {
      text.fail(text.position_of_byte(i),
                fmt::format("the control character \\x{:02x} is not allowed", c));
    }
  }
}

// Builds the tree from yaml-cpp's events instead of its nodes: limits hold while it reads, and
// duplicate keys, aliases and tags are still visible.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Text& text) : text_(text) { open_.emplace_back(); }

  YamlNode take_root() { return std::move(open_.front().children.front()); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp also begins another document where it cannot go on with the first.
    if (++documents_ > 1) {
      text_.fail(text_.position(mark), "unexpected text after the end of the settings",
                 "a file has one document; check that keys of one level are indented alike");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(make(mark, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    text_.fail(text_.position(mark), kNoAliases, kNoAliasesHint);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    YamlNode node = make(mark, tag == "?" ? YamlNode::Kind::plain : YamlNode::Kind::quoted);
    if (value.find('\0') != std::string::npos) {
      text_.fail(node.position, "the character \\0 is not allowed in a value");
    }
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag == "?" || tag == "!") return;
    text_.fail(text_.position(mark), "tags (!name) are not supported",
               "quote the value if it begins with '!'");
  }

  YamlNode make(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.position = text_.position(mark);
    if (++nodes_ > kMaxNodes) text_.fail(node.position, "there are too many values");
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    check_tag(mark, tag);
    open_.push_back(make(mark, kind));
    if (open_.size() > kMaxDepth) text_.fail(open_.back().position, "this is nested too deeply");
  }

  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) { open_.back().children.push_back(std::move(node)); }

  const Text& text_;
  std::vector<YamlNode> open_;  // the first stands for the document
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

void check_duplicates(const Text& text, const YamlNode& node) {
  for (const YamlNode& child : node.children) check_duplicates(text, child);
  if (node.kind != YamlNode::Kind::mapping) return;
  std::map<std::string_view, Position> seen;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const YamlNode& key = node.children[i];
    const auto [first, is_new] = seen.emplace(key.text, key.position);
    if (!is_new && (key.kind == YamlNode::Kind::plain || key.kind == YamlNode::Kind::quoted)) {
      text.fail(key.position, fmt::format("'{}' stands here a second time, first in line {}",
                                          fit_width(printable(key.text), 60), first->second.line));
    }
  }
}

// Where the last bracket opens that is not closed; npos when all are. Comments and quoted texts
// are passed over.
std::size_t open_bracket(std::string_view text) {
  std::vector<std::size_t> open;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool begins_word = i == 0 || std::string_view(" \t\n[{,:").find(text[i - 1]) != text.npos;
    if (quote != '\0') {
      if (quote == '"' && c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = '\0';
      }
    } else if (begins_word && (c == '"' || c == '\'')) {
      quote = c;
    } else if (begins_word && c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if ((c == '[' || c == '{') && (begins_word || !open.empty())) {
      open.push_back(i);
    } else if ((c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    }
  }
  return open.empty() ? std::string_view::npos : open.back();
}

// The two mistakes that yaml-cpp tells in words of its grammar.
void explain_bad_yaml(const Text& text, const YAML::Exception& e) {
  const std::string_view all = text.bytes();
  for (std::size_t line = 0; line < all.size();) {
    const std::size_t begin = all.find_first_not_of(' ', line);
    const std::size_t end = std::min(all.find('\n', line), all.size());
    if (begin < end && all[begin] == '\t') {
      const Position at = text.position_of_byte(begin);
      // Before the place where it could not go on: others did no harm.
      const bool is_cause = at.line <= e.mark.line + 1 && at.line >= e.mark.line;
      if (is_cause) text.fail(at, "a tab stands here", "indent with spaces: YAML takes no tabs");
    }
    line = end + 1;
  }
  const bool is_flow = e.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW ||
                       e.msg == YAML::ErrorMsg::END_OF_MAP_FLOW ||
                       e.msg == YAML::ErrorMsg::FLOW_END;
  const std::size_t bracket = is_flow ? open_bracket(all) : std::string_view::npos;
  if (bracket != std::string_view::npos) {
    text.fail(text.position_of_byte(bracket),
              fmt::format("the bracket '{}' that opens here is not closed", all[bracket]));
  }
}

}  // namespace

YamlNode parse_yaml(std::string_view yaml, const std::string& file) {
  if (yaml.size() > kMaxBytes) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: this is too large, {} instead of at most {}", file,
                            format_bytes(yaml.size()), format_bytes(kMaxBytes)));
  }
  const Text text(yaml, file);
  check_characters(text);
  TreeBuilder builder(text);
  try {
    std::istringstream stream{std::string(text.bytes())};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) text.fail({}, "there is nothing in it");
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    explain_bad_yaml(text, e);
    // It would quote what follows the '*', which may be a password without quotes.
    const bool is_alias = e.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR);
    text.fail(text.position(e.mark),
              is_alias ? kNoAliases : fmt::format("not valid YAML: {}", e.msg),
              is_alias ? kNoAliasesHint : std::string());
  }
  YamlNode root = builder.take_root();
  check_duplicates(text, root);
  return root;
}

}  // namespace mat
