#pragma once

#include "cli/output/progress_bar.h"
#include "cli/signals.h"
#include "core/catalog/dataset_folder.h"

namespace mat {

// Work on a dataset while a person looks on: shows it on stderr, and makes Ctrl-C end it between
// two steps.
class Watched {
 public:
  Watched();
  ~Watched() { bar_.finish(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  const CatalogHooks& hooks() const { return hooks_; }

 private:
  SignalsAsStop signals_;
  ProgressBar bar_;
  CatalogHooks hooks_;
};

}  // namespace mat
