#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/dataset/import.h"

namespace mat {

// How labelled pictures are to be read, and their labels to be called: the same flags wherever a
// command reads them from files.
struct FormatFlags {
  std::string format = "auto";
  std::string image_column, label_column, usage_column, label_attribute, delimiter;
  std::vector<std::string> map_source, map_label;
  bool map_labels = false, follow_links = false;

  bool operator==(const FormatFlags&) const = default;

  // Must live as long as the command.
  void add_to(CLI::App* command);
  // Usage errors name the flag.
  ImportOptions options() const;
};

}  // namespace mat
