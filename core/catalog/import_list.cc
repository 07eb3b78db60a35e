#include "core/catalog/import_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/scratch_folder.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/catalog/datasets.h"
#include "core/catalog/fetched_pictures.h"
#include "core/catalog/real_path.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBetweenReports = 1000;

Content hash_of(std::string_view text) { return content_of(text.data(), text.size()); }

Content hash_of(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += '\0' + label;
  return hash_of(text);
}

struct ListPlaces {
  fs::path list;      // as it is; need not be there
  fs::path files;     // the dataset's own copies of pictures
  fs::path incoming;  // a file in the making
  fs::path result;    // the list as it becomes
};

// One import into one list.
class ListImport {
 public:
  ListImport(const Home& home, ListPlaces places, const ImportRequest& request,
             const CatalogHooks& hooks)
      : home_(home),
        places_(std::move(places)),
        request_(request),
        hooks_(hooks),
        writer_(places_.incoming) {
    read_list();
  }

  // `fetched` is null for a path.
  ImportReport run(const FetchedPictures* fetched) {
    const fs::path source = fetched != nullptr ? fetched->path() : fs::path(request_.source);
    if (fetched == nullptr) refuse_own(absolute_path(source).string());
    ImportReport report;
    report.found = import_pictures(source, request_.options, [&](ManifestSample&& sample) {
      if (fetched != nullptr) fetched->keep(sample);
      take(std::move(sample), &report);
    });
    if (report.found.remote > 0) refuse_remote(report.found.remote, report.found.first_remote);
    writer_.finish();
    write_list();
    return report;
  }

 private:
  struct Known {
    Content labels, source;
    Content given_labels;  // by this import, at first
    std::optional<Usage> usage, given_usage;
    bool is_labelled = false;    // or has none because somebody took it away
    bool is_seen = false;        // by this import
    bool is_replaced = false;    // by one of this import
    bool keeps_labels = false;   // when it is replaced
    bool has_new_usage = false;  // and stays otherwise
  };

  // What makes a picture the same: fetched ones may lie at another place when their content
  // changed, and the folders of others have several names where there are links.
  Content identity_of(const ManifestSample& sample) {
    if (sample.line.is_object() && sample.source.starts_with(places_.files.string() + "/")) {
      const auto origin = sample.line.find("mapped-from");
      if (origin != sample.line.end() && origin->is_string()) {
        return hash_of(origin->get_ref<const std::string&>());
      }
    }
    return hash_of(real_paths_.of(sample.source));
  }

  static Known known_of(const ManifestSample& sample) {
    Known known;
    known.labels = hash_of(sample.labels);
    known.source = hash_of(sample.source);
    known.usage = sample.usage;
    known.is_labelled = !sample.labels.empty() || sample.is_label_removed;
    return known;
  }

  static std::string said(const std::vector<std::string>& labels,
                          const std::optional<Usage>& usage) {
    const std::string text =
        labels.empty() ? "no label" : fmt::format("'{}'", join(labels, "', '"));
    return usage ? fmt::format("{} {}", text, usage_text(*usage)) : text;
  }

  void read_list() {
    std::error_code error;
    if (!fs::exists(places_.list, error)) return;
    ManifestReader reader(places_.list);
    for (ManifestSample sample; reader.next(sample);) {
      known_[identity_of(sample)] = known_of(sample);
    }
  }

  // They would go with the dataset that they belong to.
  void refuse_own(const std::string& path) const {
    const std::string datasets = home_.datasets().string();
    if (path != datasets && !path.starts_with(datasets + "/")) return;
    throw Error(ErrorKind::usage, fmt::format("'{}' is in mat's own folder of datasets", path),
                "take it out with 'mat dataset export', and give what that has written");
  }

  [[noreturn]] static void refuse_remote(std::int64_t count, const std::string& first) {
    const std::string bucket = bucket_of_address(first);
    throw Error(ErrorKind::usage,
                fmt::format("{} of the pictures {} still in an object store: {}{}", count,
                            count == 1 ? "is" : "are", first, count == 1 ? "" : ", …"),
                fmt::format("say where they are on this machine: --map-source '{}=FOLDER'\n"
                            "or give the address of their folder: mat dataset import NAME {}folder",
                            bucket, bucket));
  }

