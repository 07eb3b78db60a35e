#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// A regular expression (RE2's syntax, (?<name>…) also for (?P<name>…); no look-around, no
// back-references), matched in a time that
// grows with the text's length only, whatever the expression is. Texts are bytes: '.' is one byte,
// and other than ASCII letters are equal only to themselves.
class Pattern {
 public:
  // Throws a usage error that quotes it and says what is wrong.
  explicit Pattern(const std::string& expression);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  bool is_in(std::string_view text) const;

  // The first match that begins at `from` or later: the whole of it, then its groups; a group that
  // took no part is empty and has no data(). The views are into `text`.
  std::optional<std::vector<std::string_view>> find(std::string_view text,
                                                    std::size_t from = 0) const;

  int group_count() const;
  // The number of the group (?P<NAME>…); 0 when there is none.
  int group(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
