#pragma once

#include <string>

#include "cli/commands/format_flags.h"
#include "cli/context.h"

namespace mat {

struct ExemlDataOptions {
  std::string data;  // a path, or a dataset: NAME or NAME@V002
  std::string project;
  // Of a dataset that `data` names without a version, also where a path has that name; may be
  // empty.
  std::string dataset_version;
  double train_ratio = 0.8;
  FormatFlags format;    // of a path
  bool dry_run = false;  // nothing is published: a path is looked at and stays a path
};

// The assignment that makes a spec train on this data: "inputs.data_url=…". A path is published
// first, as the next version of the project's dataset, unless its latest one has the same content.
// Throws a usage error that lists what is missing where the data is not enough: two classes, five
// pictures of each; then nothing was published. With dry_run the same is looked at, but no picture
// is opened, and nothing fetched. A conflict where the dataset of that name is none
// of the project's, or would lose what was not published.
std::string exeml_data_setting(const Context& context, const ExemlDataOptions& options);

}  // namespace mat
