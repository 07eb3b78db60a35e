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

// Where the folder of a trash entry belongs: nothing when its rows are gone.
std::optional<fs::path> place_of(SQLite::Database& connection, const Home& home,
                                 const std::string& kind, Id row) {
  const bool is_version = kind == "version";
  SQLite::Statement find(connection, is_version ? "SELECT j.name, v.number FROM versions v "
                                                  "JOIN jobs j ON j.id = v.job_id WHERE v.id = ?"
                                                : "SELECT name FROM jobs WHERE id = ?");
  find.bind(1, row);
  if (!find.executeStep()) return std::nullopt;
  const std::string job = find.getColumn(0).getString();
  return is_version ? home.version_folder(job, find.getColumn(1).getInt64()) : home.jobs() / job;
}

struct Entry {
  fs::path path;
  std::string kind;
  Id row = 0;
};

// Only what move_to_trash() has named; anything else is not ours to remove.
std::vector<Entry> entries_of(const fs::path& trash) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(trash, error), end; !error && it != end; it.increment(error)) {
    const auto parts = split(it->path().filename().string(), '.');
    if (parts.size() != 2 || (parts[0] != "version" && parts[0] != "job")) continue;
    if (const auto row = parse_integer(parts[1])) entries.push_back({it->path(), parts[0], *row});
  }
  return entries;
}

}  // namespace

std::optional<fs::path> move_to_trash(const Home& home, const char* kind, Id row,
                                      const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return std::nullopt;
  const fs::path trashed = home.trash() / fmt::format("{}.{}", kind, row);
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
      const auto place = place_of(connection, home, entry.kind, entry.row);
      std::error_code ignored;
      if (!place) {
        garbage.push_back(entry.path);
      } else if (!fs::exists(fs::symlink_status(*place, ignored))) {
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
