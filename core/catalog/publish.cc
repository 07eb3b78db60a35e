#include "core/catalog/publish.h"

#include <fmt/core.h>

#include <fstream>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/cache/pixel_cache.h"
#include "core/catalog/picture_counts.h"
#include "core/image/resize.h"
#include "core/inspect/near_duplicates.h"
#include "core/inspect/picture_fingerprint.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownLeftOut = 100;
constexpr std::size_t kBlockBytes = 1 << 20;

void check(const PublishRequest& request) {
  if (!(request.train_ratio > 0 && request.train_ratio < 1)) {
    throw Error(ErrorKind::usage,
                fmt::format("the part for training must lie between 0 and 1, not {}",
                            format_number(request.train_ratio)));
  }
  if (request.seed < 0) throw Error(ErrorKind::usage, "the seed must be 0 or more");
  if (!request.name.empty() && !is_dataset_version_name(request.name)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' cannot be the name of a version", request.name),
                "use 1 to 32 letters, digits, '-' or '_'; V001, V002, … are given by mat");
  }
}

// A change of one picture's source from absolute to relative; see DatasetManifestWriter.
void make_sources_relative(const fs::path& manifest, const DatasetFolder& folder) {
  std::error_code error;
  if (!fs::exists(folder.files(), error)) return;
  ManifestReader reader(manifest);
  DatasetManifestWriter writer(manifest);
  for (ManifestSample sample; reader.next(sample);) writer.write(std::move(sample));
  writer.finish();
}

class Publication {
 public:
  Publication(Registry& registry, const std::string& name, const PublishRequest& request,
              const CatalogHooks& hooks)
      : registry_(registry),
        folder_(registry, name, hooks),
        request_(request),
        hooks_(hooks),
        manifest_(folder_.work_file("version")) {
    report_.version.dataset = name;
  }

  PublishReport run() {
    refuse_taken_name();
    read_list();
    look_at_pictures();
    PublishSummary summary = write_published(
        folder_.list(), manifest_, contents_, groups_,
        {request_.train_ratio, static_cast<std::uint64_t>(request_.seed), split_so_far()});
    report_.already_split = summary.already_split;
    report_.kept_split = summary.kept_split;
    report_.duplicates = summary.together;
    report_.divided = summary.divided;
    report_.contradictory = std::move(summary.contradictory);
    report_.contradictory_count = summary.contradictory_count;
    make_sources_relative(manifest_, folder_);
    record(summary);
    return std::move(report_);
  }

 private:
  // Before the work, since it may take long.
  void refuse_taken_name() {
    for (const auto& version : registry_.versions_of_dataset(report_.version.dataset)) {
      if (!request_.name.empty() && version.name == request_.name) {
        throw Error(ErrorKind::conflict,
                    fmt::format("{} is called '{}' already", version.reference(), version.name),
                    "choose another name");
      }
    }
  }

  void read_list() {
    ManifestReader reader(folder_.list());
    for (ManifestSample sample; reader.next(sample);) files_.emplace_back(sample.source);
  }

  void look_at_pictures() {
    PixelCache cache(registry_.home().cache(), kCommonShortSide);
    PixelCache::Statistics statistics;
    const auto reading = [this](std::int64_t done, std::int64_t total) {
      tell(hooks_, "reading pictures", done, total);
      return true;
    };
    std::vector<PictureFingerprints> fingerprints(files_.size());
    const auto pictures = cache.load(files_, request_.threads, reading, &statistics,
                                     [&](std::size_t i, const ImageView& view) {
                                       thread_local ResizeScratch scratch;
                                       fingerprints[i] = fingerprints_of(view, scratch);
                                     });
    report_.hashed = static_cast<std::int64_t>(files_.size()) - statistics.unread;
    if (!statistics.note.empty() && hooks_.note) hooks_.note(statistics.note);
    groups_ = near_duplicate_groups(pictures, fingerprints, request_.threads,
                                    [&](std::int64_t done, std::int64_t total) {
                                      tell(hooks_, "comparing pictures", done, total);
                                      cache.release_pages();
                                      return true;
                                    });
    contents_.reserve(pictures.size());
    for (std::size_t i = 0; i < pictures.size(); ++i) take(i, pictures[i]);
    if (left_out_ == static_cast<std::int64_t>(pictures.size())) {
      throw Error(ErrorKind::usage,
                  fmt::format("none of the {} pictures of {} can be read", pictures.size(),
                              report_.version.dataset),
                  report_.left_out.empty() ? ""
                                           : fmt::format("{}: {}", report_.left_out.begin()->first,
                                                         report_.left_out.begin()->second));
    }
  }

