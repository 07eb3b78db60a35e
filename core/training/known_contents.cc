#include "core/training/known_contents.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/base/file.h"
#include "core/base/synced_copy.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "contents.txt";
constexpr std::string_view kLearnt = "train ", kValidated = "eval ";
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

void add_lines(std::string_view word, const std::unordered_set<Content, ContentHash>& contents,
               std::string& text) {
  std::vector<std::string> lines;
  lines.reserve(contents.size());
  for (const Content& content : contents) lines.push_back(to_hex(content));
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text.append(word).append(line).append("\n");
}

}  // namespace

void write_known_contents(const fs::path& folder, const KnownContents& known) {
  std::string text;
  add_lines(kLearnt, known.learnt, text);
  add_lines(kValidated, known.validated, text);
  write_file_atomic(folder / kFile, text);
}

KnownContents read_known_contents(const fs::path& folder) {
  KnownContents known;
  const auto text = read_file_if_exists(folder / kFile, kMostBytes);
  if (!text) return known;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool is_learnt = line.starts_with(kLearnt);
    if (!is_learnt && !line.starts_with(kValidated)) continue;
    line.remove_prefix((is_learnt ? kLearnt : kValidated).size());
    if (const auto content = content_from_hex(line)) {
      (is_learnt ? known.learnt : known.validated).insert(*content);
    }
  }
  return known;
}

void copy_known_contents(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::is_regular_file(from / kFile, error)) synced_copy(from / kFile, to / kFile);
}

std::vector<std::string> columns_of_rows(const TableEncoder& encoder, const std::string& target) {
  std::vector<std::string> columns;
  for (const TableEncoder::Column& column : encoder.columns()) columns.push_back(column.name);
  columns.push_back(target);
  return columns;
}

std::vector<Content> contents_of_rows(const CsvTable& table, const std::vector<std::size_t>& rows,
                                      const std::vector<std::string>& columns) {
  std::vector<std::size_t> places;
  places.reserve(columns.size());
  for (const std::string& column : columns) places.push_back(table.index_of(column));
  std::vector<Content> contents;
  contents.reserve(rows.size());
  std::string cells;
  for (const std::size_t row : rows) {
    cells.clear();
    for (const std::size_t place : places) cells.append(trim(table.cell(row, place))).append(1, 0);
    contents.push_back(content_of(cells.data(), cells.size()));
  }
  return contents;
}

}  // namespace mat
