#include "core/model/export_model.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/cache/pixel_cache.h"
#include "core/model/export_rows.h"
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
  require_folder_of(wanted.out);
  std::error_code error;
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

// The model's own come first.
struct Compared {
  std::vector<fs::path> files;
  std::size_t own = 0;
};

Compared pictures_of(const Home& home, const StoredModel& model, const ModelExport& wanted) {
  Compared compared{validation_pictures(home, model.validation, model.folder)};
  compared.own = compared.files.size();
  compared.files.insert(compared.files.end(), wanted.check_data.begin(), wanted.check_data.end());
  if (!compared.files.empty()) return compared;
  throw Error(ErrorKind::not_found,
              fmt::format("it is not known which pictures {} was validated on: an export is "
                          "compared with the model on pictures",
                          model.version.reference()),
              kOtherPictures);
}

// Those of [begin, end) that can be read, and what is to be said of the others.
struct Readable {
  std::vector<ImageView> views;
  std::size_t missing = 0;
  std::vector<std::string> problems;

  Readable(const std::vector<fs::path>& files, const std::vector<PixelCache::Picture>& pictures,
           std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (pictures[i].problem.empty()) {
        views.push_back(pictures[i].view);
      } else if (++missing <= kProblemsShown) {
        problems.push_back(fmt::format("{}: {}", files[i].string(), pictures[i].problem));
      }
    }
    if (missing > problems.size()) problems.push_back("…");
  }
};

// Other pictures never stand for the model's own that are there: nobody chooses an easier check.
std::vector<ImageView> views_of(const Compared& compared,
                                const std::vector<PixelCache::Picture>& pictures,
                                const StoredModel& model) {
  Readable own(compared.files, pictures, 0, compared.own);
  const Readable others(compared.files, pictures, compared.own, compared.files.size());
  const auto refuse = [&](const Readable& of) {
    throw Error(ErrorKind::not_found,
                fmt::format("{} of the {} pictures that {} is compared on cannot be read: {}",
                            of.missing, of.missing + of.views.size(), model.version.reference(),
                            join(of.problems, "; ")),
                kOtherPictures);
  };
  const bool are_others_named = compared.files.size() > compared.own;
  if (own.missing > 0 && !are_others_named) refuse(own);
  // Of other pictures those that can be read are enough.
  if (are_others_named && others.views.empty()) refuse(others);
  own.views.insert(own.views.end(), others.views.begin(), others.views.end());
  return std::move(own.views);
}

void export_pictures(const Home& home, const StoredModel& model, const ModelExport& wanted,
                     const fs::path& out, ExportReport& report) {
  const Compared compared = pictures_of(home, model, wanted);
  PixelCache cache(home.cache(), model.description.preprocessing.short_side);
  PixelCache::Statistics statistics;
  const auto pictures = cache.load(compared.files, wanted.threads, wanted.progress, &statistics);
  ExportRequest request;
  request.model.file = model.file;
  request.model.description = model.description;
  request.model.cache_folder = home.cache();
  request.model.threads = wanted.threads;
  request.model.device = "cpu";
  request.model.layout = "contiguous";
  request.format = wanted.format;
  request.out = out;
  request.pictures = views_of(compared, pictures, model);
  report.compared = static_cast<std::int64_t>(request.pictures.size());
  report.outcome = load_trainer().export_model(request);
}

void export_table(const Home& home, const StoredModel& model, const ModelExport& wanted,
                  const fs::path& out, ExportReport& report) {
  TableExportRequest request;
  request.model.file = model.file;
  request.model.description = *model.table;
  request.model.threads = wanted.threads;
  request.model.device = "cpu";
  request.format = wanted.format;
  request.out = out;
  report.compared =
      add_rows_to_compare(home, model, wanted.check_rows ? &*wanted.check_rows : nullptr, request);
  report.outcome = load_trainer().export_table_model(request);
}

}  // namespace

std::string export_file_name(const ModelVersionRecord& version, const std::string& format) {
  const char* const extension = format == kTorchScript ? "pt" : format.c_str();
  return fmt::format("{}-{}.{}", version.model, version.number.text(), extension);
}

Json export_description(const StoredModel& model, const std::string& format) {
  ModelDescription description = model.description;
  // Another's program is copied as it is; what mat writes of a network normalizes by itself.
  const bool is_program = description.network == kTorchScript;
  if (!model.table && !is_program && format == kTorchScript) {
    description.network = kTorchScript;
    description.preprocessing.mean = {0, 0, 0};
    description.preprocessing.deviation = {1, 1, 1};
  }
  Json document = description_json(description, model.table);
  document["metrics"] = model.version.metrics;
  document["model"] = model.version.reference();
  document["origin"] = model.version.origin;
  return document;
}

ExportReport export_model(const Home& home, const StoredModel& model, const ModelExport& wanted) {
  check_place(wanted);
  const PartialExport partial(wanted.out);
  ExportReport report;
  model.table ? export_table(home, model, wanted, partial.path(), report)
              : export_pictures(home, model, wanted, partial.path(), report);
  if (wanted.progress && !wanted.progress(report.compared, report.compared)) {
    throw Error(ErrorKind::interrupted, "interrupted; nothing was written");
  }
  std::error_code error;
  report.bytes = fs::file_size(partial.path(), error);
  report.description = description_beside(wanted.out);
  write_file_atomic(report.description,
                    to_json_text(export_description(model, wanted.format), 2) + "\n");
  if (std::rename(partial.path().c_str(), wanted.out.c_str()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", wanted.out.string()), errno);
  }
  sync_folder(wanted.out.parent_path());
  return report;
}

}  // namespace mat
