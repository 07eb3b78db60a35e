#include "core/inspect/modelarts_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMaxBytes = 1023;
constexpr std::array kEndings = {".jpg", ".jpeg", ".png", ".bmp"};

}  // namespace

std::string why_modelarts_refuses(std::string_view name) {
  for (const char c : name) {
    if (c == ' ') return "has a space";
    if (c == '\t') return "has a tab";
    if (c == '+') return "has '+'";
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a control byte";
    if (static_cast<unsigned char>(c) >= 0x80) return "has characters other than ASCII";
  }
  const std::string small = lower(name);
  if (std::none_of(kEndings.begin(), kEndings.end(),
                   [&](const char* ending) { return small.ends_with(ending); })) {
    return "does not end in .jpg, .jpeg, .png or .bmp";
  }
  if (name.size() > kMaxBytes) return fmt::format("is longer than {} bytes", kMaxBytes);
  return {};
}

}  // namespace mat
