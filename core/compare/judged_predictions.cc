#include "core/compare/judged_predictions.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/json_lines.h"

namespace mat {
namespace {

constexpr std::size_t kMostSamples = 2'000'000;
constexpr std::uintmax_t kMostBytes = 8ULL << 30;

// Takes the few texts that matter from a line and stops there: the scores behind them, one for each
// class, may be thousands.
class LineReader final : public Json::json_sax_t {
 public:
  std::optional<std::string> file, row, label, predicted;
  bool has_target = false;

  bool is_whole() const { return (file || row) && label && predicted; }

  bool null() override { return !is_whole(); }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return take(std::to_string(value)); }
  bool number_float(double value, const std::string&) override {
    return take(format_number(value));
  }
  bool string(std::string& value) override { return take(value); }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return start(); }
  bool start_array(std::size_t) override { return start(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(std::string& key) override {
    if (depth_ > 1) return true;
    has_target = has_target || key == "target";
    wanted_ = key == "file"        ? &file
              : key == "row"       ? &row
              : key == "label"     ? &label
              : key == "predicted" ? &predicted
                                   : nullptr;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  bool take(std::string value) {
    if (depth_ == 1 && wanted_) *wanted_ = std::move(value);
    return !is_whole();
  }
  bool start() {
    ++depth_;
    return true;
  }
  bool end() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  std::optional<std::string>* wanted_ = nullptr;
};

// The label cannot hold the byte that stands before it: neither UTF-8 nor JSON has it.
Content identity(const std::string& name, const std::string& label) {
  const std::string both = name + '\xff' + label;
  return content_of(both.data(), both.size());
}

}  // namespace

double JudgedPredictions::accuracy() const {
  return samples.empty() ? NAN : static_cast<double>(right) / static_cast<double>(samples.size());
}

JudgedPredictions read_judged_predictions(const std::filesystem::path& file) {
  JudgedPredictions predictions;
  JsonLines lines(file);
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(file, ignored);
  if (!ignored && bytes > kMostBytes) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' has more than {}", file.string(), format_bytes(kMostBytes)));
  }
  for (std::string_view text; lines.next_line(text);) {
    LineReader line;
    Json::sax_parse(text.begin(), text.end(), &line);
    if (line.has_target && !line.label && predictions.samples.empty()) return {};
    if (!line.is_whole()) {
      throw Error(ErrorKind::usage,
                  lines.place() + ": no \"file\" or \"row\" with \"label\" and \"predicted\"");
    }
    if (predictions.samples.size() == kMostSamples) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' has more than {} lines", file.string(), kMostSamples));
    }
    if (predictions.samples.empty()) predictions.kind = line.file ? "pictures" : "rows";
    const bool is_right = *line.label == *line.predicted;
    predictions.samples.push_back(
        {identity(line.file ? *line.file : *line.row, *line.label), is_right});
    predictions.right += is_right;
  }
  std::sort(predictions.samples.begin(), predictions.samples.end(),
            [](const JudgedSample& a, const JudgedSample& b) {
              return std::tie(a.sample.high, a.sample.low, a.is_right) <
                     std::tie(b.sample.high, b.sample.low, b.is_right);
            });
  return predictions;
}

}  // namespace mat
