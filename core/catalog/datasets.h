#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/catalog/import_list.h"
#include "core/catalog/picture_counts.h"
#include "core/registry/registry.h"

// Datasets: a list of pictures that is worked on, and versions of it that never change, as files
// and rows of the registry together. Whatever fails or is killed, a dataset is as it was before or
// as it was to become. Two processes that change one dataset wait for each other; readers never
// wait. Registries are open for writing where something is changed.

namespace mat {

struct DatasetImport {
  DatasetRecord dataset;
  ImportReport report;
  // Of an import into one that was there: its list as it was before, and as the import left it,
  // whatever replaces it.
  FileDescriptor before = FileDescriptor();
  FileDescriptor after = FileDescriptor();
};

// Conflict when there is a dataset of the name. When the import fails nothing is left.
DatasetImport create_dataset(Registry& registry, const std::string& name,
                             const std::string& description, const ImportRequest& request,
                             const CatalogHooks& hooks);
DatasetImport import_into_dataset(Registry& registry, const std::string& name,
                                  const ImportRequest& request, const CatalogHooks& hooks);

struct LabelChange {
  std::string source;
  std::vector<std::string> before, after;
};

// Gives the picture these labels and no others or, with `remove`, takes these away; all of them
// when there are none. The picture is named by its path or the last parts of its source:
// "rose/7.jpg". not_found when there is no such picture, usage when there are several, or a label
// is none.
LabelChange label_picture(Registry& registry, const std::string& name, const std::string& picture,
                          const std::vector<std::string>& labels, bool remove,
                          const CatalogHooks& hooks);

// How many pictures of the list the current version does not have as they are, added or labelled
// since it was published: of those that do not come from `source`, a path or the address of a
// folder or file in an object store.
std::int64_t unpublished_pictures(Registry& registry, const std::string& name,
                                  const std::string& source);

// The list that is worked on.
std::filesystem::path list_of_dataset(const Home& home, const std::string& name);

// Undoes an import into a dataset that was there, unless somebody has changed its list since.
void undo_import(Registry& registry, const DatasetImport& import);

// Whether the dataset has copies of its own of pictures that were fetched.
bool has_fetched_pictures(const Home& home, const std::string& name);

// What was published. Throws not_found when the manifest is gone.
std::filesystem::path manifest_of(const Home& home, const DatasetVersionRecord& version);

// Remove rows and files; pictures that were not fetched lie elsewhere and stay. Conflict when a
// dataset's folder has something in it that mat has not put there.
Deleted delete_dataset(Registry& registry, const std::string& name, const CatalogHooks& hooks);
Deleted delete_dataset_version(Registry& registry, const DatasetVersionRecord& version,
                               const CatalogHooks& hooks);

}  // namespace mat
