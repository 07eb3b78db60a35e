#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/content.h"
#include "core/dataset/import.h"
#include "core/dataset/usage.h"

namespace mat {

// Pictures with none, one or several labels, in order of their files: about a path for each.
struct LabelledFiles {
  static constexpr std::int32_t kNoLabel = -1, kSeveralLabels = -2;

  std::filesystem::path root;  // the deepest folder that all files lie in
  std::vector<std::string> classes;
  std::vector<std::filesystem::path> files;      // absolute
  std::vector<std::int32_t> labels;              // indices into `classes`, or one of the above
  std::vector<std::optional<Usage>> usages;      // nothing: not decided
  std::vector<std::optional<Content>> contents;  // when published; nothing: not known
  std::map<std::size_t, std::vector<std::string>> several;  // labels of those that have several
  std::vector<std::string> remote;  // addresses in an object store: not here to be looked at

  // What was wrong with lines and files of what was read: the first of them, and how many.
  std::vector<ImportProblem> problems;
  std::int64_t problem_count = 0;

  std::size_t size() const { return files.size(); }
  // Relative to the root, with '/'; any bytes but NUL.
  std::string name(std::size_t index) const;
  // "cat", "cat, dog"; empty without a label.
  std::string label_text(std::size_t index) const;
};

// Whatever import_pictures() reads. Labels that are none are kept unless the options
// map them, and so are files that are not there.
// Throws what it throws.
LabelledFiles read_labelled_files(const std::filesystem::path& source, ImportOptions options);

}  // namespace mat
