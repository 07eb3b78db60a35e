#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// The candidate nearest to `word` by edits (Damerau-Levenshtein), if it is near enough to be what
// the user meant: at most a third of the word's length, at least one. Case does not count.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates);

// "did you mean 'X'?", or "known: A, B, …" when none is near; empty without candidates.
std::string name_hint(std::string_view word, const std::vector<std::string>& candidates);

// `text` with control bytes, escape sequences and invalid UTF-8 replaced (\n as "\\n", others as
// \xNN), so that a hostile name cannot write to the terminal. Line breaks are kept on request.
std::string printable(std::string_view text, bool keep_line_breaks = false);

struct CodePoint {
  char32_t value = 0;
  int length = 0;  // bytes; 0: these bytes are not UTF-8
};

// The character that `text` begins with.
CodePoint read_code_point(std::string_view text);

// The place of the first byte that is no part of a UTF-8 character; npos when all are. Overlong
// forms, surrogates and what is beyond U+10FFFF are none.
std::size_t find_bad_utf8(std::string_view text);

// Columns that a terminal uses for UTF-8 text: combining marks 0, wide East Asian characters 2.
int display_width(std::string_view text);

// The longest start of `text` that fits `columns`, ending in "…" when something was cut.
std::string fit_width(std::string_view text, int columns);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);  // ASCII only
bool is_letter_or_digit(char c);           // ASCII only

// Whether one UTF-8 character is a letter, a mark on one, or a digit of any script.
bool is_letter_or_digit(std::string_view character);

// The two families of units in which people write sizes.
enum class ByteUnits { decimal, binary };  // MB = 10^6, MiB = 2^20

// 1536 → "1.5 KiB", or "1.5 kB".
std::string format_bytes(std::uint64_t bytes, ByteUnits units = ByteUnits::binary);

// The units in which `bytes` was most likely written: those that give the smaller whole number.
ByteUnits likely_units(std::uint64_t bytes);

// "1000", "100MB" (10^6 each), "256 MiB" (2^20 each), "1.5GB", "2k" → bytes; units in any case, B
// alone or left out. Nothing for anything else, zero or below.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// 93.4 s → "1m33s", 0.4 s → "0.4s", 4 h → "4h00m".
std::string format_duration(double seconds);

// "90", "90s", "5m", "4h", "1d", "1h30m" → seconds. Nothing for anything else, zero or below.
std::optional<double> parse_duration(std::string_view text);

// The shortest text that reads back as the same number: 0.05 → "0.05", 10 → "10".
std::string format_number(double value);

// The whole of `text` as a number; nothing if anything is left over or it is out of range.
std::optional<double> parse_number(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

}  // namespace mat