  void take(ManifestSample sample, ImportReport* report) {
    if (++taken_ % kBetweenReports == 0) tell(hooks_, "importing pictures", taken_, 0);
    const bool is_own_file = sample.source.starts_with(places_.files.string() + "/");
    if (!is_own_file) refuse_own(sample.source);
    const Known now = known_of(sample);
    const auto [found, is_new] = known_.emplace(identity_of(sample), now);
    Known& known = found->second;
    if (std::exchange(known.is_seen, true)) {
      ++report->repeated;
      const bool is_same = known.given_labels == now.labels && known.given_usage == now.usage;
      if (!is_same && report->contradicted++ == 0) {
        report->first_contradicted =
            fmt::format("{} ({} at first, then {})", sample.source,
                        said(label_sets_[known.given_labels], known.given_usage),
                        said(sample.labels, sample.usage));
      }
      return;
    }
    known.given_labels = now.labels;
    known.given_usage = now.usage;
    label_sets_.try_emplace(now.labels, sample.labels);
    if (is_new) {
      ++report->added;
      writer_.write(std::move(sample));
    } else {
      take_again(known, now, std::move(sample), is_own_file, report);
    }
  }

  // Of a picture that the list has. What the source does not say is no reason to forget it.
  void take_again(Known& known, const Known& now, ManifestSample sample, bool is_own_file,
                  ImportReport* report) {
    const bool is_other_file = is_own_file && now.source != known.source;
    const bool has_other_labels = !sample.labels.empty() && now.labels != known.labels;
    const bool has_other_usage = now.usage && now.usage != known.usage;
    const bool takes_labels = has_other_labels && (request_.replace || !known.is_labelled);
    const bool takes_usage = has_other_usage && (request_.replace || !known.usage);
    if (has_other_labels != takes_labels || has_other_usage != takes_usage) ++report->differing;
    if (!takes_labels && !takes_usage && !is_other_file) {
      ++report->already_there;
      return;
    }
    ++report->changed;
    if (takes_usage) known.usage = now.usage;
    known.is_replaced = takes_labels || is_other_file;
    known.keeps_labels = !takes_labels;
    known.has_new_usage = takes_usage;
    if (!known.is_replaced) return;
    sample.usage = known.usage;
    writer_.write(std::move(sample));
  }

  void write_list() {
    DatasetManifestWriter list(places_.result);
    std::unordered_map<Content, std::vector<std::string>, ContentHash> kept_labels;
    std::error_code error;
    if (fs::exists(places_.list, error)) {
      ManifestReader reader(places_.list);
      for (ManifestSample sample; reader.next(sample);) {
        const Content identity = identity_of(sample);
        const Known& known = known_[identity];
        if (known.is_replaced) {
          if (known.keeps_labels) kept_labels.emplace(identity, std::move(sample.labels));
          continue;
        }
        if (!known.is_seen && request_.only_these) continue;
        if (known.has_new_usage) sample.usage = known.usage;
        list.write(std::move(sample));
      }
    }
    ManifestReader reader(places_.incoming);
    for (ManifestSample sample; reader.next(sample);) {
      const auto kept = kept_labels.find(identity_of(sample));
      if (kept != kept_labels.end()) {
        sample.labels = std::move(kept->second);
        sample.is_label_removed = known_[kept->first].is_labelled;
      }
      list.write(std::move(sample));
    }
    list.finish();
    fs::remove(places_.incoming, error);
  }

  const Home& home_;
  const ListPlaces places_;
  const ImportRequest& request_;
  const CatalogHooks& hooks_;
  DatasetManifestWriter writer_;
  std::unordered_map<Content, Known, ContentHash> known_;
  std::unordered_map<Content, std::vector<std::string>, ContentHash> label_sets_;  // by their hash
  RealPaths real_paths_;
  std::int64_t taken_ = 0;
};

}  // namespace

ImportReport import_into_list(const Home& home, const DatasetFolder& folder,
                              const ImportRequest& request, const CatalogHooks& hooks) {
  ListImport import(home,
                    {folder.list(), folder.files(), folder.work_file("incoming"), folder.list()},
                    request, hooks);
  if (!is_remote_address(request.source)) return import.run(nullptr);
  const FetchedPictures fetched(home, folder, request.source, request.environment, hooks);
  return import.run(&fetched);
}

ImportPreview preview_import(const Home& home, const std::string& name,
                             const ImportRequest& request, const CatalogHooks& hooks) {
  const ScratchFolder made("import");  // for a list that is only looked at
  const ListPlaces places{list_of_dataset(home, name), home.dataset_folder(name) / "files",
                          made.path() / "incoming", made.path() / "list"};
  ImportPreview preview;
  preview.report = ListImport(home, places, request, hooks).run(nullptr);
  preview.pictures = count_pictures(places.result);
  return preview;
}

}  // namespace mat
