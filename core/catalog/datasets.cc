#include "core/catalog/datasets.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/synced_copy.h"
#include "core/base/text.h"
#include "core/catalog/real_path.h"
#include "core/dataset/label.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownMatches = 5;

void check_labels(const std::vector<std::string>& labels) {
  if (labels.size() > kMostLabelsOfPicture) {
    throw Error(ErrorKind::usage,
                fmt::format("a picture has at most {} labels", kMostLabelsOfPicture));
  }
  for (const std::string& label : labels) {
    const auto wrong = why_no_label(label);
    if (!wrong) continue;
    throw Error(ErrorKind::usage, fmt::format("'{}' is no label: it {}", label, *wrong),
                fmt::format("for example '{}'", proposed_label(label)));
  }
}

// "7.jpg" and "rose/7.jpg" mean ".../rose/7.jpg".
bool is_meant(const std::string& source, const std::string& picture) {
  if (source == picture) return true;
  return source.size() > picture.size() && source.ends_with(picture) &&
         source[source.size() - picture.size() - 1] == '/';
}

// Where a picture that was fetched or mapped comes from; empty for any other.
std::string origin_of(const ManifestSample& sample) {
  if (!sample.line.is_object()) return {};
  const auto origin = sample.line.find("mapped-from");
  return origin != sample.line.end() && origin->is_string() ? origin->get<std::string>() : "";
}

