#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/metrics/event_file.h"

namespace mat {

// What tests of event files write and read.

namespace fs = std::filesystem;

inline std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string only_file(const fs::path& folder) {
  const std::vector<fs::path> files = files_in(folder);
  REQUIRE(files.size() == 1);
  return read_file(files.front());
}

inline void write_points(const fs::path& folder, std::int64_t first, std::int64_t count) {
  EventWriter writer(folder);
  for (std::int64_t step = first; step < first + count; ++step) writer.add("loss", step, 1.0);
  writer.flush();
}

inline std::vector<std::int64_t> steps_in(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  for (const Curve& curve : read_event_files(folder)) {
    for (const ScalarPoint& point : curve.points) steps.push_back(point.step);
  }
  return steps;
}

}  // namespace mat
