#include "core/model/export_model.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/pixel_cache.h"
#include "core/model/import_model.h"
#include "core/model/validation_list.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProblemsShown = 3;
constexpr const char* kOtherPictures = "to compare on other pictures: --check-data DIR or DATASET";

// Removed unless it was put in its place.
class PartialExport {
 public:
  explicit PartialExport(const fs::path& out)
      : path_(out.parent_path() / fmt::format(".{}.{}.part{}", out.stem().string(), ::getpid(),
                                              out.extension().string())) {}
  ~PartialExport() { ::unlink(path_.c_str()); }
  PartialExport(const PartialExport&) = delete;
  PartialExport& operator=(const PartialExport&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void check_place(const ModelExport& wanted) {
  std::error_code error;
  const fs::path folder = wanted.out.parent_path();
  if (!fs::is_directory(folder, error)) {
    throw Error(ErrorKind::not_found, fmt::format("there is no folder '{}'", folder.string()));
  }
  if (fs::is_directory(wanted.out, error)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is a folder", wanted.out.string()),
                "-o names the file");
  }
  if (wanted.replace) return;
  for (const fs::path& file : {wanted.out, description_beside(wanted.out)}) {
    if (!fs::exists(fs::symlink_status(file, error))) continue;
    throw Error(ErrorKind::conflict, fmt::format("'{}' exists already", file.string()),
                "choose another file with -o, or overwrite it with --replace");
  }
}

std::vector<fs::path> pictures_of(const Home& home, const StoredModel& model,
                                  const ModelExport& wanted) {
  std::vector<fs::path> files = wanted.check_data;
  if (files.empty()) files = validation_pictures(home, model.validation, model.folder);
  if (!files.empty()) return files;
  throw Error(ErrorKind::not_found,
              fmt::format("it is not known which pictures {} was validated on: an export is "
                          "compared with the model on pictures",
                          model.version.reference()),
              kOtherPictures);
}

std::vector<ImageView> views_of(const std::vector<fs::path>& files,
                                const std::vector<PixelCache::Picture>& pictures,
                                const StoredModel& model, bool are_its_own) {
  std::vector<ImageView> views;
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (pictures[i].problem.empty()) {
      views.push_back(pictures[i].view);
    } else if (problems.size() < kProblemsShown) {
      problems.push_back(fmt::format("{}: {}", files[i].string(), pictures[i].problem));
    }
  }
  const std::size_t missing = files.size() - views.size();
  if (missing == 0) return views;
  // Of other pictures those that can be read are enough.
  if (!are_its_own && !views.empty()) return views;
  if (missing > problems.size()) problems.push_back("…");
  throw Error(ErrorKind::not_found,
              fmt::format("{} of the {} pictures that {} is compared on cannot be read: {}",
                          missing, files.size(), model.version.reference(), join(problems, "; ")),
              kOtherPictures);
}

Json description_of(const StoredModel& model, const std::string& format) {
  ModelDescription description = model.description;
  if (format == kTorchScript) {
    // It normalizes by itself.
    description.network = kTorchScript;
    description.preprocessing.mean = {0, 0, 0};
    description.preprocessing.deviation = {1, 1, 1};
  }
  Json document = to_json(description);
  document["metrics"] = model.version.metrics;
  document["model"] = model.version.reference();
  document["origin"] = model.version.origin;
  return document;
}

}  // namespace

std::string export_file_name(const ModelVersionRecord& version, const std::string& format) {
  const char* const extension = format == kTorchScript ? "pt" : format.c_str();
  return fmt::format("{}-{}.{}", version.model, version.number.text(), extension);
}

ExportReport export_model(const Home& home, const StoredModel& model, const ModelExport& wanted) {
  check_place(wanted);
  const std::vector<fs::path> files = pictures_of(home, model, wanted);
  PixelCache cache(home.cache(), model.description.preprocessing.short_side);
  PixelCache::Statistics statistics;
  const auto pictures = cache.load(files, wanted.threads, wanted.progress, &statistics);
  const PartialExport partial(wanted.out);
  ExportRequest request;
  request.model.file = model.file;
  request.model.description = model.description;
  request.model.cache_folder = home.cache();
  request.model.threads = wanted.threads;
  request.model.device = "cpu";
  request.model.layout = "contiguous";
  request.format = wanted.format;
  request.out = partial.path();
  request.pictures = views_of(files, pictures, model, wanted.check_data.empty());

  ExportReport report;
  report.pictures = static_cast<std::int64_t>(request.pictures.size());
  report.outcome = load_trainer().export_model(request);
  if (wanted.progress && !wanted.progress(report.pictures, report.pictures)) {
    throw Error(ErrorKind::interrupted, "interrupted; nothing was written");
  }
  std::error_code error;
  report.bytes = fs::file_size(partial.path(), error);
  report.description = description_beside(wanted.out);
  write_file_atomic(report.description,
                    to_json_text(description_of(model, wanted.format), 2) + "\n");
  if (std::rename(partial.path().c_str(), wanted.out.c_str()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", wanted.out.string()), errno);
  }
  sync_folder(wanted.out.parent_path());
  return report;
}

}  // namespace mat
