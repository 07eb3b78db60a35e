#include "core/registry/trash.h"

#include <fmt/core.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 100;

constexpr const char* kPrefix = "version";

// Where the folder of a version belongs: nothing when its row is gone.
std::optional<fs::path> place_of(SQLite::Database& connection, const Home& home, Id version) {
  SQLite::Statement find(connection,
                         "SELECT j.name, v.number FROM versions v "
                         "JOIN jobs j ON j.id = v.job_id WHERE v.id = ?");
  find.bind(1, version);
  if (!find.executeStep()) return std::nullopt;
  return home.version_folder(find.getColumn(0).getString(), find.getColumn(1).getInt64());
}

struct Entry {
  fs::path path;
  Id version = 0;
};

// Only what move_to_trash() has named; anything else is not ours to remove.
std::vector<Entry> entries_of(const fs::path& trash) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(trash, error), end; !error && it != end; it.increment(error)) {
    const auto parts = split(it->path().filename().string(), '.');
    if (parts.size() != 2 || parts[0] != kPrefix) continue;
    if (const auto version = parse_integer(parts[1])) entries.push_back({it->path(), *version});
  }
  return entries;
}

}  // namespace

std::optional<fs::path> move_to_trash(const Home& home, Id version, const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return std::nullopt;
  const fs::path trashed = home.trash() / fmt::format("{}.{}", kPrefix, version);
  make_folders(home.trash());
  fs::rename(folder, trashed, error);
  if (error) {
    throw_io_error(fmt::format("cannot move '{}' to '{}'", folder.string(), trashed.string()),
                   error.value());
  }
  return trashed;
}

void empty_trash(const fs::path& trashed) {
  std::error_code error;
  // Another process that has just opened the registry may be removing it too: then files vanish
  // while this one looks at them.
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    fs::remove_all(trashed, error);
    if (error != std::errc::no_such_file_or_directory) break;
  }
  std::error_code ignored;
  if (error && fs::exists(fs::symlink_status(trashed, ignored))) {
    throw_io_error(fmt::format("it is deleted, but '{}' of it cannot be removed", trashed.string()),
                   error.value());
  }
}

void recover_trash(Database& database, const Home& home) {
  if (entries_of(home.trash()).empty()) return;
  std::vector<fs::path> garbage;
  database.write([&](SQLite::Database& connection) {
    for (const Entry& entry : entries_of(home.trash())) {
      const auto place = place_of(connection, home, entry.version);
      std::error_code ignored;
      if (!place) {
        garbage.push_back(entry.path);
      } else if (!fs::exists(fs::symlink_status(*place, ignored))) {
        // The job's folder goes when nothing is left in it.
        fs::create_directories(place->parent_path(), ignored);
        fs::rename(entry.path, *place, ignored);
      }
    }
  });
  for (const fs::path& path : garbage) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
}

}  // namespace mat
