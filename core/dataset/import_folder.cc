#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/dataset/files_below.h"
#include "core/dataset/folder_listing.h"
#include "core/dataset/import_collector.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLabelFileBytes = 64 << 10;

// DIR/x.jpg → DIR/x.txt
fs::path label_file(const fs::path& picture) {
  fs::path file = picture;
  return file.replace_extension(".txt");
}

fs::path real_folder(const fs::path& folder) {
  std::error_code error;
  fs::path real = fs::canonical(folder, error);
  if (!error) return real;
  throw_io_error(fmt::format("cannot read the folder '{}'", folder.string()), error.value());
}

std::vector<std::string> folders_of(const FolderListing& listing) {
  std::vector<std::string> names = listing.folders;
  names.insert(names.end(), listing.folder_links.begin(), listing.folder_links.end());
  std::sort(names.begin(), names.end());
  return names;
}

bool has_folders(const fs::path& folder) {
  try {
    return !folders_of(list_folder(folder.string())).empty();
  } catch (const Error&) {
    return false;  // told when its pictures are looked for
  }
}

bool has_labelled_picture(const fs::path& folder, const FolderListing& listing) {
  return std::any_of(listing.files.begin(), listing.files.end(), [&](const std::string& file) {
    return is_picture_by_name(file) && is_regular_file(label_file(folder / file).string());
  });
}

class FolderImport {
 public:
  FolderImport(const fs::path& root, bool has_label_files, ImportCollector& collector)
      : root_(real_folder(root)), has_label_files_(has_label_files), collector_(collector) {}

  void read() {
    const FolderListing top = list_folder(root_.string());
    const std::vector<std::string> folders = folders_of(top);
    const bool is_split = has_label_files_ || is_split_by_usage(folders);
    read_loose("", top, std::nullopt);
    for (const std::string& folder : folders) {
      const auto usage = is_split ? parse_usage(folder) : std::nullopt;
      if (has_label_files_) {
        read_below(folder, std::nullopt, usage);
      } else if (usage) {
        read_classes(folder, *usage);
      } else if (is_split) {
        collector_.problem(folder, "a folder beside those for train, val and test");
      } else {
        read_below(folder, folder, std::nullopt);
      }
    }
  }

 private:
  // Classes may be called "train" too: without class folders inside, they are some.
  bool is_split_by_usage(const std::vector<std::string>& folders) const {
    const bool all = std::all_of(folders.begin(), folders.end(),
                                 [](const auto& name) { return parse_usage(name).has_value(); });
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& name) {
      const auto usage = parse_usage(name);
      return usage && (all || usage == Usage::train) && has_folders(root_ / name);
    });
  }

  bool may_be_followed(const std::string& folder) {
    std::error_code ignored;
    if (!fs::is_symlink(root_ / folder, ignored) || followed_link(root_, root_ / folder, root_))
      return true;
    collector_.problem(folder, "a link that leads out of the folder, or back, and is not followed");
    return false;
  }

  void read_classes(const std::string& usage_folder, Usage usage) {
    if (!may_be_followed(usage_folder)) return;
    FolderListing listing;
    try {
      listing = list_folder((root_ / usage_folder).string());
    } catch (const Error& error) {
      collector_.problem(usage_folder, error.message());
      return;
    }
    read_loose(usage_folder, listing, usage);
    for (const std::string& label : folders_of(listing)) {
      read_below(name_within(usage_folder, label), label, usage);
    }
  }

  // Pictures outside the class folders.
  void read_loose(const std::string& folder, const FolderListing& listing,
                  std::optional<Usage> usage) {
    for (const std::string& file : listing.files) {
      if (is_picture_by_name(file)) {
        add(name_within(folder, file), std::nullopt, usage);
      } else if (!has_label_files_ || !lower(file).ends_with(".txt")) {
        collector_.ignore("no picture by its name");
      }
    }
    collector_.ignore("a pipe, socket or device", static_cast<std::int64_t>(listing.others.size()));
  }

  void read_below(const std::string& folder, const std::optional<std::string>& label,
                  std::optional<Usage> usage) {
    if (!may_be_followed(folder)) return;
    FilesBelow found = files_below(root_, folder, true);
    std::sort(found.pictures.begin(), found.pictures.end());
    for (const std::string& name : found.pictures) add(name, label, usage);
    for (const auto& [name, why] : found.ignored) {
      if (why.starts_with("a link") || why.starts_with("a folder")) {
        collector_.problem(name, why);
      } else if (!has_label_files_ || !lower(name).ends_with(".txt")) {
        collector_.ignore(why);
      }
    }
  }

  void add(const std::string& name, const std::optional<std::string>& label,
           std::optional<Usage> usage) {
    const fs::path file = root_ / name;
    if (!is_inside(name, file)) return;
    ManifestSample sample;
    sample.source = file.string();
    sample.usage = usage;
    if (label) sample.labels = {*label};
    if (has_label_files_ && !read_labels(name, file, sample.labels)) return;
    collector_.add(std::move(sample), name, true);
  }

  // Tells what is wrong with links.
  bool is_inside(const std::string& name, const fs::path& file) {
    struct stat info {};
    if (::lstat(file.c_str(), &info) != 0) {
      collector_.problem(name, fmt::format("cannot be looked at: {}", std::strerror(errno)));
      return false;
    }
    if (!S_ISLNK(info.st_mode)) return true;
    std::error_code error;
    const fs::path target = fs::canonical(file, error);
    if (error || !is_regular_file(target.string())) {
      collector_.problem(name, "a link to no file");
      return false;
    }
    if (collector_.options().follow_links || is_same_or_above(root_, target)) return true;
    collector_.problem(name, "a link that leads out of the folder, and is not followed");
    return false;
  }

  bool read_labels(const std::string& name, const fs::path& picture,
                   std::vector<std::string>& labels) {
    const fs::path file = label_file(picture);
    std::optional<std::string> text;
    try {
      if (is_regular_file(file.string())) text = read_file_if_exists(file, kMaxLabelFileBytes);
    } catch (const Error& error) {
      collector_.problem(name, error.message());
      return false;
    }
    if (!text) return true;
    if (text->starts_with("\xef\xbb\xbf")) text->erase(0, 3);
    int number = 0;
    for (const std::string& line : split(*text, '\n')) {
      ++number;
      if (find_bad_utf8(line) != std::string_view::npos || line.find('\0') != std::string::npos) {
        collector_.problem(fmt::format("{}:{}", file.string(), number), "bytes that are no text");
        return false;
      }
      const std::string label(trim(line));
      if (label.empty() || std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
      if (labels.size() == kMostLabelsOfPicture) {
        collector_.problem(file.string(), kTooManyLabels);
        return false;
      }
      labels.push_back(label);
    }
    return true;
  }

  fs::path root_;
  bool has_label_files_;
  ImportCollector& collector_;
};

}  // namespace

bool has_label_files(const fs::path& folder) {
  const FolderListing top = list_folder(folder.string());
  if (has_labelled_picture(folder, top)) return true;
  return std::any_of(top.folders.begin(), top.folders.end(), [&](const std::string& name) {
    if (!parse_usage(name)) return false;
    try {
      return has_labelled_picture(folder / name, list_folder((folder / name).string()));
    } catch (const Error&) {
      return false;
    }
  });
}

void import_folder(const fs::path& folder, bool has_label_files, ImportCollector& collector) {
  FolderImport(folder, has_label_files, collector).read();
}

}  // namespace mat
