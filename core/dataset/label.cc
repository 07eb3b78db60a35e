#include "core/dataset/label.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.h"

namespace mat {
namespace {

bool is_of_label(std::string_view character) {
  if (character.size() > 1) return is_letter_or_digit(character);
  const char c = character.front();
  return is_letter_or_digit(c) || c == '-' || c == '_';
}

// The character that `text` begins with; a single byte where it is not UTF-8.
std::string_view first_character(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(std::max(1, read_code_point(text).length)));
}

// The first `count` characters.
std::string_view cut_to(std::string_view text, std::size_t count) {
  std::size_t size = 0;
  for (; count > 0 && size < text.size(); --count)
    size += first_character(text.substr(size)).size();
  return text.substr(0, size);
}

std::string_view without_underscores_at_ends(std::string_view text) {
  while (text.starts_with('_')) text.remove_prefix(1);
  while (text.ends_with('_')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> why_no_label(std::string_view label) {
  if (label.empty()) return "is empty";
  std::size_t characters = 0;
  for (std::string_view rest = label; !rest.empty(); ++characters) {
    const std::string_view character = first_character(rest);
    if (!is_of_label(character)) {
      return fmt::format("has '{}', which is no letter, digit, '-' or '_'", character);
    }
    rest.remove_prefix(character.size());
  }
  if (characters <= kMaxLabelCharacters) return std::nullopt;
  return fmt::format("has {} characters, more than {}", characters, kMaxLabelCharacters);
}

std::string proposed_label(std::string_view text) {
  std::string label;
  bool in_gap = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view character = first_character(rest);
    rest.remove_prefix(character.size());
    if (is_of_label(character)) {
      label += character;
    } else if (!in_gap) {
      label += '_';
    }
    in_gap = !is_of_label(character);
  }
  const std::string_view kept = cut_to(without_underscores_at_ends(label), kMaxLabelCharacters);
  label = without_underscores_at_ends(kept);
  return label.empty() ? "label" : label;
}

std::string LabelProposals::propose(const std::string& name) {
  const std::string wanted = proposed_label(name);
  std::string label = wanted;
  int& number = counts_.emplace(wanted, 1).first->second;  // the last that was tried
  while (!used_.insert(label).second) {
    const std::string ending = fmt::format("_{}", ++number);
    label = std::string(cut_to(wanted, kMaxLabelCharacters - ending.size())) + ending;
  }
  proposed_.emplace(label, name);
  return label;
}

std::optional<std::string> LabelProposals::proposed_for(const std::string& label) const {
  const auto found = proposed_.find(label);
  return found == proposed_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace mat
