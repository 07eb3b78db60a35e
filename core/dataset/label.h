#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace mat {

// A label is 1 to 32 characters: letters and digits of any script, '-' and '_'.
constexpr std::size_t kMaxLabelCharacters = 32;

// Why it is no label ("longer than 32 characters", "has ' '"); nothing when it is one.
std::optional<std::string> why_no_label(std::string_view label);

// The label nearest to any text: each run of other characters becomes one '_', none is left at the
// ends, and what is too long is cut: "black t-shirt!" → "black_t-shirt", "?!" → "label".
std::string proposed_label(std::string_view text);

// A proposal for each of `bad`, different from each other and from those in `taken`.
std::map<std::string, std::string> proposed_labels(const std::set<std::string>& bad,
                                                   const std::set<std::string>& taken);

}  // namespace mat
