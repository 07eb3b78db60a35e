#include "core/model/answer_rows.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/training/answers.h"

namespace mat {
namespace {

// As many as validation takes: the same arithmetic gives the same last bits.
constexpr std::size_t kRowsAtOnce = 8192;

}  // namespace

CsvTable parse_rows(std::string bytes, const std::string& name,
                    const TableDescription& description) {
  const std::string header = bytes.substr(0, bytes.find('\n'));
  CsvOptions options;
  options.delimiter = description.delimiter;
  // Tables of one column are rare, and then it does not matter.
  for (const char other : {',', ';', '\t'}) {
    if (header.find(options.delimiter) == std::string::npos) options.delimiter = other;
  }
  return CsvTable::parse(std::move(bytes), name, options);
}

void answer_rows(TableModel& model, const TableDescription& description, const CsvTable& table,
                 const std::vector<std::size_t>& rows,
                 const std::function<void(const std::vector<std::size_t>& rows,
                                          const std::vector<double>&)>& give) {
  for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
    const std::size_t end = std::min(rows.size(), begin + kRowsAtOnce);
    const std::vector<std::size_t> part(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                        rows.begin() + static_cast<std::ptrdiff_t>(end));
    const std::vector<double> answers = model.answer(description.encoder.encode(table, part));
    const std::string problem = values_problem(answers);
    if (!problem.empty()) throw Error(ErrorKind::usage, problem);
    give(part, answers);
  }
}

}  // namespace mat
