#include "core/dataset/image_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/dataset/files_below.h"
#include "core/dataset/folder_listing.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::array kValidationNames = {"val", "valid", "validation", "eval"};
constexpr std::size_t kNamesInMessage = 8;
// Looked for without regard to case where `train` is missing, so as not to take them for classes.
constexpr std::array kUsageNames = {"train", "training", "test", "testing"};

Error usage_error(std::string message, std::string hint) {
  return Error(ErrorKind::usage, std::move(message), std::move(hint));
}

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class FolderReader {
 public:
  explicit FolderReader(PictureSet& result) : result_(result) {}

  void read() {
    const FolderListing top = list_folder(result_.root.string());
    if (!is_split(top)) {
      require_no_misnamed_usage(top);
      read_usage("", Usage::train, top);
    } else {
      ignore("", top.files);
      read_split_folders(top);
    }
    ignore("", top.others);
    finish();
  }

  bool has_validation_folder() const { return has_validation_folder_; }

 private:
  struct Class {
    std::string name;
    bool is_link;
  };

  // A class may be called "train" too: without class folders inside, it is one.
  bool is_split(const FolderListing& top) const {
    const auto names = {&top.folders, &top.folder_links};
    if (std::none_of(names.begin(), names.end(), [](const auto* list) {
          return std::binary_search(list->begin(), list->end(), "train");
        })) {
      return false;
    }
    const FolderListing train = list_folder(path_of("train"));
    return !train.folders.empty() || !train.folder_links.empty();
  }

  void require_no_misnamed_usage(const FolderListing& top) const {
    for (const auto& name : top.folders) {
      const std::string small = lower(name);
      if (!is_one_of(kUsageNames, small) && !is_one_of(kValidationNames, small)) continue;
      if (list_folder(path_of(name)).folders.empty()) continue;
      throw usage_error(fmt::format("'{}' has a folder '{}' with class folders inside, but no "
                                    "folder 'train' with any",
                                    result_.root.string(), name),
                        "name the folders train, val and test");
    }
  }

  std::string path_of(const std::string& name) const {
    return name.empty() ? result_.root.string() : (result_.root / name).string();
  }

  void ignore(const std::string& folder, const std::vector<std::string>& names) {
    for (const auto& name : names) result_.ignored.push_back(name_within(folder, name));
  }

  static std::vector<Class> classes_of(const FolderListing& entries) {
    std::vector<Class> classes;
    for (const auto& name : entries.folders) classes.push_back({name, false});
    for (const auto& name : entries.folder_links) classes.push_back({name, true});
    std::sort(classes.begin(), classes.end(),
              [](const Class& a, const Class& b) { return a.name < b.name; });
    return classes;
  }

  void require_followed(const std::string& name) const {
    if (followed_link(result_.root, path_of(name), result_.root)) return;
    throw usage_error(fmt::format("'{}' is a link that leads out of the data folder or back into "
                                  "itself, and is not followed",
                                  path_of(name)),
                      "copy the folder it leads to, or remove the link");
  }

  void read_split_folders(const FolderListing& top) {
    std::string validation;
    std::vector<Class> others;
    for (const auto& folder : classes_of(top)) {
      const bool is_validation = is_one_of(kValidationNames, folder.name);
      if (folder.name != "train" && folder.name != "test" && !is_validation) {
        result_.ignored.push_back(folder.name);
        continue;
      }
      if (folder.is_link) require_followed(folder.name);
      if (is_validation && !validation.empty()) {
        throw usage_error(fmt::format("'{}' has two validation folders, {} and {}",
                                      result_.root.string(), validation, folder.name),
                          "keep one of them");
      }
      if (is_validation) validation = folder.name;
      if (folder.name != "train") others.push_back(folder);
    }
    has_validation_folder_ = !validation.empty();
    read_usage("train", Usage::train, list_folder(path_of("train")));
    for (const auto& folder : others) {
      read_usage(folder.name, folder.name == "test" ? Usage::test : Usage::validation,
                 list_folder(path_of(folder.name)));
    }
  }

  // The folder of class folders for one usage; that of Usage::train comes first and names the
  // classes.
  void read_usage(const std::string& folder, Usage usage, const FolderListing& entries) {
    ignore(folder, entries.files);
    if (!folder.empty()) ignore(folder, entries.others);
    const std::vector<Class> found = classes_of(entries);
    if (usage == Usage::train) {
      for (const auto& found_class : found) result_.classes.push_back(found_class.name);
      require_classes(folder, entries);
    }
    const auto& names = result_.classes;
    std::vector<std::string> empty, unknown;
    for (const auto& found_class : found) {
      const std::string name = name_within(folder, found_class.name);
      if (found_class.is_link) require_followed(name);
      const auto place = std::lower_bound(names.begin(), names.end(), found_class.name);
      const bool is_known = place != names.end() && *place == found_class.name;
      const std::size_t count = read_class(name, static_cast<int>(place - names.begin()), usage);
      if (count == 0) empty.push_back(name);
      if (count > 0 && !is_known) unknown.push_back(name);
    }
    if (usage == Usage::train) require_none_empty(empty);
    require_none_unknown(unknown, folder);
    if (usage == Usage::validation && empty.size() == found.size()) {
      throw usage_error(
          fmt::format("the validation folder '{}' holds no pictures", path_of(folder)),
          "remove it, and part of the training pictures is set aside for validation");
    }
  }

  void require_classes(const std::string& folder, const FolderListing& entries) const {
    if (result_.classes.size() >= 2) return;
    std::string message = result_.classes.empty()
                              ? fmt::format("'{}' holds no class folders", path_of(folder))
                              : fmt::format("'{}' holds only one class folder, '{}'",
                                            path_of(folder), result_.classes.front());
    if (!entries.files.empty()) message += fmt::format(" ({} files)", entries.files.size());
    throw usage_error(std::move(message),
                      "put the pictures of each of two or more classes into a folder of its own: "
                      "DATA/CLASS/picture.jpg, or DATA/train/CLASS/picture.jpg");
  }

  static std::string listed(const std::vector<std::string>& names) {
    std::vector<std::string> first(names.begin(),
                                   names.begin() + std::min(names.size(), kNamesInMessage));
    std::string text = fmt::format("'{}'", join(first, "', '"));
    if (names.size() > first.size()) {
      text += fmt::format(" and {} more", names.size() - first.size());
    }
    return text;
  }

  void require_none_empty(const std::vector<std::string>& empty) const {
    if (empty.empty()) return;
    throw usage_error(
        fmt::format("{} of {} class folders in '{}' hold no pictures: {}", empty.size(),
                    result_.classes.size(), result_.root.string(), listed(empty)),
        "put pictures into them, or remove them");
  }

  void require_none_unknown(const std::vector<std::string>& unknown,
                            const std::string& folder) const {
    if (unknown.empty()) return;
    throw usage_error(fmt::format("the training folder of '{}' lacks classes that '{}' has: {}",
                                  result_.root.string(), folder, listed(unknown)),
                      "the folders for validation and test need the same class names as train");
  }

  // All pictures below the folder `name`; how many there were.
  std::size_t read_class(const std::string& name, int label, Usage usage) {
    FilesBelow found = files_below(result_.root, name);
    for (auto& file : found.pictures) {
      result_.samples.push_back({{}, std::move(file), label, usage, {}});
    }
    for (auto& [file, why] : found.ignored) result_.ignored.push_back(std::move(file));
    return found.pictures.size();
  }

  void finish() {
    auto& samples = result_.samples;
    std::sort(samples.begin(), samples.end(),
              [](const PictureSample& a, const PictureSample& b) { return a.name < b.name; });
    const std::string root = result_.root.string() + "/";
    for (auto& sample : samples) sample.file = root + sample.name;
    std::sort(result_.ignored.begin(), result_.ignored.end());
  }

  PictureSet& result_;
  bool has_validation_folder_ = false;
};

fs::path real_folder(const fs::path& root) {
  require_there(root, "folder");
  std::error_code error;
  fs::path real = fs::canonical(root, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("cannot read the folder '{}': {}", root.string(), error.message()),
                "check who owns it and whether it is readable");
  }
  if (!fs::is_directory(real, error)) {
    throw usage_error(fmt::format("'{}' is a file, not a folder of pictures", root.string()), "");
  }
  return real;
}

}  // namespace

PictureSet read_image_folder(const fs::path& root, const SplitOptions& options) {
  check_split(options);
  PictureSet folder;
  folder.root = real_folder(root);
  FolderReader reader(folder);
  reader.read();
  if (!reader.has_validation_folder()) split_classes(folder, options);
  return folder;
}

}  // namespace mat
