#include "cli/commands/exeml_weights.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/training/trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

fs::path folder_of_weights(const Home& home) {
  const char* folder = std::getenv("MAT_WEIGHTS");
  return folder != nullptr && *folder != '\0' ? absolute_path(folder) : home.root / "weights";
}

// Whether exeml can start from it.
bool is_usable(const fs::path& file) {
  try {
    const Json description = load_trainer().describe_file(file);
    const std::string network = description.value("network", "");
    if (network.starts_with("resnet") || network.starts_with("mobilenet")) return true;
    note(printable(
        fmt::format("passed over '{}': exeml starts from no {}", file.string(), network)));
  } catch (const Error& e) {
    note(printable(fmt::format("passed over '{}': {}", file.string(), e.message())));
  }
  return false;
}

}  // namespace

std::optional<fs::path> weights_at_hand(const Home& home, const std::string& preference) {
  std::vector<std::pair<std::uintmax_t, fs::path>> by_size;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of_weights(home), error)) {
    std::error_code ignored;
    if (entry.path().extension() != ".safetensors" || !entry.is_regular_file(ignored)) continue;
    if (is_usable(entry.path())) by_size.emplace_back(entry.file_size(ignored), entry.path());
  }
  if (by_size.empty()) return std::nullopt;
  std::sort(by_size.begin(), by_size.end());
  const std::size_t last = by_size.size() - 1;
  const std::size_t chosen = preference == "performance_first" ? 0
                             : preference == "accuracy_first"  ? last
                                                               : last / 2;
  const fs::path& file = by_size[chosen].second;
  note(printable(fmt::format("starts from the weights in '{}'; --weights none trains from scratch",
                             file.string())));
  return file;
}

}  // namespace mat
