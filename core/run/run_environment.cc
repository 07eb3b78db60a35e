#include "core/run/run_environment.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/secrets.h"
#include "core/base/text.h"

extern char** environ;

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 13> kRecordedNames{"PATH",
                                                          "LANG",
                                                          "TZ",
                                                          "LD_LIBRARY_PATH",
                                                          "LD_PRELOAD",
                                                          "VIRTUAL_ENV",
                                                          "CONDA_DEFAULT_ENV",
                                                          "PYTHONPATH",
                                                          "PYTHONHASHSEED",
                                                          "HOSTNAME",
                                                          "USER",
                                                          "SHELL",
                                                          "PWD"};
constexpr std::array<std::string_view, 14> kRecordedPrefixes{
    "LC_",   "CUDA_", "NVIDIA_", "NCCL_", "OMP_",  "MKL_", "OPENBLAS_",
    "GOMP_", "KMP_",  "DNNL_",   "ATEN_", "TORCH", "MAT_", "SLURM_"};

fs::path path_of(const fs::path& version_folder) { return version_folder / "environment.private"; }

fs::path partial_of(const fs::path& version_folder) {
  return version_folder / "environment.private.part";
}

bool is_of_a_run(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOfARun{kVersionVariable,     "MAT_OUTPUT_DIR",
                                                    "MAT_CHECKPOINT_DIR", "MAT_RESUME_CHECKPOINT",
                                                    "MAT_METRICS_FILE",   "MAT_SEED"};
  for (const std::string_view known : kOfARun) {
    if (name == known) return true;
  }
  return false;
}

bool is_of_the_node(std::string_view name) {
  constexpr auto kPrefixes = std::to_array<std::string_view>(
      {"SLURM", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES",
       "ZE_AFFINITY_MASK", "TMPDIR", "HOSTNAME", "PWD", "SBATCH_", "SRUN_"});
  for (const std::string_view prefix : kPrefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

bool is_recorded(std::string_view name) {
  for (const std::string_view known : kRecordedNames) {
    if (name == known) return true;
  }
  for (const std::string_view prefix : kRecordedPrefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> read_run_environment(const fs::path& version_folder) {
  std::vector<std::string> variables;
  for (std::string& variable : split(read_file(path_of(version_folder)), '\0')) {
    if (!variable.empty()) variables.push_back(std::move(variable));
  }
  return variables;
}

void write_run_environment(const fs::path& version_folder,
                           const std::vector<std::string>& variables) {
  remove_run_environment(version_folder);
  const fs::path path = path_of(version_folder);
  const fs::path partial = partial_of(version_folder);
  FileDescriptor file(
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) throw_io_error(fmt::format("cannot write '{}'", path.string()), errno);
  std::string text;
  for (const std::string& variable : variables) {
    text += variable;
    text += '\0';
  }
  std::size_t done = 0;
  int error = 0;
  while (done < text.size() && error == 0) {
    const ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && ::rename(partial.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(partial.c_str());
  throw_io_error(fmt::format("cannot write '{}'", path.string()), error);
}

void remove_run_environment(const fs::path& version_folder) noexcept {
  ::unlink(path_of(version_folder).c_str());
  ::unlink(partial_of(version_folder).c_str());
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::map<std::string, std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t sign = text.find('=');
    if (sign == 0 || sign == std::string_view::npos || is_of_a_run(text.substr(0, sign))) continue;
    all.try_emplace(std::string(text.substr(0, sign)), text.substr(sign + 1));
  }
  for (const auto& [name, value] : changes) all[name] = value;
  std::vector<std::string> variables;
  variables.reserve(all.size());
  for (const auto& [name, value] : all) variables.push_back(name + "=" + value);
  return variables;
}

std::map<std::string, std::string> recorded_environment(const std::vector<std::string>& variables) {
  std::map<std::string, std::string> recorded;
  for (const std::string& variable : variables) {
    const std::size_t sign = variable.find('=');
    const std::string name = variable.substr(0, sign);
    if (sign == std::string::npos || !is_recorded(name)) continue;
    recorded[name] = is_secret_name(name) ? kHiddenValue : variable.substr(sign + 1);
  }
  return recorded;
}

void take_run_environment(const fs::path& version_folder) {
  for (const std::string& variable : read_run_environment(version_folder)) {
    const std::size_t sign = variable.find('=');
    if (sign == std::string::npos || is_of_the_node(variable)) continue;
    ::setenv(variable.substr(0, sign).c_str(), variable.c_str() + sign + 1, 1);
  }
}

}  // namespace mat
