#include "core/base/home.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "core/base/error.h"
#include "core/base/names.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Empty and unset are the same.
std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path absolute_path(const std::string& path, const std::string& chosen_by) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) {
    throw Error(ErrorKind::usage,
                fmt::format("{} '{}' is relative, and the working directory cannot be found: {}",
                            chosen_by, path, error.message()),
                "give an absolute path");
  }
  const fs::path normal = absolute.lexically_normal();
  return normal.has_filename() || !normal.has_relative_path() ? normal : normal.parent_path();
}

// What is not there yet can be made later, unless a file stands in its way.
void check_can_be_folder(const fs::path& root, const std::string& chosen_by) {
  for (fs::path at = root;; at = at.parent_path()) {
    std::error_code error;
    const fs::file_status status = fs::status(at, error);
    if (fs::is_directory(status) || at == at.parent_path()) return;
    // Without permission to look, the first use gives the better message.
    if (!fs::exists(status)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("the home '{}' ({}) cannot be a folder: '{}' is a file", root.string(),
                            chosen_by, at.string()),
                "choose another home with --home or $MAT_HOME");
  }
}

Home checked_home(const std::string& path, const std::string& chosen_by) {
  Home home{absolute_path(path, chosen_by), chosen_by};
  check_can_be_folder(home.root, chosen_by);
  return home;
}

std::optional<Home> home_upward() {
  std::error_code error;
  const fs::path start = fs::current_path(error);
  if (error) return std::nullopt;
  for (fs::path at = start;; at = at.parent_path()) {
    if (fs::is_directory(at / ".mat", error)) {
      return Home{at / ".mat", fmt::format(".mat found upward from {}", start.string())};
    }
    if (at == at.parent_path()) return std::nullopt;
  }
}

std::string home_of_user() {
  if (std::string home = environment_value("HOME"); !home.empty()) return home;
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found);
  if (found && found->pw_dir && *found->pw_dir) return found->pw_dir;
  throw Error(ErrorKind::usage, "there is no home: neither $HOME nor $MAT_HOME is set",
              "give one with --home, or run 'mat init'");
}

fs::path data_folder() {
  // The XDG specification wants relative values ignored.
  const fs::path xdg = environment_value("XDG_DATA_HOME");
  return (xdg.is_absolute() ? xdg : fs::path(home_of_user()) / ".local" / "share") / "mat";
}

}  // namespace

fs::path Home::version_folder(const std::string& job, std::int64_t number) const {
  return jobs() / job / version_label(number);
}

fs::path Home::dataset_folder(const std::string& dataset) const { return datasets() / dataset; }

fs::path Home::dataset_manifest(const std::string& dataset, std::int64_t number) const {
  return dataset_folder(dataset) / (dataset_version_label(number) + ".manifest");
}

fs::path Home::model_folder(const std::string& model, const std::string& number) const {
  return models() / model / number;
}

Home find_home(const std::string& option) {
  if (!option.empty()) return checked_home(option, "--home");
  if (const auto set = environment_value("MAT_HOME"); !set.empty()) {
    return checked_home(set, "$MAT_HOME");
  }
  if (auto found = home_upward()) return *found;
  return checked_home(data_folder().string(), "data folder");
}

}  // namespace mat
