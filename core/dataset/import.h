#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/dataset/manifest.h"

namespace mat {

enum class ImportFormat {
  automatic,  // found out by looking
  folder,     // a folder for each class, also within train/, val/, test/
  text,       // x.txt with labels, one in each line, beside each x.jpg
  csv,
  manifest,   // ModelArts
  sagemaker,  // source-ref and a label attribute
};

// "auto", "folder", "text", "csv", "manifest", "sagemaker".
const char* format_text(ImportFormat format);
// A usage error for another word.
ImportFormat parse_import_format(std::string_view text);

struct ImportOptions {
  ImportFormat format = ImportFormat::automatic;

  // CSV. Empty or zero: found out by usual names (image, file, path, …; label, class, …; usage,
  // split, …) and by which column names files.
  std::string image_column, label_column, usage_column;
  char delimiter = 0;
  char label_separator = '|';  // between several labels in one cell

  // SageMaker: the attribute with the label. Empty: the first that has metadata.
  std::string label_attribute;

  // {"s3://bucket/", "/local/folder"}: sources that begin with the first are files below the
  // second. The longest that fits is taken. Also for Windows paths of a CSV file: {"C:\\pics",
  // "/pics"}.
  std::vector<std::pair<std::string, std::string>> sources;

  // Names of labels as they are found → labels; an empty one drops the label.
  std::map<std::string, std::string> labels;
  enum class BadLabels { refuse, map, keep } bad_labels = BadLabels::refuse;

  bool follow_links = false;       // also links to files that lead out of the folder
  bool require_files = true;       // pictures whose file is not there are a problem and left out
  std::size_t max_problems = 100;  // that are kept with their words; all are counted
};

struct ImportProblem {
  std::string place;  // FILE:LINE, or the name of a file within the folder
  std::string what;
};

struct ImportSummary {
  ImportFormat format = ImportFormat::automatic;  // what it was
  std::int64_t pictures = 0;                      // that were handed on
  std::int64_t unlabelled = 0;                    // of those
  std::int64_t several_labels = 0;
  std::int64_t remote = 0;   // still in an object store, since no mapping fits
  std::string first_remote;  // the address of one of those
  std::int64_t train = 0, validation = 0, test = 0;  // that say so
  std::map<std::string, std::int64_t> classes;       // label → pictures that have it
  std::map<std::string, std::int64_t> ignored;  // why → how many files: no pictures by name, …
  std::vector<ImportProblem> problems;          // the first of them
  std::int64_t problem_count = 0;               // pictures or lines left out
  std::map<std::string, std::string> mapped_labels;  // those that were changed by BadLabels::map
};

using ImportSink = std::function<void(ManifestSample&&)>;

// Hands every labelled or unlabelled picture of a folder or file to `sink`, with an absolute
// source, in an order that depends on the data alone. Pictures are not opened. Memory grows with
// the number of classes and the largest folder, for CSV with the file, and not with a manifest.
//
// What is wrong with single lines and files is told in the summary, and the others still come.
// Throws usage errors: no such file, a format that cannot be told, options that are of another
// format, a table without the columns, and labels that are none (see label.h) with
// BadLabels::refuse: its hint has a line
// "--map-label 'black t-shirt!=black_t-shirt'" for each. What `sink` got until then must be thrown
// away. Throws io errors.
ImportSummary import_pictures(const std::filesystem::path& source, const ImportOptions& options,
                              const ImportSink& sink);

}  // namespace mat
