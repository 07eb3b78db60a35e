#include "core/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace mat {

CodePoint read_code_point(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || text.size() < static_cast<std::size_t>(length)) return {};
  char32_t value = first & (0xFF >> (length + 1));
  for (int i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || is_surrogate) return {};
  return {value, length};
}

namespace {

// C1 controls, and the characters that reorder or hide what follows them on a terminal.
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x2028 || c == 0x2029 ||
         c == 0xFEFF;
}

int width_of(char32_t c) {
  const bool is_combining = (c >= 0x0300 && c <= 0x036F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
                            (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE00 && c <= 0xFE0F) ||
                            (c >= 0x200B && c <= 0x200D);
  if (is_combining) return 0;
  const bool is_wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                       (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                       (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                       (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                       (c >= 0x20000 && c <= 0x3FFFD);
  return is_wide ? 2 : 1;
}

// Edits that turn one word into the other, a swap of neighbours counting as one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestComparedWord = 100;
constexpr std::size_t kMostNamesInHint = 12;

}  // namespace

std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  if (word.size() > kLongestComparedWord) return std::nullopt;
  const std::string wanted = lower(word);
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestComparedWord) continue;
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

std::string name_hint(std::string_view word, const std::vector<std::string>& candidates) {
  if (const auto near = nearest_name(word, candidates))
    return fmt::format("did you mean '{}'?", *near);
  if (candidates.empty()) return {};
  std::vector<std::string> shown = candidates;
  const bool is_cut = shown.size() > kMostNamesInHint;
  if (is_cut) shown.resize(kMostNamesInHint);
  return fmt::format("known: {}{}", join(shown, ", "), is_cut ? ", …" : "");
}

std::string printable(std::string_view text, bool keep_line_breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = read_code_point(text);
    const bool is_kept_break = keep_line_breaks && c.length == 1 && text[0] == '\n';
    if (c.length > 0 && (is_kept_break || !is_unsafe(c.value))) {
      out += text.substr(0, c.length);
    } else if (text[0] == '\n') {
      out += "\\n";
    } else if (text[0] == '\t') {
      out += keep_line_breaks ? "\t" : "\\t";
    } else if (c.length > 1) {
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c.value));
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    }
    text.remove_prefix(std::max(1, c.length));
  }
  return out;
}

std::size_t find_bad_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const CodePoint c = read_code_point(text.substr(i));
    if (c.length == 0) return i;
    i += static_cast<std::size_t>(c.length);
  }
  return std::string_view::npos;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint c = read_code_point(text);
    width += c.length > 0 ? width_of(c.value) : 1;
    text.remove_prefix(std::max(1, c.length));
  }
  return width;
}

std::string fit_width(std::string_view text, int columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  int width = 0;
  while (!text.empty()) {
    const CodePoint c = read_code_point(text);
    const int length = std::max(1, c.length);
    width += c.length > 0 ? width_of(c.value) : 1;
    if (width > columns - 1) break;
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return columns > 0 ? out + "…" : std::string();
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string format_bytes(std::uint64_t bytes, ByteUnits units) {
  using Names = std::array<const char*, 6>;
  constexpr Names kDecimal{"B", "kB", "MB", "GB", "TB", "PB"};
  constexpr Names kBinary{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  const Names& names = units == ByteUnits::decimal ? kDecimal : kBinary;
  const double step = units == ByteUnits::decimal ? 1000 : 1024;
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be rounded to a whole step belongs to the next unit.
  while (value >= step - 0.05 && unit + 1 < names.size()) {
    value /= step;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, names[unit]);
}

ByteUnits likely_units(std::uint64_t bytes) {
  const auto in_largest_unit = [bytes](std::uint64_t step) {
    std::uint64_t count = bytes;
    while (count > 0 && count % step == 0) count /= step;
    return count;
  };
  return in_largest_unit(1000) < in_largest_unit(1024) ? ByteUnits::decimal : ByteUnits::binary;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr double kMost = 1e18;
  text = trim(text);
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto amount = parse_number(text.substr(0, digits));
  if (!amount) return std::nullopt;
  std::string unit = lower(trim(text.substr(digits)));
  if (unit.ends_with('b')) unit.pop_back();
  const bool is_binary = unit.size() == 2 && unit[1] == 'i';
  if (is_binary) unit.pop_back();
  constexpr std::string_view kUnits = " kmgt";
  const auto power = unit.empty() && !is_binary ? 0 : kUnits.find(unit, 1);
  if (unit.size() > 1 || (is_binary && unit.empty()) || power == kUnits.npos) return std::nullopt;
  const double bytes = *amount * std::pow(is_binary ? 1024.0 : 1000.0, static_cast<double>(power));
  if (bytes < 1 || bytes > kMost) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto total = static_cast<std::int64_t>(std::llround(seconds));
  const std::int64_t days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60;
  if (days > 0) return fmt::format("{}d{:02}h", days, hours);
  if (hours > 0) return fmt::format("{}h{:02}m", hours, minutes);
  if (minutes > 0) return fmt::format("{}m{:02}s", minutes, total % 60);
  return fmt::format("{}s", total);
}

std::optional<double> parse_duration(std::string_view text) {
  text = trim(text);
  if (const auto seconds = parse_number(text)) {
    return *seconds > 0 ? seconds : std::nullopt;
  }
  double total = 0;
  double largest_unit = 1e18;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto amount = parse_number(text.substr(0, digits));
    if (!amount || digits == text.size()) return std::nullopt;
    const char unit = text[digits];
    const double factor = unit == 'd'   ? 86400
                          : unit == 'h' ? 3600
                          : unit == 'm' ? 60
                          : unit == 's' ? 1
                                        : 0;
    // Units fall, so that "5m4h" and "1h1h" are slips and not sums.
    if (factor == 0 || factor >= largest_unit) return std::nullopt;
    largest_unit = factor;
    total += *amount * factor;
    text.remove_prefix(digits + 1);
  }
  return total > 0 ? std::optional(total) : std::nullopt;
}

std::string format_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value == std::floor(value) && std::abs(value) < 1e15
                               ? fmt::format("{:.0f}", value)
                               : fmt::format("{}", value));
}

std::optional<double> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<long long> parse_integer(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace mat
