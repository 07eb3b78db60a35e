#include "trainers/training/libtorch_errors.h"

namespace mat {
namespace {

// LibTorch's own class for this is younger than the oldest LibTorch we support.
bool is_out_of_memory(const std::string& what) {
  return what.find("out of memory") != std::string::npos ||
         what.find("can't allocate memory") != std::string::npos ||
         what.find("not enough memory") != std::string::npos;
}

}  // namespace

void throw_out_of_memory(const std::string& detail) {
  throw Error(ErrorKind::training_failed, "not enough memory: " + detail,
              "a smaller batch_size or image_size needs less");
}

void throw_translated(const c10::Error& error) {
  const std::string what = error.what_without_backtrace();
  const std::string first_line = what.substr(0, what.find('\n'));
  if (is_out_of_memory(what)) throw_out_of_memory(first_line);
  throw Error(ErrorKind::training_failed, "LibTorch: " + first_line);
}

}  // namespace mat
