#include "core/training/blas_kernels.h"

#include <cstdlib>

namespace mat {

void choose_blas_kernels() {
#if defined(__x86_64__)
  // Those that OpenBLAS knows get the same kernels by its own choice. Another maker's are left to
  // it: newer releases have better ones for them than could be named here.
  if (!__builtin_cpu_is("intel")) return;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  constexpr int kKeepWhatIsSet = 0;
  if (has_avx512) {
    ::setenv("OPENBLAS_CORETYPE", "SKYLAKEX", kKeepWhatIsSet);
  } else if (has_avx2) {
    ::setenv("OPENBLAS_CORETYPE", "HASWELL", kKeepWhatIsSet);
  }
#endif
}

}  // namespace mat
