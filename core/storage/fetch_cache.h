#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/storage/rclone.h"

namespace mat {

// What has been fetched from one address, in CACHE/HASH_OF_THE_ADDRESS/:
//
//   lock               held by whoever fetches
//   partial/           what is being fetched, or the rest of a fetch that failed
//   FINGERPRINT/       a whole copy; it gets this name when it is complete and on the disk
//   FINGERPRINT.json   the listing of it, with the times that the files have here
//   FINGERPRINT.lock   held, shared, by the runs that read it
class FetchCache {
 public:
  // Waits for another process that fetches the same, and holds the lock as long as it lives. Throws
  // terminated when hooks.stop_requested() says so meanwhile.
  FetchCache(const std::filesystem::path& cache_folder, const std::string& source,
             const TransferHooks& hooks);

  static std::string fingerprint(const std::vector<RemoteFile>& listing);
  std::filesystem::path folder_of(const std::vector<RemoteFile>& listing) const;
  std::filesystem::path partial() const { return home_ / "partial"; }

  bool has(const std::vector<RemoteFile>& listing) const;
  // Nobody has changed, added or removed a file since: by sizes and times.
  bool is_intact(const std::vector<RemoteFile>& listing) const;
  FileDescriptor use(const std::vector<RemoteFile>& listing) const;

  // Makes a copy that somebody has changed the partial one, without what was changed. Throws a
  // conflict error when a run uses it.
  void take_back(const std::vector<RemoteFile>& listing) const;

  // The partial folder with all that is there already: files of an earlier attempt and, as hard
  // links, those of whole copies that have not changed. Returns how many bytes are missing.
  std::int64_t prepare_partial(const std::vector<RemoteFile>& listing) const;

  // Brings it to the disk and gives it its name.
  void finish_partial(const std::vector<RemoteFile>& listing) const;

  // Removes all whole copies but this one that nobody uses.
  void remove_unused(const std::vector<RemoteFile>& but) const;

 private:
  std::vector<std::string> copies() const;
  void link_unchanged(const std::string& copy, const std::vector<RemoteFile>& listing) const;

  std::filesystem::path home_;
  FileDescriptor lock_;
};

}  // namespace mat
