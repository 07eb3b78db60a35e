// Any bytes as a table: a usage error, or rows that can be written again and then read as the same
// cells; and a table that was read can be learned from, or not, for a reason.

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/table/csv_table.h"
#include "core/table/table_encoder.h"
#include "core/table/table_target.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string quoted(std::string_view cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string written(const mat::CsvTable& table, char delimiter) {
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    for (std::size_t c = 0; c < table.columns().size(); ++c) {
      if (c > 0) text += delimiter;
      text += quoted(cell_at(c));
    }
    text += "\r\n";
  };
  add_line([&](std::size_t c) { return std::string_view(table.columns()[c]); });
  for (std::size_t r = 0; r < table.rows(); ++r) {
    add_line([&](std::size_t c) { return table.cell(r, c); });
  }
  return text;
}

void check_same(const mat::CsvTable& a, const mat::CsvTable& b) {
  require(a.columns() == b.columns() && a.rows() == b.rows());
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < a.columns().size(); ++c) require(a.cell(r, c) == b.cell(r, c));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  mat::CsvOptions options;
  options.delimiter = ",;\t"[data[0] % 3];
  options.max_columns = 50;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const mat::CsvTable table = mat::CsvTable::parse(bytes, "fuzz.csv", options);
    check_same(table, mat::CsvTable::parse(written(table, options.delimiter), "fuzz.csv", options));

    std::vector<std::size_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), 0);
    const auto encoder = mat::TableEncoder::learn(table, rows, {table.columns().front()});
    require(encoder.encode(table, rows).size() == rows.size() * encoder.inputs());
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
  }
  return 0;
}
