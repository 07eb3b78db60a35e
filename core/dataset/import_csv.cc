#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/dataset/import_collector.h"
#include "core/table/csv_table.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCsvBytes = 512 << 20;
constexpr std::size_t kMaxColumns = 1000;
// Each takes as much memory as a few letters of the file, however short it is.
constexpr std::int64_t kMaxCells = 32'000'000;
constexpr std::size_t kRowsLookedAt = 20;
constexpr std::size_t kMostTails = 16;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

constexpr std::array kImageNames = {"image",      "file",     "filename", "file_name", "filepath",
                                    "file_path",  "path",     "picture",  "img",       "image_path",
                                    "image_name", "image_id", "imageid",  "source",    "id"};
constexpr std::array kLabelNames = {"label",      "labels",     "class",    "classes",
                                    "category",   "target",     "tag",      "tags",
                                    "class_name", "label_name", "labelname"};
constexpr std::array kUsageNames = {"usage", "split", "subset", "set", "partition"};
constexpr std::array kEndings = {".jpg", ".jpeg", ".png", ".JPG",  ".JPEG", ".PNG",
                                 ".bmp", ".webp", ".gif", ".tiff", ".tif"};

template <typename Names>
bool is_one_of(const Names& names, std::string_view column) {
  std::string word = lower(trim(column));
  std::replace(word.begin(), word.end(), ' ', '_');
  std::replace(word.begin(), word.end(), '-', '_');
  return std::find(names.begin(), names.end(), word) != names.end();
}

// Of those that stand outside quotes in the first line, the most frequent.
char delimiter_of(std::string_view bytes) {
  constexpr std::array kDelimiters = {',', ';', '\t', '|'};
  std::array<int, kDelimiters.size()> counts{};
  bool in_quotes = false;
  for (const char c : bytes) {
    if (c == '"') in_quotes = !in_quotes;
    if (c == '\n' && !in_quotes) break;
    const auto* place = std::find(kDelimiters.begin(), kDelimiters.end(), c);
    if (place != kDelimiters.end() && !in_quotes) ++counts[place - kDelimiters.begin()];
  }
  return kDelimiters[std::max_element(counts.begin(), counts.end()) - counts.begin()];
}

// Finds the files that cells name.
class FileFinder {
 public:
  FileFinder(fs::path folder, const ImportCollector& collector)
      : folder_(std::move(folder)), collector_(collector) {}

  struct Found {
    std::string source;
    std::string problem;
  };

  Found find(std::string_view cell) const {
    const std::string text(trim(cell));
    if (text.empty()) return {{}, "no picture is named"};
    try {
      if (auto mapped = collector_.mapped_source(text)) return existing({*mapped}, text);
    } catch (const Error& error) {
      return {{}, error.message()};
    }
    if (is_remote_address(text)) return {text, {}};
    std::vector<std::string> places;
    const bool leaves = !add_places(text, places);
    if (text.find('\\') != std::string::npos) add_windows_places(text, places);
    if (leaves && places.empty()) {
      return {{}, fmt::format("'{}' leads out of the folder of the table", text)};
    }
    return existing(places, text);
  }

 private:
  // False when the path would lead out of the folder.
  bool add_places(const std::string& text, std::vector<std::string>& places) const {
    const fs::path path = fs::path(text).lexically_normal();
    if (path.is_absolute()) {
      places.push_back(path.string());
      add_tails(path.relative_path(), places);
      return true;
    }
    if (path.empty() || *path.begin() == "..") return false;
    places.push_back((folder_ / path).string());
    return true;
  }

  void add_windows_places(std::string text, std::vector<std::string>& places) const {
    std::replace(text.begin(), text.end(), '\\', '/');
    const bool has_drive = text.size() > 1 && text[1] == ':';
    if (has_drive) text.erase(0, 2);
    const bool is_absolute = has_drive || text.starts_with('/');
    text.erase(0, text.find_first_not_of('/'));
    const fs::path path = fs::path(text).lexically_normal();
    if (path.empty() || *path.begin() == "..") return;
    places.push_back((folder_ / path).string());
    if (is_absolute) add_tails(path, places);
  }

  // For a table that was written on another machine: a/b/c.jpg, then b/c.jpg, then c.jpg.
  void add_tails(const fs::path& path, std::vector<std::string>& places) const {
    std::vector<fs::path> tails;
    for (auto part = path.end(); part != path.begin() && tails.size() < kMostTails;) {
      --part;
      tails.push_back(tails.empty() ? *part : *part / tails.back());
    }
    for (auto tail = tails.rbegin(); tail != tails.rend(); ++tail) {
      places.push_back((folder_ / *tail).string());
    }
  }

  Found existing(const std::vector<std::string>& places, const std::string& text) const {
    for (const std::string& place : places) {
      if (is_regular_file(place)) return {place, {}};
      std::vector<std::string> found;
      for (const char* ending : kEndings) {
        if (is_regular_file(place + ending)) found.push_back(place + ending);
      }
      if (found.size() > 1) {
        return {{}, fmt::format("'{}' may be '{}' or '{}'", text, found[0], found[1])};
      }
      if (!found.empty()) return {found[0], {}};
    }
    if (!collector_.options().require_files && !places.empty()) return {places.front(), {}};
    return {{}, fmt::format("there is no file '{}'", text)};
  }

  fs::path folder_;
  const ImportCollector& collector_;
};

class CsvImport {
 public:
  CsvImport(const CsvTable& table, const fs::path& folder, ImportCollector& collector)
      : table_(table),
        collector_(collector),
        options_(collector.options()),
        finder_(folder, collector) {
    choose_columns();
  }

