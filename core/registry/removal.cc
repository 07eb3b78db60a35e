#include "core/registry/removal.h"

#include <fmt/core.h>

#include "core/base/file.h"

namespace mat {

namespace fs = std::filesystem;

void measure_folder(const fs::path& folder, Deleted* deleted) {
  if (const auto reason = why_not_removable(folder)) {
    throw Error(ErrorKind::io, fmt::format("nothing is deleted: {}", *reason),
                "mend that, then delete it again");
  }
  ++deleted->versions;
  deleted->bytes += folder_bytes(folder);
}

void trash_folder(const Home& home, TrashKind kind, Id row, const fs::path& folder,
                  Removal* removal) {
  if (auto trashed = move_to_trash(home, kind, row, folder)) {
    removal->trashed.push_back(std::move(*trashed));
  }
}

void delete_row(SQLite::Database& connection, const char* sql, Id id) {
  SQLite::Statement statement(connection, sql);
  statement.bind(1, id);
  statement.exec();
}

}  // namespace mat
