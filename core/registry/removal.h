#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/registry/database.h"
#include "core/registry/registry.h"
#include "core/registry/trash.h"

namespace mat {

// What one deletion takes away, gathered within its transaction.
struct Removal {
  Deleted deleted;
  std::vector<std::filesystem::path> trashed;
};

// Counts a folder or file that is about to go. Throws an io error when it could not be removed.
void measure_folder(const std::filesystem::path& path, Deleted* deleted);

void trash_folder(const Home& home, TrashKind kind, Id row, const std::filesystem::path& path,
                  Removal* removal);

// Runs a statement with one parameter.
void delete_row(SQLite::Database& connection, const char* sql, Id id);

// Runs `work`, which deletes rows and moves their folders to the trash, as one transaction, and
// removes the folders after it. Whatever goes wrong, there are both rows and folders, or neither.
template <typename Work>
Deleted delete_rows_and_folders(Database& database, const Home& home, Work&& work) {
  Removal removal;
  try {
    removal = database.write_many(std::forward<Work>(work));
  } catch (...) {
    // Under the lock again, and by the rows that are there: see trash.h.
    try {
      recover_trash(database, home);
    } catch (const Error&) {
      // Whoever opens the registry next moves the folder back.
    }
    throw;
  }
  for (const std::filesystem::path& folder : removal.trashed) empty_trash(folder);
  return removal.deleted;
}

}  // namespace mat
