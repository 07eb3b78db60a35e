#include "core/base/text.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace mat;

TEST_CASE("the nearest name is found across slips and case, not across other words") {
  const std::vector<std::string> names{"epochs", "lr", "batch_size", "momentum"};
  CHECK(nearest_name("epocs", names) == "epochs");
  CHECK(nearest_name("EPOCHS", names) == "epochs");
  CHECK(nearest_name("bacth_size", names) == "batch_size");
  CHECK_FALSE(nearest_name("weight", names).has_value());
  CHECK_FALSE(nearest_name(std::string(1000, 'x'), names).has_value());
  CHECK(name_hint("weight", {"a", "b"}) == "known: a, b");
  CHECK(name_hint("weight", {}).empty());
}

TEST_CASE("printable text cannot steer a terminal") {
  CHECK(printable("plain é 中") == "plain é 中");
  CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(printable("two\nlines\t") == "two\\nlines\\t");
  CHECK(printable("two\nlines", true) == "two\nlines");
  CHECK(printable("bad\xff\xc3") == "bad\\xff\\xc3");
  CHECK(printable("\xc2\x9b") == "\\u{9b}");
  CHECK(printable("a\u202eb") == "a\\u{202e}b");
  CHECK(printable(std::string("nul\0!", 5)) == "nul\\x00!");
}

TEST_CASE("the first byte that is not UTF-8 is found") {
  for (const char* good :
       {"", "a\n", "é", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(good);
    CHECK(find_bad_utf8(good) == std::string_view::npos);
  }
  // Cut short, overlong, surrogates, beyond U+10FFFF, a byte without a beginning.
  for (const char* bad :
       {"\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80",
        "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xFF", "\xC3(", "\xE2\x82("}) {
    CAPTURE(bad);
    CHECK(find_bad_utf8(bad) == 0);
    CHECK(find_bad_utf8("aé" + std::string(bad) + "b") == 3);
  }
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é中") == 3);
  CHECK(display_width("e\u0301") == 1);
  CHECK(fit_width("abcdef", 4) == "abc…");
  CHECK(fit_width("中中中", 4) == "中…");
  CHECK(fit_width("abc", 3) == "abc");
  CHECK(fit_width("abc", 0).empty());
}

TEST_CASE("durations read what they write") {
  CHECK(parse_duration("90") == 90);
  CHECK(parse_duration("90s") == 90);
  CHECK(parse_duration("1h30m") == 5400);
  CHECK(parse_duration("1.5h") == 5400);
  CHECK(parse_duration("2d") == 172800);
  for (const char* wrong : {"", "0", "-5m", "4x", "5m4h", "1h1h", "h", "1h 30", "inf", "1e400"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong).has_value());
  }
  CHECK(format_duration(0.42) == "0.4s");
  CHECK(format_duration(59.7) == "1m00s");
  CHECK(format_duration(93.4) == "1m33s");
  CHECK(format_duration(14400) == "4h00m");
  CHECK(format_duration(90000) == "1d01h");
  CHECK(format_duration(-1) == "-");
}

TEST_CASE("numbers are whole words") {
  CHECK(parse_number("1e-3") == 1e-3);
  CHECK(parse_number("+5") == 5);
  for (const char* wrong : {"", "1 ", "1x", "nan", "inf", "0x10", "+", "++1", "1e999"}) {
    INFO(wrong);
    CHECK_FALSE(parse_number(wrong).has_value());
  }
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<long long>::max());
  CHECK_FALSE(parse_integer("9223372036854775808").has_value());
  CHECK_FALSE(parse_integer("1.0").has_value());
  CHECK(format_number(0.05) == "0.05");
  CHECK(format_number(10) == "10");
  CHECK(format_number(1e20) == "1e+20");
}

TEST_CASE("bytes are told in units of 1024") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(1024 * 1024 - 1) == "1.0 MiB");
}

TEST_CASE("sizes are read with units of both kinds") {
  CHECK(parse_bytes("1000") == 1000U);
  CHECK(parse_bytes("100MB") == 100'000'000U);
  CHECK(parse_bytes("256 MiB") == 256U << 20);
  CHECK(parse_bytes("1.5gb") == 1'500'000'000U);
  CHECK(parse_bytes(" 2k ") == 2000U);
  CHECK(parse_bytes("3B") == 3U);
  for (const char* text : {"", "MB", "0", "-1", "1x", "1iB", "1 M B", "1e999", "0x10", "1MiBB",
                           "9999999999TB", "0.5"}) {
    INFO(text);
    CHECK_FALSE(parse_bytes(text));
  }
}

TEST_CASE("sizes are told in the units that they were written in") {
  const auto told = [](std::uint64_t bytes) { return format_bytes(bytes, likely_units(bytes)); };
  CHECK(told(100'000'000) == "100.0 MB");
  CHECK(told(1'500'000'000) == "1.5 GB");
  CHECK(told(1'000'000'000'000) == "1.0 TB");
  CHECK(told(2000) == "2.0 kB");
  CHECK(told(100 << 20) == "100.0 MiB");
  CHECK(told(64 << 10) == "64.0 KiB");
  CHECK(told(3ULL << 29) == "1.5 GiB");
  CHECK(told(999) == "999 B");
  CHECK(told(0) == "0 B");
  CHECK(format_bytes(999'960, ByteUnits::decimal) == "1.0 MB");
}
