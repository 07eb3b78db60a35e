#include "core/model/model_folder.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// In the folder of a version whose row is not there yet.
constexpr const char* kUnfinished = "unfinished";

void remove_unwritten(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

ModelFolder::ModelFolder(Registry& registry, const std::string& name, const LockHooks& hooks)
    : registry_(registry), name_(name) {
  check_name("model", name);
  const fs::path models = registry.home().models();
  path_ = models / name;
  // Names do not begin with a dot.
  new_ = models / fmt::format(".{}.new", name);
  make_folders(models);
  lock_ = lock_file(models / fmt::format(".{}.lock", name), hooks);
  tidy();
}

ModelFolder::~ModelFolder() { remove_unwritten(new_); }

bool ModelFolder::has_row(const ModelNumber& number) {
  if (!registry_.find_model(name_)) return false;
  const auto versions = registry_.versions_of_model(name_);
  return std::any_of(versions.begin(), versions.end(),
                     [&](const ModelVersionRecord& version) { return version.number == number; });
}

void ModelFolder::tidy() {
  remove_unwritten(new_);
  std::vector<fs::path> marked;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(it->path() / kUnfinished, ignored))) {
      marked.push_back(it->path());
    }
  }
  for (const fs::path& folder : marked) {
    const auto number = parse_model_number(folder.filename().string());
    if (!number) continue;
    // The row may be there: then only the mark is left over.
    std::error_code ignored;
    if (has_row(*number)) {
      fs::remove(folder / kUnfinished, ignored);
    } else {
      remove_unwritten(folder);
    }
  }
  // Fails when something is in it.
  ::rmdir(path_.c_str());
}

fs::path ModelFolder::begin() {
  make_folders(new_);
  return new_;
}

ModelVersionRecord ModelFolder::commit(const NewModelVersion& version) {
  write_file_atomic(new_ / kUnfinished, "");
  ModelVersionRecord record;
  try {
    record = registry_.create_model_version(version, [&](const fs::path& place) {
      make_folders(path_);
      if (std::rename(new_.c_str(), place.c_str()) != 0) {
        throw_io_error(fmt::format("cannot write '{}'", place.string()), errno);
      }
      sync_folder(path_);
      sync_folder(path_.parent_path());
    });
  } catch (...) {
    try {
      tidy();
    } catch (const Error&) {
      // Whoever adds to the model next does it.
    }
    throw;
  }
  std::error_code ignored;
  fs::remove(registry_.home().model_folder(name_, record.number.text()) / kUnfinished, ignored);
  return record;
}

}  // namespace mat
