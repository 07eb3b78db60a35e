#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/dataset/import.h"
#include "tests/test_files.h"

namespace mat {

struct Imported {
  ImportSummary summary;
  std::vector<ManifestSample> samples;

  // Sources relative to `folder` → labels, with a usage in front: "TRAIN cat|dog".
  std::map<std::string, std::string> by_name(const std::filesystem::path& folder) const {
    std::map<std::string, std::string> result;
    for (const ManifestSample& sample : samples) {
      std::string text = sample.usage ? usage_text(*sample.usage) : "";
      for (std::size_t i = 0; i < sample.labels.size(); ++i) {
        text += (i > 0 ? "|" : text.empty() ? "" : " ") + sample.labels[i];
      }
      const std::string start = folder.string() + "/";
      const bool is_below = sample.source.starts_with(start);
      result[is_below ? sample.source.substr(start.size()) : sample.source] = text;
    }
    return result;
  }

  std::vector<std::string> problems() const {
    std::vector<std::string> lines;
    for (const auto& each : summary.problems) lines.push_back(each.place + ": " + each.what);
    return lines;
  }
};

inline Imported import_all(const std::filesystem::path& source, const ImportOptions& options = {}) {
  Imported result;
  result.summary = import_pictures(source, options, [&](ManifestSample&& sample) {
    result.samples.push_back(std::move(sample));
  });
  return result;
}

// The error that `action` throws.
inline Error error_when(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  throw std::logic_error("unreachable");
}

inline Error import_error(const std::filesystem::path& source, const ImportOptions& options = {}) {
  return error_when([&] { import_all(source, options); });
}

inline std::vector<ManifestSample> read_manifest(const std::filesystem::path& file) {
  std::vector<ManifestSample> samples;
  ManifestReader reader(file);
  ManifestSample sample;
  while (reader.next(sample)) samples.push_back(sample);
  return samples;
}

using NameMap = std::map<std::string, std::string>;

}  // namespace mat
