#pragma once

#include <string>

#include "cli/commands/exeml_data.h"
#include "core/catalog/import_list.h"
#include "core/catalog/picture_counts.h"

namespace mat {

// Where pictures come from, for what is said of them.
struct PictureSource {
  std::string name;  // a path in quotes, or a dataset's version
  // Of a path:
  const ExemlDataOptions* options = nullptr;
  const ImportReport* report = nullptr;
};

// Throws a usage error that lists all that is missing, and says what to do about it, where there
// are fewer than two classes, or one has fewer than five pictures or none to train with.
void require_enough(const PictureCounts& counts, const PictureSource& source);

}  // namespace mat
