#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cache/content.h"
#include "core/cache/picture_file.h"
#include "core/cache/shared_log.h"

namespace mat {

struct SourceRecord {
  Content path;  // of the absolute path's bytes
  FileIdentity identity;
  Content content;
  std::uint64_t checksum = 0;
};

// Remembers, in FOLDER/files-v1.index, which content a file had, so that a file that has not
// changed need not be opened. Several processes may use it; after read(), any number of threads may
// call find(), and one at a time the others. A list that has grown far beyond what is in use is
// begun anew, which costs reading the other files once more.
class SourceList {
 public:
  explicit SourceList(const std::filesystem::path& folder);

  // Reads what is known about these paths, and about no others.
  void read(const std::vector<Content>& paths);

  // What the file had in it, if it is known and the file is still the same.
  std::optional<Content> find(const Content& path, const FileIdentity& identity) const;

  // Written by the next save().
  void remember(const Content& path, const FileIdentity& identity, const Content& content);

  // Does nothing where nothing may be written. Throws io errors (a full disk).
  void save();

 private:
  void clear_if_overgrown();

  RecordLog<SourceRecord> log_;
  std::unordered_map<Content, SourceRecord, ContentHash> known_;
  std::vector<SourceRecord> fresh_;
};

}  // namespace mat
