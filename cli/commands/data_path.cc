#include "cli/commands/data_path.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/catalog/datasets.h"

namespace mat {

std::filesystem::path data_path(const Context& context, const std::string& data) {
  std::filesystem::path path = absolute_path(data);
  std::error_code error;
  if (std::filesystem::exists(path, error) || !is_dataset_reference(data)) return path;
  Registry registry = context.open_to_read();
  if (data.find('@') != std::string::npos) {
    return manifest_of(registry.home(), registry.dataset_version(data));
  }
  if (registry.find_dataset(data)) return list_of_dataset(registry.home(), data);
  throw Error(
      ErrorKind::not_found,
      fmt::format("there is neither a file or folder '{}' nor a dataset of that name", data),
      "'mat dataset list' shows the datasets");
}

}  // namespace mat
