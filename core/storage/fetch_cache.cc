#include "core/storage/fetch_cache.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <tuple>

#include "core/base/json.h"
#include "core/cache/content.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kPollMs = 100;

FileDescriptor open_lock(const fs::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!fd) throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  return fd;
}

// False when somebody holds it.
bool try_lock(const FileDescriptor& fd, int kind) {
  while (::flock(fd.get(), kind | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_io_error("cannot lock the cache of fetched data", errno);
  }
  return true;
}

std::string hash_of(const std::string& text) {
  return to_hex(content_of(text.data(), text.size()));
}

// A name from elsewhere that may be put behind a folder's.
bool is_plain(const fs::path& name) {
  return name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".."; });
}

Json as_json(const std::vector<RemoteFile>& listing) {
  Json files = Json::array();
  for (const RemoteFile& file : listing) {
    files.push_back({{"name", file.name},
                     {"size", file.size},
                     {"modified", file.modified},
                     {"hash", file.hash}});
  }
  return Json{{"files", std::move(files)}};
}

using Key = std::tuple<std::string, std::int64_t, std::string, std::string>;

// Files of a whole copy, and the times that they had when it was made.
std::map<Key, std::int64_t> read_listing(const fs::path& path) {
  std::map<Key, std::int64_t> files;
  const auto bytes = read_file_if_exists(path);
  if (!bytes) return files;
  const Json listing = Json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!listing.is_object() || !listing.contains("files")) return files;
  for (const Json& file : listing["files"]) {
    files[{file.value("name", ""), file.value("size", std::int64_t{-1}), file.value("modified", ""),
           file.value("hash", "")}] = file.value("time_here_ns", std::int64_t{-1});
  }
  return files;
}

struct FileFacts {
  std::int64_t size = -1, time_ns = -1;  // -1: no such file
};

FileFacts facts_of(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return {info.st_size, info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
}

std::size_t count_files(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.is_directory() ? 0 : 1;
  }
  return count;
}

// What may not stay in a partial copy: what is not in the listing any more, and files that a whole
// copy shares, since rclone writes into a file that is there.
void remove_strangers(const fs::path& folder, const std::vector<RemoteFile>& listing) {
  std::set<fs::path> wanted;
  for (const RemoteFile& file : listing) wanted.insert(folder / file.name);
  std::vector<fs::path> strangers;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    const bool is_shared = entry.is_regular_file() && entry.hard_link_count() > 1;
    if (is_shared || !wanted.contains(entry.path())) strangers.push_back(entry.path());
  }
  for (const fs::path& path : strangers) fs::remove(path);
}

}  // namespace

FetchCache::FetchCache(const fs::path& cache_folder, const std::string& source,
                       const TransferHooks& hooks)
    : home_(fs::absolute(cache_folder) / hash_of(source)) {
  make_folders(home_);
  lock_ = open_lock(home_ / "lock");
  for (bool told = false; !try_lock(lock_, LOCK_EX); told = true) {
    if (!told && hooks.log) hooks.log("another run fetches the same data; waiting for it");
    if (hooks.stop_requested && hooks.stop_requested()) {
      throw Error(ErrorKind::terminated, "stopped while waiting for data that another run fetches");
    }
    ::poll(nullptr, 0, kPollMs);
  }
}

std::string FetchCache::fingerprint(const std::vector<RemoteFile>& listing) {
  return hash_of(to_json_text(as_json(listing)));
}

fs::path FetchCache::folder_of(const std::vector<RemoteFile>& listing) const {
  return home_ / fingerprint(listing);
}

bool FetchCache::has(const std::vector<RemoteFile>& listing) const {
  return fs::is_directory(folder_of(listing));
}

bool FetchCache::is_intact(const std::vector<RemoteFile>& listing) const {
  const fs::path folder = folder_of(listing);
  const auto files = read_listing(folder.string() + ".json");
  if (files.size() != listing.size() || count_files(folder) != listing.size()) return false;
  return std::all_of(files.begin(), files.end(), [&](const auto& file) {
    const auto& [name, size, modified, hash] = file.first;
    const FileFacts here = facts_of(folder / name);
    return here.size == size && here.time_ns == file.second;
  });
}

