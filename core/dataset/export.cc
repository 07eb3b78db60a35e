#include "core/dataset/export.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/cache/picture_file.h"
#include "core/dataset/folder_listing.h"
#include "core/dataset/manifest.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxEndingBytes = 16;
constexpr std::size_t kMaxProblems = 100;

// "a.tar.gz" → {"a.tar", ".gz"}; an ending that is no such thing belongs to the stem.
std::pair<std::string, std::string> stem_and_ending(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.size() - dot > kMaxEndingBytes)
    return {name, ""};
  return {name.substr(0, dot), name.substr(dot)};
}

const char* usage_folder(Usage usage) {
  if (usage == Usage::train) return "train";
  return usage == Usage::test ? "test" : "val";
}

std::string csv_cell(const std::string& text, char delimiter) {
  const std::string special = std::string("\"\r\n") + delimiter;
  const bool is_plain = text.find_first_of(special) == std::string::npos && trim(text) == text;
  if (is_plain) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + "\"";
}

// Hands every picture to `take`.
template <typename Take>
void for_each_picture(const fs::path& manifest, const ExportOptions& options, const Take& take) {
  ManifestReader reader(manifest);
  ManifestSample sample;
  std::int64_t done = 0;
  while (reader.next(sample)) {
    take(sample);
    if (options.progress && !options.progress(++done)) {
      throw Error(ErrorKind::interrupted, "stopped before all was written");
    }
  }
}

ExportSummary write_manifest(const fs::path& manifest, const fs::path& target,
                             const ExportOptions& options) {
  ExportSummary summary;
  ManifestWriter writer(target);
  for_each_picture(manifest, options, [&](const ManifestSample& sample) {
    Json line = line_of_sample(sample);
    const auto original = line.find("mapped-from");
    if (options.original_sources && original != line.end() && original->is_string()) {
      line["source"] = Json(*original);
      line.erase("mapped-from");
    }
    writer.write_line(line);
    ++summary.pictures;
  });
  writer.finish();
  return summary;
}

ExportSummary write_csv(const fs::path& manifest, const fs::path& target,
                        const ExportOptions& options) {
  ExportSummary summary;
  AtomicFile file(target);
  file.write("image,label,usage\r\n");
  for_each_picture(manifest, options, [&](const ManifestSample& sample) {
    const std::string labels = join(sample.labels, std::string(1, options.label_separator));
    file.write(fmt::format("{},{},{}\r\n", csv_cell(sample.source, ','), csv_cell(labels, ','),
                           sample.usage ? usage_text(*sample.usage) : ""));
    ++summary.pictures;
  });
  file.finish();
  return summary;
}

// A folder that is filled beside its place, and removed again when that fails.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& place) : place_(absolute_path(place)) {
    make_folders(place_.parent_path());
    // One of its own: a killed process may have left others, of the same number in a container.
    const std::string name = safe_file_name(place_.filename().string());
    for (int i = 0; path_.empty(); ++i) {
      fs::path wanted = place_.parent_path() / fmt::format(".{}.{}-{}.part", name, ::getpid(), i);
      if (::mkdir(wanted.c_str(), 0777) == 0) {
        path_ = std::move(wanted);
      } else if (errno != EEXIST) {
        throw_io_error(fmt::format("cannot make the folder '{}'", place_.string()), errno);
      }
    }
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const fs::path& path() const { return path_; }

  void finish() {
    sync_tree(path_);
    if (::rename(path_.c_str(), place_.c_str()) != 0) {
      throw_io_error(fmt::format("cannot make the folder '{}'", place_.string()), errno);
    }
    path_.clear();
    sync_folder(place_.parent_path());
  }

 private:
  fs::path place_, path_;
};

// Names that were not given before, within folders.
class FreeNames {
 public:
  // FOLDER/STEM + ending, or FOLDER/STEM-2 and so on. With `by_stem`, no two have the same stem.
  std::string take(const std::string& folder, const std::string& name, bool by_stem) {
    const auto [stem, ending] = stem_and_ending(name);
    const std::string key = folder + "/" + (by_stem ? stem : name);
    std::string candidate = name;
    // What stands for all earlier ones of this name, so that many of them stay quick.
    int& count = counts_[key];
    for (;;) {
      if (++count > 1) candidate = fmt::format("{}-{}{}", stem, count, ending);
      const std::string taken =
          folder + "/" + (by_stem ? stem_and_ending(candidate).first : candidate);
      if (used_.insert(taken).second) return candidate;
    }
  }

 private:
  std::unordered_map<std::string, int> counts_;
  std::unordered_set<std::string> used_;
};

class FolderExport {
 public:
  FolderExport(const fs::path& target, const ExportOptions& options)
      : options_(options), folder_(target) {}

  void add(const ManifestSample& sample) {
    if (options_.format == ExportFormat::folder && sample.labels.size() > 1) {
      ++summary_.several_labels;
      return;
    }
    const std::string folder = folder_of(sample);
    const std::string old_name = fs::path(sample.source).filename().string();
    if (!read(sample)) return;
    std::string wanted = safe_file_name(old_name);
    if (!is_picture_by_name(wanted)) wanted += ".jpg";  // it would be passed over, or be labels
    const std::string name = names_.take(folder, wanted, options_.format == ExportFormat::text);
    const fs::path place = folder_.path() / folder / name;
    if (folders_.insert(folder).second) make_folders(place.parent_path());
    put(sample, place);
    if (options_.format == ExportFormat::text) put_labels(sample, place);
    if (name != old_name) ++summary_.renamed;
    ++summary_.pictures;
  }

