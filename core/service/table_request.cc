#include "core/service/table_request.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/http/failure.h"
#include "core/http/json_reader.h"
#include "core/model/answer_rows.h"
#include "core/service/table_cells.h"

namespace mat {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kCsv = "text/csv";
// What curl --data says of whatever it sends.
constexpr const char* kCurl = "application/x-www-form-urlencoded";

class RowsReader : public JsonReader {
 public:
  explicit RowsReader(TableCells& cells) : cells_(cells) {}

  bool is_list() const { return is_list_; }

  void begin_array(std::string_view place) override {
    if (is_list_ || is_in_row_ || !place.empty()) refuse();
    is_list_ = true;
  }
  void begin_object(std::string_view) override {
    if (is_in_row_) refuse();
    is_in_row_ = true;
    cells_.begin_row();
  }
  void end_object(std::string_view) override {
    is_in_row_ = false;
    cells_.end_row();
  }
  void key(std::string_view name) override { column_ = name; }
  void null(std::string_view) override { in_row().put_missing(column_); }
  void text(std::string_view, std::string& value) override {
    in_row().put(column_, std::move(value));
  }
  void number(std::string_view, double value) override { in_row().put(column_, value); }
  void boolean(std::string_view, bool value) override { in_row().put(column_, value); }

 private:
  TableCells& in_row() {
    if (!is_in_row_) refuse();
    return cells_;
  }
  [[noreturn]] static void refuse() {
    throw HttpFailure(400, R"(a row is {"column": value, …}, several are a list of these)");
  }

  TableCells& cells_;
  std::string column_;
  bool is_list_ = false, is_in_row_ = false;
};

void read_csv(std::string body, const TableDescription& description, TableCells& cells) {
  try {
    const CsvTable table = parse_rows(std::move(body), "the CSV", description);
    if (table.rows() > cells.most_rows()) {
      throw HttpFailure(400, fmt::format("more than {} rows in a request", cells.most_rows()));
    }
    for (const auto& column : description.encoder.columns()) {
      const auto& names = table.columns();
      const auto found = std::find(names.begin(), names.end(), column.name);
      // Which is missing is told with the others.
      if (found == names.end()) continue;
      const auto place = static_cast<std::size_t>(found - names.begin());
      std::vector<std::string> values;
      for (std::size_t row = 0; row < table.rows(); ++row) {
        values.emplace_back(table.cell(row, place));
      }
      cells.put_column(column.name, std::move(values));
    }
  } catch (const Error& e) {
    throw HttpFailure(400, e.message());
  }
}

}  // namespace

bool is_table_request_type(const std::string& type) {
  return type.empty() || type == kJson || type == kCsv || type == "application/csv" ||
         type == "text/plain" || type == kCurl;
}

TableRowsRequest read_table_request(HttpRequest&& request, const TableDescription& description) {
  const std::string type = request.content_type();
  const std::size_t first = request.body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) throw HttpFailure(400, "no row: the body is empty");
  // Of what says nothing of itself a bracket tells.
  const bool is_json =
      type == kJson || ((type.empty() || type == kCurl) &&
                        (request.body[first] == '{' || request.body[first] == '['));
  TableCells cells(description);
  TableRowsRequest asked;
  if (is_json) {
    RowsReader reader(cells);
    read_json(request.body, reader);
    asked.is_list = reader.is_list();
  } else {
    read_csv(std::move(request.body), description, cells);
    asked.is_list = true;
  }
  asked.rows = cells.rows();
  if (asked.rows > 0) asked.inputs = cells.encoded();
  return asked;
}

}  // namespace mat
