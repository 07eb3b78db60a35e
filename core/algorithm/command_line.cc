#include "core/algorithm/command_line.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kShellOnly = "|&;<>()$`";
constexpr std::string_view kEscapableInQuotes = "\"\\$`";

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<std::string> split(std::string* problem) {
    for (skip_space(); problem_.empty() && at_ < text_.size(); skip_space()) take_word();
    if (problem_.empty() && words_.empty()) problem_ = "must not be empty";
    if (problem_.empty() && words_.front().empty()) problem_ = "must begin with a program";
    *problem = problem_;
    return problem_.empty() ? std::move(words_) : std::vector<std::string>();
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_one_of(text_[at_], kSpace)) ++at_;
  }

  void take_word() {
    word_.clear();
    while (problem_.empty() && at_ < text_.size() && !is_one_of(text_[at_], kSpace)) {
      const char c = text_[at_++];
      if (c == '\'') {
        take_single_quoted();
      } else if (c == '"') {
        take_double_quoted();
      } else if (c == '\\') {
        take_escaped();
      } else if (is_one_of(c, kShellOnly)) {
        refuse(c);
      } else {
        word_ += c;
      }
    }
    words_.push_back(word_);
  }

  void take_single_quoted() {
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) {
      problem_ = "has a ' without its end";
      return;
    }
    word_ += text_.substr(at_, end - at_);
    at_ = end + 1;
  }

  void take_double_quoted() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return;
      const bool is_escape =
          c == '\\' && at_ < text_.size() && is_one_of(text_[at_], kEscapableInQuotes);
      if (!is_escape && (c == '$' || c == '`')) {
        refuse(c);
        return;
      }
      word_ += is_escape ? text_[at_++] : c;
    }
    problem_ = "has a \" without its end";
  }

  void take_escaped() {
    if (at_ == text_.size()) {
      problem_ = "ends with a backslash";
    } else {
      word_ += text_[at_++];
    }
  }

  void refuse(char c) {
    problem_ = fmt::format(
        "has a {0}, which only a shell understands: write '{0}' in single quotes for the character "
        "itself, or a list like [sh, -c, \"…\"]",
        c);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_, problem_;
  std::vector<std::string> words_;
};

bool is_plain(std::string_view word) {
  constexpr std::string_view kPlain = "_-./:=@%+,^";
  return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || is_one_of(c, kPlain);
  });
}

}  // namespace

std::vector<std::string> split_command(std::string_view text, std::string* problem) {
  return Splitter(text).split(problem);
}

std::string join_command(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    if (is_plain(word)) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text += c;
      }
    }
    text += '\'';
  }
  return text;
}

}  // namespace mat