  ExportSummary finish() {
    folder_.finish();
    return std::move(summary_);
  }

 private:
  std::string folder_of(const ManifestSample& sample) {
    std::string folder;
    if (options_.usage_folders && sample.usage) folder = usage_folder(*sample.usage);
    if (options_.format == ExportFormat::folder && !sample.labels.empty()) {
      const auto known = class_folders_.find(sample.labels.front());
      const std::string name = known != class_folders_.end()
                                   ? known->second
                                   : class_names_.take("", safe_file_name(sample.labels[0]), false);
      if (known == class_folders_.end()) class_folders_.emplace(sample.labels[0], name);
      folder = folder.empty() ? name : folder + "/" + name;
    }
    return folder;
  }

  void problem(const ManifestSample& sample, const std::string& what) {
    ++summary_.problem_count;
    if (summary_.problems.size() < kMaxProblems) summary_.problems.push_back({sample.source, what});
  }

  // Reads the picture into bytes_; tells when it is not what it was.
  bool read(const ManifestSample& sample) {
    if (is_remote_address(sample.source)) {
      problem(sample, "is in an object store");
      return false;
    }
    const PictureFile file = read_picture_file(sample.source, bytes_);
    if (!file.problem.empty()) {
      problem(sample, file.problem);
      return false;
    }
    if (sample.content.empty() ||
        to_hex(content_of(bytes_.data(), bytes_.size())) == sample.content) {
      return true;
    }
    problem(sample, "has changed since it was published");
    return false;
  }

  void put(const ManifestSample& sample, const fs::path& place) {
    if (options_.link && ::linkat(AT_FDCWD, sample.source.c_str(), AT_FDCWD, place.c_str(),
                                  AT_SYMLINK_FOLLOW) == 0) {
      ++summary_.linked;
      return;
    }
    const FileDescriptor out(
        ::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!out) throw_io_error(fmt::format("cannot write '{}'", place.string()), errno);
    if (!clone(sample, out)) write(out, place);
    ++summary_.copied;
  }

  // Shares the blocks of the file, where the file system can.
  bool clone(const ManifestSample& sample, const FileDescriptor& out) {
    if (!can_clone_) return false;
    const FileDescriptor in(::open(sample.source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    can_clone_ = in && ::ioctl(out.get(), FICLONE, in.get()) == 0;
    return can_clone_;
  }

  void write(const FileDescriptor& out, const fs::path& place) const {
    for (std::size_t done = 0; done < bytes_.size();) {
      const ssize_t count = ::write(out.get(), bytes_.data() + done, bytes_.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_io_error(fmt::format("cannot write '{}'", place.string()), errno);
      done += static_cast<std::size_t>(count);
    }
  }

  static void put_labels(const ManifestSample& sample, fs::path place) {
    if (sample.labels.empty()) return;
    std::string text;
    for (std::string label : sample.labels) {
      std::replace_if(
          label.begin(), label.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
      text += label + "\n";
    }
    place.replace_extension(".txt");
    const FileDescriptor out(
        ::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!out || ::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw_io_error(fmt::format("cannot write '{}'", place.string()), errno);
    }
  }

  const ExportOptions& options_;
  NewFolder folder_;
  ExportSummary summary_;
  FreeNames names_, class_names_;
  std::unordered_map<std::string, std::string> class_folders_;
  std::unordered_set<std::string> folders_;
  std::vector<std::uint8_t> bytes_;
  bool can_clone_ = true;
};

void require_free(const fs::path& target, bool is_folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(target, error))) return;
  if (is_folder && fs::is_directory(target, error) && fs::is_empty(target, error)) return;
  throw Error(ErrorKind::conflict, fmt::format("'{}' is there already", target.string()),
              "choose another place, or remove it");
}

}  // namespace

ExportFormat parse_export_format(std::string_view text) {
  constexpr std::array<std::pair<const char*, ExportFormat>, 4> kFormats = {
      {{"manifest", ExportFormat::manifest},
       {"csv", ExportFormat::csv},
       {"folder", ExportFormat::folder},
       {"text", ExportFormat::text}}};
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) {
    if (text == name) return format;
    names.emplace_back(name);
  }
  throw Error(ErrorKind::usage, fmt::format("there is no format '{}'", text),
              name_hint(text, names));
}

std::string safe_file_name(std::string_view name) {
  std::string safe(name);
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) {
        return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      },
      '_');
  for (std::size_t i = 0; i < safe.size() && safe[i] == '.'; ++i) safe[i] = '_';
  if (safe.size() > kMaxNameBytes) {
    auto [stem, ending] = stem_and_ending(safe);
    stem.resize(kMaxNameBytes - ending.size());
    if (const auto cut = find_bad_utf8(stem); cut != std::string::npos && cut + 4 > stem.size()) {
      stem.resize(cut);  // within a character
    }
    safe = stem + ending;
  }
  return safe.empty() ? "_" : safe;
}

ExportSummary export_pictures(const fs::path& manifest, const fs::path& target,
                              const ExportOptions& options) {
  const bool is_folder =
      options.format == ExportFormat::folder || options.format == ExportFormat::text;
  require_free(target, is_folder);
  make_folders(absolute_path(target).parent_path());
  if (options.format == ExportFormat::manifest) return write_manifest(manifest, target, options);
  if (options.format == ExportFormat::csv) return write_csv(manifest, target, options);
  FolderExport folder(target, options);
  for_each_picture(manifest, options, [&](const ManifestSample& sample) { folder.add(sample); });
  return folder.finish();
}

}  // namespace mat
