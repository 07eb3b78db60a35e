#include "trainers/training/machine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/training/compute_plan.h"

namespace mat {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("model name")) {
      return std::string(trim(std::string_view(line).substr(line.find(':') + 1)));
    }
  }
  return "cpu";
}

// Real paths of loaded libraries whose names speak of BLAS. Debian's libblas.so.3 is a link to
// whichever implementation is installed.
std::vector<std::string> loaded_blas_libraries() {
  std::set<std::string> found;
  const auto look = [](dl_phdr_info* info, std::size_t, void* data) {
    const std::filesystem::path path(info->dlpi_name);
    const std::string name = path.filename().string();
    if (name.find("blas") != std::string::npos || name.find("mkl_rt") != std::string::npos ||
        name.find("mkl_core") != std::string::npos) {
      std::error_code error;
      const std::filesystem::path real = std::filesystem::canonical(path, error);
      static_cast<std::set<std::string>*>(data)->insert((error ? path : real).string());
    }
    return 0;
  };
  dl_iterate_phdr(look, &found);
  return {found.begin(), found.end()};
}

// Which of its own vector code LibTorch runs: "AVX2". Only this text says it in all versions.
std::string cpu_capability() {
  constexpr std::string_view kKey = "CPU capability usage: ";
  const std::string config = at::show_config();
  const std::size_t at = config.find(kKey);
  if (at == std::string::npos) return "";
  const std::size_t from = at + kKey.size();
  return config.substr(from, config.find_first_of("\n,", from) - from);
}

// The processor that OpenBLAS computes for: "SkylakeX". Empty if there is no OpenBLAS.
std::string openblas_core() {
  using CoreName = const char* (*)();
  const auto core = reinterpret_cast<CoreName>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return core != nullptr ? core() : "";
}

bool processor_has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

struct Blas {
  std::string name;
  Json problems = Json::array();
};

Blas openblas(const std::string& library) {
  const std::string core = openblas_core();
  Blas blas{core.empty() ? library : library + " (" + core + ")"};
  // What it falls back to for a processor that it does not know.
  if (core == "Prescott" && processor_has_avx2()) {
    blas.problems.push_back({{"what",
                              "OpenBLAS computes for an older processor (Prescott), without the "
                              "vector instructions of this one, several times slower"},
                             {"hint", "export OPENBLAS_CORETYPE=HASWELL"}});
  }
  return blas;
}

Blas find_blas() {
  if (at::hasMKL()) return {"MKL"};
  const std::vector<std::string> libraries = loaded_blas_libraries();
  for (const char* fast : {"openblas", "blis", "mkl", "atlas"}) {
    for (const std::string& library : libraries) {
      if (library.find(fast) == std::string::npos) continue;
      return fast == std::string_view("openblas") ? openblas(library) : Blas{library};
    }
  }
  // A LibTorch with its BLAS inside shows no library; only a reference one is known to be slow.
  if (libraries.empty()) return {"inside LibTorch"};
  Blas slow{libraries.front()};
  slow.problems.push_back({{"what", "LibTorch uses the reference BLAS (" + slow.name +
                                        "), which is up to thirty times slower than OpenBLAS"},
                           {"hint", "apt install libopenblas0-openmp"}});
  return slow;
}

Json gpus() {
  Json devices = Json::array();
  const auto count =
      static_cast<int>(torch::cuda::is_available() ? torch::cuda::device_count() : 0);
  for (int i = 0; i < count; ++i) {
    const torch::Device device(torch::kCUDA, static_cast<torch::DeviceIndex>(i));
    devices.push_back({{"name", device.str()}, {"model", device_model(device)}});
  }
  return devices;
}

}  // namespace

torch::Device choose_device(const std::string& wanted) {
  const bool available = torch::cuda::is_available();
  if (wanted == "gpu" && !available) {
    throw Error(ErrorKind::usage,
                torch::cuda::device_count() == 0 && !at::hasCUDA()
                    ? "a GPU is wanted, but this LibTorch is built without CUDA"
                    : "a GPU is wanted, but LibTorch finds none",
                "choose cpu or auto, as --device or in a spec as resources.type; mat doctor lists "
                "the devices");
  }
  return wanted != "cpu" && available ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
}

std::string device_model(const torch::Device& device) {
  static const std::string kCpu = cpu_model();
  if (!device.is_cuda()) return kCpu;
  // The driver's own list, since LibTorch's interface to CUDA needs CUDA's headers. It does not
  // tell which of different GPUs this one is.
  std::set<std::string> models;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    std::ifstream file(entry.path() / "information");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("Model:")) models.emplace(trim(std::string_view(line).substr(6)));
    }
  }
  return models.size() == 1 ? *models.begin() : "GPU";
}

Json describe_machine() {
  const Blas blas = find_blas();
  Json devices = Json::array({{{"name", "cpu"}, {"model", device_model(torch::kCPU)}}});
  for (const Json& gpu : gpus()) devices.push_back(gpu);
  return {{"libtorch", TORCH_VERSION},   {"blas", blas.name},  {"capability", cpu_capability()},
          {"bf16", cpu_has_fast_bf16()}, {"devices", devices}, {"problems", blas.problems}};
}

}  // namespace mat
