#include "core/query/filter.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMaxTextBytes = 10'000;
constexpr int kMaxNesting = 100;
constexpr std::size_t kMaxShownBytes = 30;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_field_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_field_char(char c) { return is_field_start(c) || c == '.' || c == '-' || c == '/'; }
bool ends_bare_value(char c) {
  return is_space(c) || std::string_view("()'\"=!<>~,").find(c) != std::string_view::npos;
}

// Characters, not bytes: what a person counts.
std::size_t column_at(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(),
                                                    [](char c) { return (c & 0xC0) != 0x80; }));
}

[[noreturn]] void fail_at(std::string_view what, std::string_view text, std::size_t position,
                          std::string_view problem, std::string_view hint) {
  std::string_view rest = text.substr(std::min(position, text.size()));
  std::string shown(rest.substr(0, kMaxShownBytes));
  if (rest.size() > kMaxShownBytes) shown += "…";
  const std::string place = rest.empty() ? "at its end" : fmt::format("at '{}'", shown);
  throw Error(ErrorKind::usage,
              fmt::format("{}, column {}: {} {}", what, column_at(text, position), problem, place),
              std::string(hint));
}

class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : text_(text) {}

  FilterPtr parse() {
    if (text_.size() > kMaxTextBytes) fail(0, fmt::format("longer than {} bytes", kMaxTextBytes));
    skip_spaces();
    if (at_end()) return nullptr;
    FilterPtr all = parse_any();
    if (!at_end()) fail(at_, "'and' or 'or' is missing");
    return all;
  }

 private:
  [[noreturn]] void fail(std::size_t position, std::string_view problem) const {
    fail_at("the filter", text_, position, problem,
            "write it like: accuracy > 0.9 and (lr < 0.1 or status = Failed)");
  }

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  void skip_spaces() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }

  // The field-like word that stands here; empty when there is none.
  std::string_view word() const {
    std::size_t end = at_;
    if (!at_end() && is_field_start(text_[at_])) {
      while (end < text_.size() && is_field_char(text_[end])) ++end;
    }
    return text_.substr(at_, end - at_);
  }

  bool take_keyword(std::string_view keyword) {
    if (lower(word()) != keyword) return false;
    at_ += keyword.size();
    skip_spaces();
    return true;
  }

  template <typename Group>
  static FilterPtr group(std::vector<FilterPtr> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    return std::make_unique<FilterNode>(FilterNode{Group{std::move(parts)}});
  }

  FilterPtr parse_any() {
    std::vector<FilterPtr> parts;
    do {
      parts.push_back(parse_all());
    } while (take_keyword("or"));
    return group<AnyOf>(std::move(parts));
  }

  FilterPtr parse_all() {
    std::vector<FilterPtr> parts;
    do {
      parts.push_back(parse_one());
    } while (take_keyword("and"));
    return group<AllOf>(std::move(parts));
  }

  FilterPtr parse_one() {
    const std::size_t start = at_;
    if (++nesting_ > kMaxNesting) fail(start, fmt::format("nested deeper than {}", kMaxNesting));
    FilterPtr one;
    if (take_keyword("not")) {
      one = std::make_unique<FilterNode>(FilterNode{Not{parse_one()}});
    } else if (peek() == '(') {
      one = parse_parenthesis();
    } else {
      one = std::make_unique<FilterNode>(FilterNode{parse_condition()});
    }
    --nesting_;
    return one;
  }

  FilterPtr parse_parenthesis() {
    const std::size_t start = at_++;
    skip_spaces();
    FilterPtr inside = parse_any();
    if (peek() != ')') fail(at_end() ? start : at_, "this parenthesis is not closed");
    ++at_;
    skip_spaces();
    return inside;
  }

  Condition parse_condition() {
    const std::string_view field = word();
    const std::string keyword = lower(field);
    if (field.empty() || keyword == "and" || keyword == "or") fail(at_, "a field is missing");
    at_ += field.size();
    skip_spaces();
    const Comparison comparison = parse_comparison();
    skip_spaces();
    const std::size_t start = at_;
    std::variant<double, std::string> value = parse_value();
    const bool is_number = std::holds_alternative<double>(value);
    const std::string text(is_number ? trim(text_.substr(start, at_ - start))
                                     : std::string_view(std::get<std::string>(value)));
    return {std::string(field), comparison, std::move(value), text};
  }

  Comparison parse_comparison() {
    // Longer signs first.
    static constexpr std::pair<std::string_view, Comparison> kSigns[] = {
        {"==", Comparison::equal},      {"!=", Comparison::not_equal},
        {"<=", Comparison::less_equal}, {">=", Comparison::greater_equal},
        {"=", Comparison::equal},       {"<", Comparison::less},
        {">", Comparison::greater},     {"~", Comparison::contains}};
    for (const auto& [sign, comparison] : kSigns) {
      if (text_.substr(at_, sign.size()) == sign) {
        at_ += sign.size();
        return comparison;
      }
    }
    fail(at_, "a comparison (= != < <= > >= ~) is missing");
  }

  std::variant<double, std::string> parse_value() {
    if (peek() == '\'' || peek() == '"') return parse_quoted();
    std::size_t end = at_;
    while (end < text_.size() && !ends_bare_value(text_[end])) ++end;
    if (end == at_) fail(at_, "a value is missing");
    const std::string_view value = text_.substr(at_, end - at_);
    at_ = end;
    skip_spaces();
    const auto number = parse_number(value);
    if (number && std::isfinite(*number)) return *number;
    return std::string(value);
  }

  std::string parse_quoted() {
    const std::size_t start = at_;
    const std::size_t end = text_.find(text_[start], start + 1);
    if (end == std::string_view::npos) fail(start, "this quotation mark is not closed");
    at_ = end + 1;
    skip_spaces();
    return std::string(text_.substr(start + 1, end - start - 1));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int nesting_ = 0;
};

SortKey parse_sort_key(std::string_view text, std::size_t begin, std::size_t end) {
  const auto fail = [&](std::size_t position, std::string_view problem) {
    fail_at("the sort order", text, position, problem, "write it like: -accuracy,lr");
  };
  while (begin < end && is_space(text[begin])) ++begin;
  while (end > begin && is_space(text[end - 1])) --end;
  SortKey key;
  std::size_t at = begin;
  if (at < end && (text[at] == '-' || text[at] == '+')) {
    key.order = text[at] == '-' ? SortKey::Order::descending : SortKey::Order::ascending;
    ++at;
  }
  if (at == end || !is_field_start(text[at])) fail(at, "a field is missing");
  key.field = text.substr(at, end - at);
  for (; at < end; ++at) {
    if (!is_field_char(text[at])) fail(at, "a field cannot have this character");
  }
  return key;
}

}  // namespace

FilterPtr parse_filter(std::string_view text) { return FilterParser(text).parse(); }

std::vector<SortKey> parse_sort(std::string_view text) {
  std::vector<SortKey> keys;
  if (trim(text).empty()) return keys;
  if (text.size() > kMaxTextBytes) {
    throw Error(ErrorKind::usage,
                fmt::format("the sort order is longer than {} bytes", kMaxTextBytes));
  }
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    keys.push_back(parse_sort_key(text, begin, end));
    begin = end + 1;
  }
  return keys;
}

}  // namespace mat
