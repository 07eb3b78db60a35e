#include "core/spec/problems.h"

#include <fmt/core.h>

#include <algorithm>
#include <climits>
#include <tuple>

namespace mat {
namespace {

constexpr std::size_t kMostShown = 20;

std::string place(const Setting& setting, Position position) {
  if (position.line == 0) return setting.source;
  return fmt::format("{}:{}:{}", setting.file, position.line, position.column);
}

}  // namespace

void Problems::add(const Setting& where, const std::string& what, const std::string& hint,
                   ErrorKind kind) {
  problems_.push_back({place(where, where.position), where.position, what, hint, kind});
}

void Problems::add_at_key(const Setting& where, const std::string& what, const std::string& hint) {
  problems_.push_back(
      {place(where, where.key_position), where.key_position, what, hint, ErrorKind::usage});
}

void Problems::add(const std::string& what, const std::string& hint) {
  problems_.push_back({{}, {}, what, hint, ErrorKind::usage});
}

void Problems::throw_if_any() const {
  if (problems_.empty()) return;
  std::vector<Problem> sorted = problems_;
  const auto order = [](const Problem& p) {
    return std::tuple(p.position.line == 0 ? INT_MAX : p.position.line, p.position.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Problem& a, const Problem& b) { return order(a) < order(b); });
  const bool is_one = sorted.size() == 1;
  std::string message;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostShown); ++i) {
    const Problem& p = sorted[i];
    if (i > 0) message += '\n';
    if (!p.where.empty()) message += p.where + ": ";
    message += p.what;
    if (!is_one && !p.hint.empty()) message += " (" + p.hint + ")";
  }
  if (sorted.size() > kMostShown) {
    message += fmt::format("\nand {} more", sorted.size() - kMostShown);
  }
  const bool is_absence = std::all_of(sorted.begin(), sorted.end(), [](const Problem& p) {
    return p.kind == ErrorKind::not_found;
  });
  throw Error(is_absence ? ErrorKind::not_found : ErrorKind::usage, message,
              is_one ? sorted.front().hint : std::string());
}

}  // namespace mat
