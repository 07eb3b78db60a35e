#include "core/training/blas_kernels.h"

#include <cstdlib>

namespace mat {

bool choose_blas_kernels() {
#if defined(__x86_64__)
  // Of those that OpenBLAS knows, it chooses the same kernels for fp32. Another maker's are left to
  // it: newer releases have better ones for them than could be named here.
  if (!__builtin_cpu_is("intel") || std::getenv(kBlasKernelsVariable) != nullptr) return false;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const char* core = has_avx512 ? "SKYLAKEX" : has_avx2 ? "HASWELL" : nullptr;
  return core != nullptr && ::setenv(kBlasKernelsVariable, core, 1) == 0;
#else
  return false;
#endif
}

}  // namespace mat
