#include "core/run/learnt_before.h"

#include <filesystem>
#include <optional>
#include <string>

#include "core/cache/content.h"
#include "core/dataset/manifest.h"
#include "core/run/run_inputs.h"
#include "core/training/known_contents.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "weights_url";
constexpr const char* kData = "data_url";

// The manifest that an input of a version or spec names; nothing when it is no dataset's.
std::optional<fs::path> manifest_of_input(const Home& home, const std::string& place) {
  if (!dataset_of_address(place)) return std::nullopt;
  fs::path manifest = path_of_input(home, place);
  std::error_code error;
  return fs::exists(manifest, error) ? std::optional(manifest) : std::nullopt;
}

}  // namespace

std::int64_t learnt_before(const Home& home, const JobSpec& spec) {
  const auto weights = spec.inputs.find(kWeights);
  const auto data = spec.inputs.find(kData);
  if (weights == spec.inputs.end() || data == spec.inputs.end()) return 0;
  const auto manifest = manifest_of_input(home, data->second);
  if (!manifest) return 0;
  const auto learnt = read_known_contents(fs::path(weights->second).parent_path()).learnt;
  if (learnt.empty()) return 0;
  std::int64_t count = 0;
  ManifestReader reader(*manifest);
  for (ManifestSample sample; reader.next(sample);) {
    if (sample.usage != Usage::validation) continue;
    const auto content = content_from_hex(sample.content);
    count += content && learnt.contains(*content) ? 1 : 0;
  }
  return count;
}

}  // namespace mat
