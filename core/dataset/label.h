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

// Proposals that differ from each other and from the labels that are there.
class LabelProposals {
 public:
  // A label that is there.
  void take(const std::string& label) { used_.insert(label); }

  // The proposal for `name`, which was not asked for before.
  std::string propose(const std::string& name);

  // For what name `label` was proposed; nothing when it was not.
  std::optional<std::string> proposed_for(const std::string& label) const;

 private:
  std::set<std::string> used_;
  std::map<std::string, int> counts_;            // proposal → the last number tried behind it
  std::map<std::string, std::string> proposed_;  // label → name
};

}  // namespace mat
