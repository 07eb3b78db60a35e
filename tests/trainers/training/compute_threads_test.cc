#include "trainers/training/compute_threads.h"

#include <ATen/Parallel.h>

#include <ctime>

#include "core/base/time.h"
#include "tests/trainers/catch.h"

namespace mat {
namespace {

TEST_CASE("One thread computes with one core, whatever threads the BLAS has of its own") {
  const int before = at::get_num_threads();
  set_compute_threads(1);
  torch::NoGradGuard no_grad;
  const torch::Tensor a = torch::ones({1024, 1024});
  const double begin_s = monotonic_seconds();
  const std::clock_t begin_cpu = std::clock();
  double sum = 0;
  while (monotonic_seconds() - begin_s < 0.3) sum += a.mm(a)[0][0].item<double>();
  const double cpu_s = static_cast<double>(std::clock() - begin_cpu) / CLOCKS_PER_SEC;
  const double took_s = monotonic_seconds() - begin_s;
  set_compute_threads(before);
  CHECK(sum > 0);
  // Other work on the machine can only make the share smaller.
  CHECK(cpu_s < 1.3 * took_s);
}

}  // namespace
}  // namespace mat
