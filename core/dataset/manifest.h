#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/dataset/json_lines.h"
#include "core/dataset/usage.h"

// Manifests as ModelArts has them: one picture in each line,
//   {"source": "s3://bucket/a.jpg", "usage": "TRAIN", "annotation": [
//     {"type": "modelarts/image_classification", "name": "cat", …}], …}
// mat adds "content-hash": "xxh128:…", and "label-removed": true where somebody removed all labels
// by hand; it keeps whatever else a line says.

namespace mat {

struct ManifestSample {
  std::string source;          // an absolute path, or an address in an object store
  std::optional<Usage> usage;  // nothing: not decided
  // Names of its modelarts/image_classification annotations, each once, in their order. Several:
  // left out of training with one label each; none: not labelled.
  std::vector<std::string> labels;
  std::string content;  // XXH3-128 in 32 hexadecimal digits; empty when not known
  // All that the line said; null for a picture that comes from elsewhere. What stands beside it
  // wins when it is written again.
  Json line;
  // Somebody took its labels away, so that none is given to it but by hand. Without labels only.
  bool is_label_removed = false;
};

// What the line of a manifest says. A relative source is taken from `folder`. Throws a usage error
// that says what is wrong with it, without a place.
ManifestSample sample_of_line(Json line, const std::filesystem::path& folder);

// The line for it: sample.line with what the other members say. Annotations of the labels that it
// still has stay as they were.
Json line_of_sample(const ManifestSample& sample);

// More are taken for damage: a hostile line may hold a million.
inline constexpr std::size_t kMostLabelsOfPicture = 1000;
inline constexpr const char* kTooManyLabels = "more than 1000 labels";

// Gives labels other names, all at once, also in their annotations; those whose new name is empty
// go. Labels that get the same name are one afterwards.
void rename_labels(ManifestSample& sample, const std::map<std::string, std::string>& names);

// Reads a manifest of any size, one line at a time.
class ManifestReader {
 public:
  // Relative sources are taken from the manifest's folder. Errors are those of JsonLines.
  explicit ManifestReader(const std::filesystem::path& file, JsonLinesOptions options = {});

  // The next picture; false at the end. Throws a usage error "FILE:LINE: what" for a line that is
  // wrong, after which the lines behind it can still be read; and io errors.
  bool next(ManifestSample& sample);

  std::string place() const { return lines_.place(); }

 private:
  JsonLines lines_;
  std::filesystem::path folder_;
};

// Writes a manifest beside its place. finish() syncs it and puts it there: before that, and after a
// crash, the place has what it had; without it nothing is left. Throws io errors, and a usage error
// for a source that is not UTF-8, which JSON cannot hold.
class ManifestWriter {
 public:
  explicit ManifestWriter(const std::filesystem::path& file);

  void write(const ManifestSample& sample);
  void write_line(const Json& line);
  void finish();

 private:
  AtomicFile file_;
};

}  // namespace mat
