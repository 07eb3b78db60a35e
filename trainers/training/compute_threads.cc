#include "trainers/training/compute_threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace mat {

void set_compute_threads(int threads) {
  at::set_num_threads(threads);
  // Asked for by name: which BLAS there is, is not known before the program runs.
  using SetThreads = void (*)(int);
  static const auto kSetOpenblasThreads =
      reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (kSetOpenblasThreads != nullptr) kSetOpenblasThreads(threads);
}

}  // namespace mat