  void read() {
    if (has_no_header_) {
      add(1, [&](std::size_t column) { return std::string_view(table_.columns()[column]); });
    }
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      add(table_.line_of(row), [&](std::size_t column) { return table_.cell(row, column); });
    }
  }

 private:
  void choose_columns() {
    image_ = options_.image_column.empty()
                 ? find_image_column()
                 : table_.index_of(options_.image_column, "with the pictures");
    const std::string& name = table_.columns()[image_];
    has_no_header_ = options_.image_column.empty() && !is_one_of(kImageNames, name) &&
                     finder_.find(name).problem.empty();
    usage_ = options_.usage_column.empty()
                 ? column_named(kUsageNames)
                 : table_.index_of(options_.usage_column, "with the usage");
    label_ = options_.label_column.empty()
                 ? find_label_column()
                 : table_.index_of(options_.label_column, "with the labels");
  }

  template <typename Names>
  std::size_t column_named(const Names& names) const {
    for (std::size_t c = 0; c < table_.columns().size(); ++c) {
      if (c != image_ && is_one_of(names, table_.columns()[c])) return c;
    }
    return kNone;
  }

  // Whose cells name files; among several, the one whose name says so.
  std::size_t find_image_column() const {
    const std::size_t rows = std::min(table_.rows(), kRowsLookedAt);
    std::size_t best = kNone;
    std::size_t best_score = 0;
    for (std::size_t c = 0; c < table_.columns().size(); ++c) {
      const bool is_named = is_one_of(kImageNames, table_.columns()[c]);
      std::size_t score = is_named ? 1 : 0;
      for (std::size_t row = 0; row < rows; ++row) {
        if (!finder_.find(table_.cell(row, c)).source.empty()) score += 2;
      }
      if (score > best_score) {
        best = c;
        best_score = score;
      }
    }
    if (best != kNone) return best;
    throw Error(ErrorKind::usage,
                fmt::format("{}: no column names pictures that are there ({})", table_.name(),
                            join(table_.columns(), ", ")),
                "say which one does: --image-column NAME; sources elsewhere can be mapped: "
                "--map-source 'C:\\pics=FOLDER'");
  }

  std::size_t find_label_column() const {
    if (const std::size_t named = column_named(kLabelNames); named != kNone) return named;
    std::size_t other = kNone;
    for (std::size_t c = 0; c < table_.columns().size(); ++c) {
      if (c == image_ || c == usage_) continue;
      if (other != kNone) {
        throw Error(ErrorKind::usage,
                    fmt::format("{}: it is not clear which column has the labels ({})",
                                table_.name(), join(table_.columns(), ", ")),
                    "say which one: --label-column NAME");
      }
      other = c;
    }
    return other;
  }

  template <typename Cell>
  void add(std::uint64_t line, const Cell& cell) {
    const std::string place = fmt::format("{}:{}", table_.name(), line);
    FileFinder::Found found = finder_.find(cell(image_));
    if (!found.problem.empty()) {
      collector_.problem(place, found.problem);
      return;
    }
    ManifestSample sample;
    sample.source = std::move(found.source);
    if (usage_ != kNone && !trim(cell(usage_)).empty()) {
      sample.usage = parse_usage(cell(usage_));
      if (!sample.usage) {
        collector_.problem(
            place, fmt::format("the usage '{}' is none of TRAIN, EVAL and TEST", cell(usage_)));
        return;
      }
    }
    if (label_ != kNone) {
      auto labels = labels_in(cell(label_));
      if (!labels) {
        collector_.problem(place, kTooManyLabels);
        return;
      }
      sample.labels = std::move(*labels);
    }
    collector_.add(std::move(sample), place, true);
  }

  // Nothing when there are too many.
  std::optional<std::vector<std::string>> labels_in(std::string_view cell) const {
    std::vector<std::string> labels;
    // A part at a time: a hostile cell is nothing but separators.
    for (std::size_t begin = 0; begin <= cell.size();) {
      const std::size_t end = std::min(cell.find(options_.label_separator, begin), cell.size());
      const std::string_view label = trim(cell.substr(begin, end - begin));
      begin = end + 1;
      const bool is_known = std::find(labels.begin(), labels.end(), label) != labels.end();
      if (label.empty() || is_known) continue;
      if (labels.size() == kMostLabelsOfPicture) return std::nullopt;
      labels.emplace_back(label);
    }
    return labels;
  }

  const CsvTable& table_;
  ImportCollector& collector_;
  const ImportOptions& options_;
  FileFinder finder_;
  std::size_t image_ = kNone, label_ = kNone, usage_ = kNone;
  bool has_no_header_ = false;  // the first line is a row
};

}  // namespace

void import_csv(const fs::path& file, ImportCollector& collector) {
  std::string bytes = read_file(file, kMaxCsvBytes);
  CsvOptions options;
  options.delimiter = collector.options().delimiter;
  if (options.delimiter == 0) options.delimiter = delimiter_of(bytes);
  options.max_columns = kMaxColumns;
  const auto cells = std::count(bytes.begin(), bytes.end(), options.delimiter) +
                     std::count(bytes.begin(), bytes.end(), '\n');
  if (cells > kMaxCells) {
    throw Error(
        ErrorKind::usage,
        fmt::format("'{}' has more than {} million cells", file.string(), kMaxCells / 1'000'000),
        "leave out columns that say nothing of pictures, or give it in parts");
  }
  const CsvTable table = CsvTable::parse(std::move(bytes), file.string(), options);
  CsvImport(table, absolute_path(file).parent_path(), collector).read();
}

}  // namespace mat
