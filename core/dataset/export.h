#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/import.h"

namespace mat {

enum class ExportFormat {
  manifest,  // a file
  csv,       // a file: image, label, usage
  folder,    // a folder for each class, with the pictures; those without a label beside them
  text,      // a folder with the pictures, and x.txt with the labels beside each x.jpg
};

// "manifest", "csv", "folder", "text"; a usage error for another word.
ExportFormat parse_export_format(std::string_view text);

struct ExportOptions {
  ExportFormat format = ExportFormat::manifest;
  bool usage_folders = false;    // train/, val/ and test/ first, where a picture has a usage
  bool link = false;             // hard links instead of copies, where the file system has them
  bool original_sources = true;  // manifest: sources as they came, not as they were mapped
  char label_separator = '|';    // csv
  std::function<bool(std::int64_t done)> progress;  // false: stop, with an interrupted error
};

struct ExportSummary {
  std::int64_t pictures = 0;        // that were written
  std::int64_t several_labels = 0;  // left out: a folder for each class cannot hold them
  std::int64_t renamed = 0;         // files whose names are not those they had
  std::int64_t copied = 0, linked = 0;
  std::vector<ImportProblem> problems;  // the first hundred: files that are gone or have changed
  std::int64_t problem_count = 0;
};

// A name for a file that any system takes: separators and control bytes become '_', leading dots
// too, and what is longer than 200 bytes is cut before its ending. Never empty.
std::string safe_file_name(std::string_view name);

// Writes the pictures of a manifest to `target`, which must not be there yet (an empty folder may
// be). It is there when all is written, or not at all. Names of files are those they had, made
// safe: no separators, control bytes or leading dots, and no two the same. Throws usage errors,
// conflict when the target is there, io errors.
ExportSummary export_pictures(const std::filesystem::path& manifest,
                              const std::filesystem::path& target, const ExportOptions& options);

}  // namespace mat
