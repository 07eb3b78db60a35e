#include "core/catalog/import_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/cache/content.h"
#include "core/catalog/fetched_pictures.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBetweenReports = 1000;

Content hash_of(std::string_view text) { return content_of(text.data(), text.size()); }

// What makes a picture the same: fetched ones may lie at another place when their content changed.
std::string identity_of(const ManifestSample& sample, const fs::path& files) {
  if (sample.line.is_object() && sample.source.starts_with(files.string() + "/")) {
    const auto origin = sample.line.find("mapped-from");
    if (origin != sample.line.end() && origin->is_string()) return origin->get<std::string>();
  }
  return sample.source;
}

// Of its labels and usage.
Content state_of(const ManifestSample& sample) {
  std::string text = sample.usage ? usage_text(*sample.usage) : "";
  for (const std::string& label : sample.labels) text += '\0' + label;
  return hash_of(text);
}

// One import into one list.
class ListImport {
 public:
  ListImport(const Home& home, const DatasetFolder& folder, const ImportRequest& request,
             const CatalogHooks& hooks)
      : home_(home),
        folder_(folder),
        request_(request),
        hooks_(hooks),
        incoming_(folder.work_file("incoming")),
        writer_(incoming_) {}

  ImportReport run() {
    read_list();
    std::optional<FetchedPictures> fetched;
    fs::path source = request_.source;
    if (is_remote_address(request_.source)) {
      fetched.emplace(home_, folder_, request_.source, request_.environment, hooks_);
      source = fetched->path();
    } else {
      refuse_own(absolute_path(source).string());
    }
    ImportReport report;
    report.found = import_pictures(source, request_.options, [&](ManifestSample&& sample) {
      if (fetched) fetched->keep(sample);
      take(std::move(sample), &report);
    });
    if (report.found.remote > 0) refuse_remote(report.found.remote, report.found.first_remote);
    writer_.finish();
    write_list();
    return report;
  }

 private:
  struct Known {
    Content state, source;
    bool is_labelled = false;
    bool is_replaced = false;  // by one of this import
    bool is_seen = false;      // by this import
  };

  void read_list() {
    std::error_code error;
    if (!fs::exists(folder_.list(), error)) return;
    ManifestReader reader(folder_.list());
    for (ManifestSample sample; reader.next(sample);) {
      known_[hash_of(identity_of(sample, folder_.files()))] = {
          state_of(sample), hash_of(sample.source), !sample.labels.empty(), false, false};
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
    const std::string bucket = first.substr(0, first.find('/', first.find("://") + 3) + 1);
    throw Error(ErrorKind::usage,
                fmt::format("{} of the pictures {} still in an object store: {}{}", count,
                            count == 1 ? "is" : "are", first, count == 1 ? "" : ", …"),
                fmt::format("say where they are on this machine: --map-source '{}=FOLDER'\n"
                            "or give the address of their folder: mat dataset import NAME {}folder",
                            bucket, bucket));
  }

  void take(ManifestSample sample, ImportReport* report) {
    if (++taken_ % kBetweenReports == 0) tell(hooks_, "importing pictures", taken_, 0);
    const bool is_own_file = sample.source.starts_with(folder_.files().string() + "/");
    if (!is_own_file) refuse_own(sample.source);
    const Known now{state_of(sample), hash_of(sample.source), !sample.labels.empty(), false, true};
    const auto [found, is_new] = known_.emplace(hash_of(identity_of(sample, folder_.files())), now);
    Known& before = found->second;
    if (is_new) {
      ++report->added;
      writer_.write(std::move(sample));
      return;
    }
    if (std::exchange(before.is_seen, true)) {
      ++report->repeated;
      if (before.state != now.state && report->contradicted++ == 0) {
        report->first_contradicted = sample.source;
      }
      return;
    }
    const bool has_same_labels = before.state == now.state;
    const bool is_same = has_same_labels && before.source == now.source;
    const bool may_change =
        request_.replace || has_same_labels || (!before.is_labelled && now.is_labelled);
    if (is_same || !may_change) {
      ++report->already_there;
      if (!is_same) ++report->differing;
      return;
    }
    ++report->changed;
    before.is_replaced = true;
    writer_.write(std::move(sample));
  }

  void write_list() {
    DatasetManifestWriter list(folder_.list());
    std::error_code error;
    if (fs::exists(folder_.list(), error)) {
      ManifestReader reader(folder_.list());
      for (ManifestSample sample; reader.next(sample);) {
        const Known& known = known_.at(hash_of(identity_of(sample, folder_.files())));
        const bool stays = known.is_seen || !request_.only_these;
        if (stays && !known.is_replaced) list.write(std::move(sample));
      }
    }
    ManifestReader reader(incoming_);
    for (ManifestSample sample; reader.next(sample);) list.write(std::move(sample));
    list.finish();
    fs::remove(incoming_, error);
  }

  const Home& home_;
  const DatasetFolder& folder_;
  const ImportRequest& request_;
  const CatalogHooks& hooks_;
  fs::path incoming_;
  DatasetManifestWriter writer_;
  std::unordered_map<Content, Known, ContentHash> known_;
  std::int64_t taken_ = 0;
};

}  // namespace

ImportReport import_into_list(const Home& home, const DatasetFolder& folder,
                              const ImportRequest& request, const CatalogHooks& hooks) {
  return ListImport(home, folder, request, hooks).run();
}

}  // namespace mat
