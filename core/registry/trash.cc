#include "core/registry/trash.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 100;

struct Kind {
  TrashKind kind;
  const char* prefix;
  const char* find;  // the row's name, and the number of its version as it stands in the registry
};

constexpr std::array kKinds{
    Kind{TrashKind::version, "version",
         "SELECT j.name, v.number FROM versions v JOIN jobs j ON j.id = v.job_id WHERE v.id = ?"},
    Kind{TrashKind::dataset, "dataset", "SELECT name, 0 FROM datasets WHERE id = ?"},
    Kind{TrashKind::dataset_manifest, "dataset-manifest",
         "SELECT d.name, v.number FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id "
         "WHERE v.id = ?"},
    Kind{TrashKind::model_version, "model-version",
         "SELECT m.name, v.major || '.' || v.minor || '.' || v.patch "
         "FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = ?"},
    Kind{TrashKind::service, "service", "SELECT name, 0 FROM services WHERE id = ?"},
    Kind{TrashKind::visualization, "visualization",
         "SELECT name, 0 FROM visualizations WHERE id = ?"}};

const Kind& kind_of(TrashKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.kind == kind; });
}

struct Entry {
  fs::path path;
  Kind kind;
  Id row = 0;
};

// Where the folder belongs: nothing when its row is gone.
std::optional<fs::path> place_of(SQLite::Database& connection, const Home& home,
                                 const Entry& entry) {
  SQLite::Statement find(connection, entry.kind.find);
  find.bind(1, entry.row);
  if (!find.executeStep()) return std::nullopt;
  const std::string name = find.getColumn(0).getString();
  const SQLite::Column number = find.getColumn(1);
  switch (entry.kind.kind) {
    case TrashKind::version:
      return home.version_folder(name, number.getInt64());
    case TrashKind::dataset:
      return home.dataset_folder(name);
    case TrashKind::dataset_manifest:
      return home.dataset_manifest(name, number.getInt64());
    case TrashKind::model_version:
      return home.model_folder(name, number.getString());
    case TrashKind::service:
      return home.service_folder(name);
    case TrashKind::visualization:
      return home.visualization_folder(name);
  }
  return std::nullopt;
}

// Only what move_to_trash() has named; anything else is not ours to remove.
std::vector<Entry> trash_entries(const fs::path& trash) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(trash, error), end; !error && it != end; it.increment(error)) {
    const auto parts = split(it->path().filename().string(), '.');
    if (parts.size() != 2) continue;
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Kind& k) { return k.prefix == parts[0]; });
    const auto row = parse_integer(parts[1]);
    if (kind != kKinds.end() && row) entries.push_back({it->path(), *kind, *row});
  }
  return entries;
}

}  // namespace

std::optional<fs::path> move_to_trash(const Home& home, TrashKind kind, Id row,
                                      const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return std::nullopt;
  const fs::path trashed = home.trash() / fmt::format("{}.{}", kind_of(kind).prefix, row);
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
  if (trash_entries(home.trash()).empty()) return;
  std::vector<fs::path> garbage;
  database.write([&](SQLite::Database& connection) {
    for (const Entry& entry : trash_entries(home.trash())) {
      const auto place = place_of(connection, home, entry);
      std::error_code ignored;
      if (!place) {
        garbage.push_back(entry.path);
      } else if (!fs::exists(fs::symlink_status(*place, ignored))) {
        // The folder above it goes when nothing is left in it.
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
