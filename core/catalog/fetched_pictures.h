#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/catalog/dataset_folder.h"
#include "core/storage/remote_storage.h"

namespace mat {

// Pictures of an object store, brought into a dataset's own folder: what the home's cache has of
// them is removed once nobody uses it.
class FetchedPictures {
 public:
  // Fetches what is at `address` (see remote_storage.h), waiting for it.
  FetchedPictures(const Home& home, const DatasetFolder& folder, const std::string& address,
                  const std::vector<std::string>& environment, const CatalogHooks& hooks);

  // What was fetched: a folder or a file. For reading, as long as this lives.
  const std::filesystem::path& path() const { return data_.path; }

  // Puts the picture into the dataset's folder, by a hard link where the file system has them, and
  // makes that its source; the address that it has in the store becomes "mapped-from". A picture
  // that is not below path() stays as it is. Where another content has the place already, it gets a
  // place beside it: versions may have that one.
  void keep(ManifestSample& sample) const;

 private:
  std::filesystem::path place_for(const std::filesystem::path& file,
                                  const std::filesystem::path& name) const;

  FetchedData data_;
  std::filesystem::path root_;    // of the names below
  std::filesystem::path target_;  // where the folder of the store is in the dataset's folder
  std::string address_;           // of root_
};

}  // namespace mat
