#include "core/registry/removal.h"

#include <fmt/core.h>

#include "core/base/file.h"

namespace mat {

namespace fs = std::filesystem;

void measure_folder(const fs::path& path, Deleted* deleted) {
  if (const auto reason = why_not_removable(path)) {
    throw Error(ErrorKind::io, fmt::format("nothing is deleted: {}", *reason),
                "mend that, then delete it again");
  }
  ++deleted->versions;
  std::error_code error;
  const std::uintmax_t size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  deleted->bytes += error ? 0 : size;
  deleted->bytes += folder_bytes(path);
}

void trash_folder(const Home& home, TrashKind kind, Id row, const fs::path& path,
                  Removal* removal) {
  if (auto trashed = move_to_trash(home, kind, row, path)) {
    removal->trashed.push_back(std::move(*trashed));
  }
}

void delete_row(SQLite::Database& connection, const char* sql, Id id) {
  SQLite::Statement statement(connection, sql);
  statement.bind(1, id);
  statement.exec();
}

}  // namespace mat
