// Any bytes as a version's predictions: a usage error, or as many right ones as there are samples
// at most.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/compare/judged_predictions.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mat::FileDescriptor fd(::memfd_create("fuzz", MFD_CLOEXEC));
  require(fd && ::write(fd.get(), data, size) == static_cast<ssize_t>(size));
  try {
    const auto read = mat::read_judged_predictions("/proc/self/fd/" + std::to_string(fd.get()));
    require(read.right >= 0 && read.right <= static_cast<std::int64_t>(read.samples.size()));
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
  }
  return 0;
}
