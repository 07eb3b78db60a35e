#include "core/training/trainer.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <cstdlib>
#include <vector>

#include "core/base/error.h"
#include "core/training/blas_kernels.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModuleFile = "mat_trainers.so";
constexpr const char* kPlaceVariable = "MAT_TRAINERS_MODULE";

// Where the user says, and nowhere else; otherwise the build's place, then the installed one.
std::vector<fs::path> places() {
  if (const char* place = std::getenv(kPlaceVariable); place && *place) return {place};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("cannot find where this program is: {}", error.message()),
                fmt::format("name the trainers module in ${}", kPlaceVariable));
  }
  const fs::path folder = program.parent_path();
  return {folder / kModuleFile, folder.parent_path() / "lib" / "mat" / kModuleFile};
}

fs::path find_module() {
  std::string looked_at;
  for (const fs::path& place : places()) {
    std::error_code error;
    if (fs::exists(place, error)) return fs::absolute(place);
    looked_at += fmt::format("{}'{}'", looked_at.empty() ? "" : " and ", place.string());
  }
  throw Error(
      ErrorKind::io,
      fmt::format("the trainers module, which does the training, is not at {}", looked_at),
      fmt::format("build mat with LibTorch (-DMAT_TRAINERS=ON) and install it whole, or name "
                  "the module in ${}",
                  kPlaceVariable));
}

// What the dynamic linker says begins with the name of the library that is missing.
Error cannot_open(const fs::path& module, const std::string& reason) {
  std::string hint = "run 'mat doctor' to see what is wrong";
  if (reason.find("cannot open shared object file") != std::string::npos) {
    hint =
        "install LibTorch (on Debian: apt install libtorch1.13), or put its folder into "
        "$LD_LIBRARY_PATH; 'mat doctor' says more";
  } else if (reason.find("undefined symbol") != std::string::npos ||
             reason.find("version `") != std::string::npos) {
    hint = "the module was built with another LibTorch than the one found here: build mat again";
  }
  return Error(ErrorKind::io,
               fmt::format("cannot open the trainers module '{}': {}", module.string(), reason),
               hint);
}

Trainer& open_module() {
  const fs::path module = find_module();
  const bool has_chosen = choose_blas_kernels();
  // Never closed: LibTorch's threads and destructors outlive any use of it.
  void* handle = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* problem = handle == nullptr ? ::dlerror() : nullptr;
  // What is started or recorded from here on may be for another machine.
  if (has_chosen) ::unsetenv(kBlasKernelsVariable);
  if (problem != nullptr) throw cannot_open(module, problem);
  const auto entry = reinterpret_cast<TrainerEntry>(::dlsym(handle, kTrainerEntryName));
  Trainer* trainer = entry ? entry(kTrainerAbi) : nullptr;
  if (trainer) return *trainer;
  throw Error(
      ErrorKind::io,
      entry ? fmt::format("the trainers module '{}' is of another version of mat", module.string())
            : fmt::format("'{}' is not a trainers module of mat: it has no {}", module.string(),
                          kTrainerEntryName),
      "build and install mat and its trainers module together");
}

}  // namespace

Trainer& load_trainer() {
  static Trainer& trainer = open_module();
  return trainer;
}

}  // namespace mat
