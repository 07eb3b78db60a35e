#include "core/model/model_source.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

fs::path best_weights(const Registry& registry, const VersionRecord& version) {
  return registry.home().version_folder(version.job, version.number) / "output" /
         "best.safetensors";
}

}  // namespace

ModelSource find_model_source(Registry& registry, const std::string& reference) {
  const VersionRecord version = registry.version(reference);
  ModelSource source;
  source.reference = version.reference();
  source.folder = registry.home().version_folder(version.job, version.number);
  source.file = best_weights(registry, version);
  std::error_code error;
  if (!fs::is_regular_file(source.file, error)) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} has no weights to answer with: it is {}", source.reference,
                            name_of(version.status)),
                fmt::format("see: mat version show {}", source.reference));
  }
  source.description = describe_weights(source.file);
  return source;
}

}  // namespace mat