FileDescriptor FetchCache::use(const std::vector<RemoteFile>& listing) const {
  FileDescriptor fd = open_lock(folder_of(listing).string() + ".lock");
  // Only whoever holds our lock_ asks for an exclusive one, and only for a moment.
  try_lock(fd, LOCK_SH);
  return fd;
}

void FetchCache::take_back(const std::vector<RemoteFile>& listing) const {
  const fs::path folder = folder_of(listing);
  const FileDescriptor fd = open_lock(folder.string() + ".lock");
  if (!try_lock(fd, LOCK_EX)) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("the fetched files in '{}' were changed, and a run uses them", folder.string()),
        "wait for its end; a run must not write into its inputs");
  }
  // rclone would take a file that was changed just after it was fetched for the same.
  for (const auto& [key, time_ns] : read_listing(folder.string() + ".json")) {
    const auto& [name, size, modified, hash] = key;
    const FileFacts here = facts_of(folder / name);
    if (here.size != size || here.time_ns != time_ns) fs::remove_all(folder / name);
  }
  fs::remove_all(partial());
  fs::rename(folder, partial());
}

std::int64_t FetchCache::prepare_partial(const std::vector<RemoteFile>& listing) const {
  make_folders(partial());
  remove_strangers(partial(), listing);
  for (const std::string& copy : copies()) link_unchanged(copy, listing);
  std::int64_t missing = 0;
  for (const RemoteFile& file : listing) {
    std::error_code error;
    const auto size = fs::file_size(partial() / file.name, error);
    const std::int64_t there = error ? 0 : static_cast<std::int64_t>(size);
    missing += std::max<std::int64_t>(0, file.size - there);
  }
  return missing;
}

void FetchCache::link_unchanged(const std::string& copy,
                                const std::vector<RemoteFile>& listing) const {
  const auto old = read_listing(home_ / (copy + ".json"));
  for (const RemoteFile& file : listing) {
    const auto found = old.find({file.name, file.size, file.modified, file.hash});
    if (!is_plain(file.name) || found == old.end()) continue;
    const FileFacts here = facts_of(home_ / copy / file.name);
    if (here.size != file.size || here.time_ns != found->second) continue;
    const fs::path link = partial() / file.name;
    // A failure costs a transfer, no more.
    std::error_code ignored;
    fs::create_directories(link.parent_path(), ignored);
    fs::create_hard_link(home_ / copy / file.name, link, ignored);
  }
}

void FetchCache::finish_partial(const std::vector<RemoteFile>& listing) const {
  const fs::path folder = folder_of(listing);
  sync_tree(partial());
  Json record = as_json(listing);
  for (Json& file : record["files"]) {
    const FileFacts here = facts_of(partial() / file["name"].get<std::string>());
    file["time_here_ns"] = here.time_ns;
  }
  write_file_atomic(folder.string() + ".json", to_json_text(record));
  std::error_code error;
  fs::rename(partial(), folder, error);
  if (error) throw_io_error(fmt::format("cannot make '{}'", folder.string()), error.value());
  sync_folder(folder.parent_path());
}

void FetchCache::remove_unused(const std::vector<RemoteFile>& but) const {
  for (const std::string& copy : copies()) {
    if (copy == fingerprint(but)) continue;
    const FileDescriptor fd = open_lock(home_ / (copy + ".lock"));
    if (!try_lock(fd, LOCK_EX)) continue;
    // Renamed first: a whole copy's name never stands for a half removed one.
    std::error_code ignored;
    fs::remove_all(partial(), ignored);
    fs::rename(home_ / copy, partial(), ignored);
    fs::remove_all(partial(), ignored);
    fs::remove(home_ / (copy + ".json"), ignored);
    fs::remove(home_ / (copy + ".lock"), ignored);
  }
}

std::vector<std::string> FetchCache::copies() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(home_)) {
    if (entry.is_directory() && entry.path() != partial()) {
      names.push_back(entry.path().filename().string());
    }
  }
  return names;
}

}  // namespace mat