  void take(std::size_t index, const PixelCache::Picture& picture) {
    if (picture.problem.empty()) {
      contents_.push_back({picture.content_high, picture.content_low});
      return;
    }
    contents_.emplace_back();
    ++left_out_;
    if (report_.left_out.size() < kShownLeftOut) {
      report_.left_out[files_[index].string()] = picture.problem;
    }
  }

  UsageByContent split_so_far() {
    UsageByContent usages;
    if (!request_.keep_split) return usages;
    for (const DatasetVersionRecord& version :
         registry_.versions_of_dataset(report_.version.dataset)) {
      if (!version.is_current || version.train_ratio != request_.train_ratio) continue;
      ManifestReader reader(registry_.home().dataset_manifest(version.dataset, version.number));
      for (ManifestSample sample; reader.next(sample);) {
        const auto content = content_from_hex(sample.content);
        if (content && sample.usage) usages.emplace(*content, *sample.usage);
      }
    }
    return usages;
  }

  void record(const PublishSummary& summary) {
    DatasetVersionRecord& version = report_.version;
    PictureCounts counts = count_pictures(manifest_);
    counts.left_out = summary.left_out;
    if (request_.accept) request_.accept(counts);
    version.fingerprint = manifest_fingerprint(manifest_);
    if (const auto same = current_if_same(version.fingerprint)) {
      if (!request_.accept_same) refuse_same(*same);
      version = *same;
      report_.is_new = false;
      std::error_code ignored;
      fs::remove(manifest_, ignored);
      return;
    }
    version.counts = to_json(counts);
    if (!report_.left_out.empty()) version.counts["left_out_files"] = report_.left_out;
    version.name = request_.name;
    version.description = request_.description;
    version.seed = request_.seed;
    version.train_ratio = request_.train_ratio;
    version = registry_.create_dataset_version(
        version, [this](const fs::path& place) { folder_.put_version(manifest_, place); });
    folder_.complete_version(registry_.home().dataset_manifest(version.dataset, version.number));
  }

  std::optional<DatasetVersionRecord> current_if_same(const std::string& fingerprint) {
    for (DatasetVersionRecord& v : registry_.versions_of_dataset(report_.version.dataset)) {
      if (v.is_current && v.fingerprint == fingerprint) return std::move(v);
    }
    return std::nullopt;
  }

  [[noreturn]] static void refuse_same(const DatasetVersionRecord& version) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} has exactly these pictures, labels and split", version.reference()),
                "another --seed or --train-ratio gives another split of pictures whose usage is "
                "not decided");
  }

  Registry& registry_;
  DatasetFolder folder_;
  const PublishRequest& request_;
  const CatalogHooks& hooks_;
  fs::path manifest_;
  std::vector<fs::path> files_;
  std::vector<Content> contents_;
  std::vector<int> groups_;
  std::int64_t left_out_ = 0;
  PublishReport report_;
};

}  // namespace

PublishReport publish_dataset(Registry& registry, const std::string& name,
                              const PublishRequest& request, const CatalogHooks& hooks) {
  check(request);
  registry.dataset(name);
  Publication publication(registry, name, request, hooks);
  registry.dataset(name);
  return publication.run();
}

std::string manifest_fingerprint(const fs::path& manifest) {
  std::ifstream stream(manifest, std::ios::binary);
  Content hash;
  for (std::string block(kBlockBytes, '\0'); stream;) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto count = static_cast<std::size_t>(stream.gcount());
    if (count == 0) continue;
    const std::string chained = to_hex(hash) + block.substr(0, count);
    hash = content_of(chained.data(), chained.size());
  }
  if (!stream.eof()) {
    throw Error(ErrorKind::io, fmt::format("cannot read '{}'", manifest.string()));
  }
  return to_hex(hash);
}

}  // namespace mat
