#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mat {

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal, contains };

// `accuracy > 0.9`
struct Condition {
  std::string field;
  Comparison comparison;
  std::variant<double, std::string> value;
  std::string text;  // the value as it was written
};

struct FilterNode;
using FilterPtr = std::unique_ptr<FilterNode>;

struct AllOf {
  std::vector<FilterPtr> parts;
};
struct AnyOf {
  std::vector<FilterPtr> parts;
};
struct Not {
  FilterPtr part;
};

struct FilterNode {
  std::variant<Condition, AllOf, AnyOf, Not> node;
};

// The language of --filter:
//   accuracy > 0.9 and (lr < 0.1 or not status = Failed) and name ~ 'clothes'
// Comparisons: = == != < <= > >= and ~ (contains, without regard to case). `and` binds stronger
// than `or`; `not` strongest. Values are numbers, words, or text in single or double quotes. A
// field is a word that may contain '.', '_', '-' and '/'. A field without a value never matches,
// also under !=. Usage errors name the column and show the place. Nesting is limited to 100 levels
// and the text to 10,000 bytes. An empty text gives null: everything matches.
FilterPtr parse_filter(std::string_view text);

// One field of --sort: "accuracy" (best known direction or ascending), "-created" descending,
// "+lr" ascending.
struct SortKey {
  std::string field;
  enum class Order { natural, ascending, descending } order = Order::natural;
};

// "--sort -accuracy,lr"; usage errors as above.
std::vector<SortKey> parse_sort(std::string_view text);

}  // namespace mat
