// Any text as --filter, as --sort and as a date in them: an answer or a usage error. A filter that
// was understood can be written with every parenthesis and is then understood as the same.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/filter.h"
#include "core/query/time_range.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const char* sign_of(mat::Comparison comparison) {
  switch (comparison) {
    case mat::Comparison::equal:
      return "=";
    case mat::Comparison::not_equal:
      return "!=";
    case mat::Comparison::less:
      return "<";
    case mat::Comparison::less_equal:
      return "<=";
    case mat::Comparison::greater:
      return ">";
    case mat::Comparison::greater_equal:
      return ">=";
    case mat::Comparison::contains:
      return "~";
  }
  std::abort();
}

std::string written(const mat::FilterNode& node);

template <typename Parts>
std::string joined(const Parts& parts, const char* word) {
  std::string text = "(";
  for (const mat::FilterPtr& part : parts) {
    text += (text.size() > 1 ? word : "") + written(*part);
  }
  return text + ")";
}

// Text in the quotes that it does not contain itself; the language has no other way to write it.
std::string written(const mat::Condition& condition) {
  std::string value;
  if (const auto* number = std::get_if<double>(&condition.value)) {
    value = mat::format_number(*number);
  } else {
    const auto& text = std::get<std::string>(condition.value);
    const char quote = text.find('\'') == std::string::npos ? '\'' : '"';
    value = quote + text + quote;
  }
  return condition.field + " " + sign_of(condition.comparison) + " " + value;
}

std::string written(const mat::FilterNode& node) {
  if (const auto* condition = std::get_if<mat::Condition>(&node.node)) return written(*condition);
  if (const auto* all = std::get_if<mat::AllOf>(&node.node)) return joined(all->parts, " and ");
  if (const auto* any = std::get_if<mat::AnyOf>(&node.node)) return joined(any->parts, " or ");
  return "(not " + written(*std::get<mat::Not>(node.node).part) + ")";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (const mat::FilterPtr filter = mat::parse_filter(text)) {
      const std::string once = written(*filter);
      std::string twice;
      try {
        twice = written(*mat::parse_filter(once));
      } catch (const mat::Error& e) {
        // More parentheses may pass the limits that the text itself kept.
        const bool is_limit = e.message().find("nested deeper") != std::string::npos ||
                              e.message().find("longer than") != std::string::npos;
        require(is_limit);
      }
      require(twice.empty() || once == twice);
    }
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
  }
  if (const auto range = mat::parse_time_range(text)) require(range->begin_ms < range->end_ms);
  try {
    for (const mat::SortKey& key : mat::parse_sort(text)) require(!key.field.empty());
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
  }
  return 0;
}
