#include "core/dataset/folder_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

bool is_passed_over(std::string_view folder) {
  return folder.front() == '.' || folder == "__MACOSX";
}

// DT_REG and so on; nothing when there is no such file.
std::optional<int> type_of(int folder_fd, const char* name, int flags) {
  struct stat info {};
  if (::fstatat(folder_fd, name, &info, flags) != 0) return std::nullopt;
  return IFTODT(info.st_mode);
}

void add_entry(FolderListing& listing, int folder_fd, const dirent& entry) {
  const std::string_view name = entry.d_name;
  if (name == "." || name == "..") return;
  int type = entry.d_type;
  if (type == DT_UNKNOWN) {
    type = type_of(folder_fd, entry.d_name, AT_SYMLINK_NOFOLLOW).value_or(DT_REG);
  }
  const bool is_link = type == DT_LNK;
  // A link to nothing stays in the list of files: that it cannot be read is worth telling.
  if (is_link) type = type_of(folder_fd, entry.d_name, 0).value_or(DT_REG);
  if (type == DT_DIR) {
    if (!is_passed_over(name)) {
      (is_link ? listing.folder_links : listing.folders).emplace_back(name);
    }
  } else {
    (type == DT_REG ? listing.files : listing.others).emplace_back(name);
  }
}

[[noreturn]] void throw_unreadable(const std::string& path, int error_number) {
  throw Error(ErrorKind::io,
              fmt::format("cannot read the folder '{}': {}", path, std::strerror(error_number)),
              "check who owns it and whether it is readable");
}

}  // namespace

FolderListing list_folder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) throw_unreadable(path, errno);
  FolderListing listing;
  errno = 0;  // readdir() says by it alone whether it failed or came to the end
  while (const dirent* entry = ::readdir(folder.get())) {
    add_entry(listing, ::dirfd(folder.get()), *entry);
    errno = 0;
  }
  if (errno != 0) throw_unreadable(path, errno);
  for (auto* names : {&listing.files, &listing.folders, &listing.folder_links, &listing.others}) {
    std::sort(names->begin(), names->end());
  }
  return listing;
}

bool is_picture_by_name(std::string_view name) {
  if (name.front() == '.') return false;
  const std::string small = lower(name);
  constexpr std::array kNames = {"thumbs.db", "desktop.ini", "license", "licence", "copying",
                                 "notice",    "readme",      "authors", "makefile"};
  constexpr std::array kEndings = {".txt", ".csv",   ".tsv",  ".json", ".jsonl", ".manifest",
                                   ".md",  ".xml",   ".yaml", ".yml",  ".html",  ".pdf",
                                   ".py",  ".ipynb", ".log",  ".zip",  ".tar",   ".gz"};
  return std::find(kNames.begin(), kNames.end(), small) == kNames.end() &&
         std::none_of(kEndings.begin(), kEndings.end(),
                      [&](const char* ending) { return small.ends_with(ending); });
}

}  // namespace mat
