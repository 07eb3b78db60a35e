#include "core/base/pattern.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr std::int64_t kMaxProgramBytes = 8 << 20;

RE2::Options options() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  return options;
}

// Named groups as most other dialects write them, (?<name>…); a newer RE2 reads them itself.
std::string with_named_groups(const std::string& expression) {
  std::string result;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\' && i + 1 < expression.size()) {
      result += expression.substr(i++, 2);
      continue;
    }
    const bool begins_group = expression.compare(i, 3, "(?<") == 0 && i + 3 < expression.size() &&
                              expression[i + 3] != '=' && expression[i + 3] != '!';
    result += begins_group ? "(?P<" : expression.substr(i, 1);
    if (begins_group) i += 2;
  }
  return result;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct Pattern::Impl {
  RE2 expression;
};

Pattern::Pattern(const std::string& expression)
    : impl_(new Impl{RE2(with_named_groups(expression), options())}) {
  if (impl_->expression.ok()) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("'{}' is not a regular expression: {}", expression, impl_->expression.error()),
      "brackets and other special characters that stand for themselves need a '\\'");
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::is_in(std::string_view text) const {
  return impl_->expression.Match(piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

std::optional<std::vector<std::string_view>> Pattern::find(std::string_view text,
                                                           std::size_t from) const {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(group_count()) + 1);
  if (!impl_->expression.Match(piece(text), from, text.size(), RE2::UNANCHORED, groups.data(),
                               static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  std::vector<std::string_view> found;
  found.reserve(groups.size());
  for (const re2::StringPiece& each : groups) found.emplace_back(each.data(), each.size());
  return found;
}

int Pattern::group_count() const { return impl_->expression.NumberOfCapturingGroups(); }

int Pattern::group(const std::string& name) const {
  const auto& groups = impl_->expression.NamedCapturingGroups();
  const auto found = groups.find(name);
  return found == groups.end() ? 0 : found->second;
}

bool is_letter_or_digit(std::string_view character) {
  static const RE2 kPattern("[\\p{L}\\p{M}\\p{N}]");
  return RE2::FullMatch(re2::StringPiece(character.data(), character.size()), kPattern);
}

}  // namespace mat