bool is_below(const std::string& path, const std::string& folder) {
  if (path.empty() || folder.empty() || !path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

void change_labels(ManifestSample& sample, const std::vector<std::string>& labels, bool remove) {
  if (!remove) {
    sample.labels.clear();
    for (const std::string& label : labels) {
      if (std::find(sample.labels.begin(), sample.labels.end(), label) == sample.labels.end()) {
        sample.labels.push_back(label);
      }
    }
    return;
  }
  for (const std::string& label : labels) {
    if (std::erase(sample.labels, label) > 0) continue;
    throw Error(ErrorKind::not_found, fmt::format("the picture has no label '{}'", label),
                name_hint(label, sample.labels));
  }
  if (labels.empty()) sample.labels.clear();
  sample.is_label_removed = sample.labels.empty();
}

Error several_meant(const std::string& picture, const std::vector<std::string>& sources,
                    std::size_t count) {
  std::string hint = "say more of its path:";
  for (const std::string& source : sources) hint += "\n" + source;
  if (count > sources.size()) hint += fmt::format("\n… and {} more", count - sources.size());
  return {ErrorKind::usage, fmt::format("{} pictures are called '{}'", count, picture), hint};
}

// The source of the one picture of a list that somebody names: by its whole path, its last parts,
// where it came from, or another name of its folder.
std::string find_picture(const fs::path& list, const std::string& dataset,
                         const std::string& picture) {
  RealPaths real_paths;
  std::string absolute = absolute_path(picture).string();
  const std::string real = real_paths.of(absolute);
  std::vector<std::string> meant;
  std::size_t count = 0;
  ManifestReader reader(list);
  for (ManifestSample sample; reader.next(sample);) {
    if (sample.source == absolute) return absolute;
    if (!is_meant(sample.source, picture) && origin_of(sample) != picture &&
        real_paths.of(sample.source) != real) {
      continue;
    }
    if (++count <= kShownMatches) meant.push_back(sample.source);
  }
  if (count > 1) throw several_meant(picture, meant, count);
  if (count == 1) return meant.front();
  throw Error(ErrorKind::not_found,
              fmt::format("the dataset {} has no picture '{}'", dataset, picture),
              "name it by its path, or by the last parts of it");
}

FileDescriptor open_list(const DatasetFolder& folder) {
  FileDescriptor file(::open(folder.list().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_io_error(fmt::format("cannot read '{}'", folder.list().string()), errno);
  return file;
}

}  // namespace

DatasetImport create_dataset(Registry& registry, const std::string& name,
                             const std::string& description, const ImportRequest& request,
                             const CatalogHooks& hooks) {
  check_name("dataset", name);
  DatasetRecord dataset;
  dataset.name = name;
  dataset.description = description;
  DatasetFolder folder(registry, name, hooks);
  if (registry.find_dataset(name)) return {registry.create_dataset(dataset), {}};  // throws
  folder.begin();
  try {
    ImportReport report = import_into_list(registry.home(), folder, request, hooks);
    dataset.pictures = to_json(count_pictures(folder.list()));
    dataset = registry.create_dataset(dataset);
    folder.complete();
    return {std::move(dataset), std::move(report)};
  } catch (...) {
    // Unless the row was written all the same, and only the answer was lost.
    if (!registry.find_dataset(name)) folder.abandon();
    throw;
  }
}

DatasetImport import_into_dataset(Registry& registry, const std::string& name,
                                  const ImportRequest& request, const CatalogHooks& hooks) {
  registry.dataset(name);
  const DatasetFolder folder(registry, name, hooks);
  registry.dataset(name);
  FileDescriptor before = open_list(folder);
  folder.begin_change();
  ImportReport report = import_into_list(registry.home(), folder, request, hooks);
  FileDescriptor after = open_list(folder);
  folder.complete_change(registry);
  return {registry.dataset(name), std::move(report), std::move(before), std::move(after)};
}

LabelChange label_picture(Registry& registry, const std::string& name, const std::string& picture,
                          const std::vector<std::string>& labels, bool remove,
                          const CatalogHooks& hooks) {
  if (!remove) check_labels(labels);
  registry.dataset(name);
  const DatasetFolder folder(registry, name, hooks);
  registry.dataset(name);
  const std::string source = find_picture(folder.list(), name, picture);
  LabelChange change;
  DatasetManifestWriter writer(folder.list());
  ManifestReader reader(folder.list());
  for (ManifestSample sample; reader.next(sample);) {
    if (sample.source == source) {
      change = {source, sample.labels, {}};
      change_labels(sample, labels, remove);
      change.after = sample.labels;
    }
    writer.write(std::move(sample));
  }
  if (change.before == change.after) return change;
  folder.begin_change();
  writer.finish();
  folder.complete_change(registry);
  return change;
}

std::int64_t unpublished_pictures(Registry& registry, const std::string& name,
                                  const std::string& source) {
  const DatasetRecord dataset = registry.dataset(name);
  std::unordered_map<std::string, std::vector<std::string>> published;
  std::int64_t left_out = 0;
  ManifestSample sample;
  if (dataset.current_number > 0) {
    const DatasetVersionRecord version = registry.dataset_version(name);
    left_out = picture_counts_from_json(version.counts).left_out;
    ManifestReader reader(manifest_of(registry.home(), version));
    while (reader.next(sample)) {
      published.emplace(std::move(sample.source), std::move(sample.labels));
    }
  }
  RealPaths real_paths;
  std::error_code error;
  const fs::path real_source = fs::canonical(absolute_path(source), error);
  const std::string from = error ? absolute_path(source).string() : real_source.string();
  std::int64_t added = 0, relabelled = 0;
  ManifestReader reader(list_of_dataset(registry.home(), name));
  while (reader.next(sample)) {
    const auto found = published.find(sample.source);
    const bool comes_again =
        is_below(real_paths.of(sample.source), from) || is_below(origin_of(sample), source);
    if (found == published.end()) {
      added += comes_again ? 0 : 1;
    } else if (!comes_again && found->second != sample.labels) {
      ++relabelled;
    }
  }
  // Those that cannot be read are in no version.
  return relabelled + std::max<std::int64_t>(0, added - left_out);
}

fs::path list_of_dataset(const Home& home, const std::string& name) {
  return home.dataset_folder(name) / "pictures.manifest";
}

void undo_import(Registry& registry, const DatasetImport& import) {
  const std::string& name = import.dataset.name;
  const DatasetFolder folder(registry, name, {});
  struct stat now {
  }, then{};
  if (::stat(folder.list().c_str(), &now) != 0 || ::fstat(import.after.get(), &then) != 0) return;
  if (now.st_ino != then.st_ino) return;
  const fs::path copy = folder.work_file("before");
  synced_copy(fmt::format("/proc/self/fd/{}", import.before.get()), copy);
  folder.begin_change();
  std::error_code error;
  fs::rename(copy, folder.list(), error);
  if (error)
    throw_io_error(fmt::format("cannot write '{}'", folder.list().string()), error.value());
  sync_folder(folder.path());
  folder.complete_change(registry);
}

bool has_fetched_pictures(const Home& home, const std::string& name) {
  std::error_code error;
  return fs::exists(home.dataset_folder(name) / "files", error);
}

fs::path manifest_of(const Home& home, const DatasetVersionRecord& version) {
  fs::path manifest = home.dataset_manifest(version.dataset, version.number);
  std::error_code error;
  if (fs::exists(manifest, error)) return manifest;
  throw Error(ErrorKind::not_found,
              fmt::format("the manifest of {} is gone: there is no '{}'", version.reference(),
                          manifest.string()),
              "publish the dataset again");
}

Deleted delete_dataset(Registry& registry, const std::string& name, const CatalogHooks& hooks) {
  registry.dataset(name);
  const DatasetFolder folder(registry, name, hooks);
  folder.require_only_own();
  return registry.delete_dataset(name);
}

Deleted delete_dataset_version(Registry& registry, const DatasetVersionRecord& version,
                               const CatalogHooks& hooks) {
  const DatasetFolder folder(registry, version.dataset, hooks);
  return registry.delete_dataset_version(version.id);
}

}  // namespace mat
