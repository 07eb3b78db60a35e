#include "cli/commands/data_path.h"

#include <fmt/core.h>

#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/catalog/datasets.h"

namespace mat {

void note_if_dataset_too(const Context& context, const std::string& data) {
  if (data.find('@') != std::string::npos || !is_dataset_reference(data)) return;
  const std::string path = absolute_path(data).string();
  const auto dataset = context.open_to_read().find_dataset(data);
  if (!dataset) return;
  note(dataset->current_number == 0
           ? fmt::format("'{}' is a path and a dataset: this is the path {}", data, path)
           : fmt::format("'{0}' is a path and a dataset: this is the path {1}; {0}@{2} is the "
                         "dataset",
                         data, path, dataset_version_label(dataset->current_number)));
}

std::filesystem::path data_path(const Context& context, const std::string& data,
                                bool works_on_list) {
  std::filesystem::path path = absolute_path(data);
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    note_if_dataset_too(context, data);
    return path;
  }
  if (!is_dataset_reference(data)) return path;
  Registry registry = context.open_to_read();
  if (data.find('@') != std::string::npos) {
    return manifest_of(registry.home(), registry.dataset_version(data));
  }
  if (const auto dataset = registry.find_dataset(data)) {
    return works_on_list || dataset->current_number == 0
               ? list_of_dataset(registry.home(), data)
               : manifest_of(registry.home(), registry.dataset_version(data));
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("there is neither a file or folder '{}' nor a dataset of that name", data),
      "'mat dataset list' shows the datasets");
}

}  // namespace mat
