// Any bytes as a manifest: a usage error with its line, or pictures whose lines, written again, say
// the same; imported as ModelArts' and as SageMaker's, and read to train with.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/import.h"
#include "core/dataset/manifest.h"
#include "core/dataset/published.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// What `action` may throw, and nothing else.
template <typename Action>
bool is_usage_error(const Action& action) {
  try {
    action();
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
    return true;
  }
  return false;
}

void check_sample(const mat::ManifestSample& sample) {
  require(!sample.source.empty());
  const mat::Json line = mat::line_of_sample(sample);
  const mat::ManifestSample again =
      mat::sample_of_line(mat::Json::parse(mat::to_json_text(line)), "/x");
  require(again.source == sample.source && again.usage == sample.usage &&
          again.labels == sample.labels && again.content == sample.content);
}

void read_all(const std::string& path) {
  mat::ManifestReader reader(path, {.max_line_bytes = 1000, .max_depth = 20});
  mat::ManifestSample sample;
  for (;;) {
    bool is_end = false;
    if (is_usage_error([&] { is_end = !reader.next(sample); })) continue;
    if (is_end) return;
    check_sample(sample);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mat::FileDescriptor fd(::memfd_create("fuzz", MFD_CLOEXEC));
  require(fd && ::write(fd.get(), data, size) == static_cast<ssize_t>(size));
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  read_all(path);
  mat::ImportOptions options;
  options.require_files = false;
  options.sources = {{"s3://b/", "/pics"}};
  for (const auto format : {mat::ImportFormat::manifest, mat::ImportFormat::sagemaker}) {
    options.format = format;
    options.bad_labels =
        size % 2 == 0 ? mat::ImportOptions::BadLabels::map : mat::ImportOptions::BadLabels::refuse;
    is_usage_error([&] { mat::import_pictures(path, options, check_sample); });
  }
  is_usage_error([&] { mat::read_published(path, {}); });
  return 0;
}
