#include "core/training/blas_kernels.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>

namespace mat {
namespace {

constexpr const char* kName = kBlasKernelsVariable;

class KeptVariable {
 public:
  KeptVariable() {
    if (const char* value = std::getenv(kName)) value_ = value;
  }
  ~KeptVariable() { value_ ? ::setenv(kName, value_->c_str(), 1) : ::unsetenv(kName); }
  KeptVariable(const KeptVariable&) = delete;
  KeptVariable& operator=(const KeptVariable&) = delete;

 private:
  std::optional<std::string> value_;
};

TEST_CASE("OpenBLAS is told of an Intel processor's vector instructions") {
  const KeptVariable kept;
  ::unsetenv(kName);
  const bool has_chosen = choose_blas_kernels();
  const char* chosen = std::getenv(kName);
#if defined(__x86_64__)
  if (__builtin_cpu_is("intel") && __builtin_cpu_supports("avx2")) {
    REQUIRE(chosen != nullptr);
    CHECK(has_chosen);
    CHECK(std::string(chosen) == (__builtin_cpu_supports("avx512vl") ? "SKYLAKEX" : "HASWELL"));
    return;
  }
#endif
  CHECK(chosen == nullptr);
}

TEST_CASE("What a person set for OpenBLAS stays") {
  const KeptVariable kept;
  ::setenv(kName, "NEHALEM", 1);
  CHECK_FALSE(choose_blas_kernels());
  CHECK(std::string(std::getenv(kName)) == "NEHALEM");
}

}  // namespace
}  // namespace mat
