#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/catalog/dataset_folder.h"
#include "core/catalog/picture_counts.h"
#include "core/dataset/import.h"

namespace mat {

struct ImportRequest {
  std::string source;  // a path, or the address of a folder or file in an object store
  ImportOptions options;
  // Of pictures that the list has already: take the new labels and usage. Without it only what they
  // lack is taken, and no label for those whose label was removed by hand. What a source does not
  // say of a picture stays as it is, with it too.
  bool replace = false;
  // The list has these pictures and no others afterwards.
  bool only_these = false;
  std::vector<std::string> environment;  // "NAME=VALUE", for the object store
};

struct ImportReport {
  ImportSummary found;
  std::int64_t added = 0;
  std::int64_t changed = 0;        // in the list already, with other labels, usage or content now
  std::int64_t already_there = 0;  // the same as before, or not replaced
  std::int64_t differing = 0;      // with other labels or another usage in the list, which stay
  std::int64_t repeated = 0;       // given again by the source; the first one counts
  std::int64_t contradicted = 0;   // of those: with other labels or another usage
  std::string first_contradicted;  // one of them: "a.jpg ('cat' at first, then 'dog')"
};

// Adds the pictures of `request` to the list of a dataset, whose registry row is the caller's
// matter. A picture is the same when its path, links among its folders followed, or its address in
// the object store is. The list is replaced whole at the end, or not at all. Memory grows with the
// number of pictures by some hundred bytes. Throws what import_pictures() and fetch_remote() do,
// and usage errors for pictures in the home's own folder of datasets, and for those that are still
// in an object store.
ImportReport import_into_list(const Home& home, const DatasetFolder& folder,
                              const ImportRequest& request, const CatalogHooks& hooks);

struct ImportPreview {
  ImportReport report;
  PictureCounts pictures;  // of the list as it would become
};

// The same import of a path into the list of the dataset `name`, which need not be there, with
// nothing changed: what there is to say of it, and its errors.
ImportPreview preview_import(const Home& home, const std::string& name,
                             const ImportRequest& request, const CatalogHooks& hooks);

}  // namespace mat
