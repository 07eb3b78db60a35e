#include "core/model/export_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "core/base/error.h"
#include "core/model/validation_list.h"

namespace mat {
namespace {

constexpr const char* kOtherRows = "to compare on other rows: --check-data rows.csv";

// What the table's content was in training: of "train", or of "train+val" the second.
std::string fingerprint_of(const StoredModel& model, bool is_val) {
  const Json& origin = model.version.origin;
  const Json::json_pointer place("/dataset/fingerprint");
  if (!origin.contains(place) || !origin.at(place).is_string()) return {};
  const std::string both = origin.at(place).get<std::string>();
  const std::size_t plus = both.find('+');
  if (!is_val) return both.substr(0, plus);
  return plus == std::string::npos ? std::string() : both.substr(plus + 1);
}

void add_rows(const TableEncoder& encoder, const CsvTable& table,
              const std::vector<std::size_t>& rows, TableExportRequest& request) {
  const std::vector<float> inputs = encoder.encode(table, rows);
  const std::vector<double> numbers = encoder.numbers(table, rows);
  request.inputs.insert(request.inputs.end(), inputs.begin(), inputs.end());
  request.numbers.insert(request.numbers.end(), numbers.begin(), numbers.end());
}

// Throws not_found or the errors of CsvTable::read().
std::int64_t add_own_rows(const Home& home, const StoredModel& model, TableExportRequest& request) {
  const auto listed = validation_rows(home, model.validation, model.folder);
  if (!listed) {
    throw Error(ErrorKind::not_found,
                fmt::format("it is not known which rows {} was validated on: an export is compared "
                            "with the model on rows",
                            model.version.reference()));
  }
  CsvOptions options;
  options.delimiter = model.table->delimiter;
  const CsvTable table = CsvTable::read(listed->table, options);
  const std::string wanted = fingerprint_of(model, listed->is_val);
  const bool has_all = *std::max_element(listed->rows.begin(), listed->rows.end()) < table.rows();
  if (!has_all || (!wanted.empty() && wanted != table.fingerprint())) {
    throw Error(ErrorKind::not_found,
                fmt::format("'{}', which {} was validated on, has changed since",
                            listed->table.string(), model.version.reference()));
  }
  add_rows(model.table->encoder, table, listed->rows, request);
  return static_cast<std::int64_t>(listed->rows.size());
}

}  // namespace

std::int64_t add_rows_to_compare(const Home& home, const StoredModel& model, const CsvTable* check,
                                 TableExportRequest& request) {
  std::int64_t count = 0;
  try {
    count = add_own_rows(home, model, request);
  } catch (const Error& e) {
    if (check == nullptr) throw Error(ErrorKind::not_found, e.message(), kOtherRows);
  }
  if (check == nullptr) return count;
  std::vector<std::size_t> all(check->rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  add_rows(model.table->encoder, *check, all, request);
  return count + static_cast<std::int64_t>(all.size());
}

}  // namespace mat
