#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/dataset/import.h"
#include "core/dataset/label.h"

namespace mat {

// What all formats share: the pictures that they find go through here, in their order.
class ImportCollector {
 public:
  ImportCollector(const ImportOptions& options, ImportFormat format, const ImportSink& sink);

  const ImportOptions& options() const { return options_; }

  // What options.sources make of a source as it was found; nothing when none fits. A usage error
  // without a place when it would lead out of the folder.
  std::optional<std::string> mapped_source(std::string_view source) const;

  // Files that are named below `folder`, or below one that stands for sources, must be there, also
  // behind links; unless links are followed.
  void keep_within(const std::filesystem::path& folder);

  // Maps the labels, looks whether the file is there, and hands the picture on or tells what is
  // wrong with it. With `is_there` it has been looked for.
  void add(ManifestSample sample, const std::string& place, bool is_there = false);
  void problem(const std::string& place, const std::string& what);
  void ignore(const std::string& why, std::int64_t count = 1);

  // Throws for bad labels, and when there was no picture at all in `source`.
  ImportSummary finish(const std::filesystem::path& source);

 private:
  std::optional<std::string> mapped_label(const std::string& label);
  bool map_labels(ManifestSample& sample);
  void count(const ManifestSample& sample);
  [[noreturn]] void throw_bad_labels();

  struct Root {
    std::string named;  // ends in '/'
    std::filesystem::path real;
  };
  void add_root(const std::filesystem::path& folder);
  bool leads_out(const std::string& source);

  const ImportOptions& options_;
  const ImportSink& sink_;
  ImportSummary summary_;
  std::vector<Root> roots_;
  std::string last_folder_;  // of a source, and whether its root is left there
  bool last_leads_out_ = false;
  LabelProposals proposals_;
  std::set<std::string> bad_labels_;  // with BadLabels::refuse, the first of them
  std::int64_t refused_ = 0;          // pictures that have one
};

// Whether a regular file is at `path`, also behind links.
bool is_regular_file(const std::string& path);

// One for each format.
void import_folder(const std::filesystem::path& folder, bool has_label_files,
                   ImportCollector& collector);
void import_csv(const std::filesystem::path& file, ImportCollector& collector);
void import_manifest(const std::filesystem::path& file, ImportCollector& collector);
void import_sagemaker(const std::filesystem::path& file, ImportCollector& collector);

// Whether some picture has a file of labels beside it.
bool has_label_files(const std::filesystem::path& folder);

}  // namespace mat
