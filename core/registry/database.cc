#include "core/registry/database.h"

#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "core/registry/migrations.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyTimeoutMs = 30'000;

[[noreturn]] void throw_home_error(const std::string& message, int error_number) {
  throw_io_error(message, error_number, "choose another home with --home");
}

// Bytes of the file, or nothing when there is none. A folder that may not be looked into is an
// error, not an absent file.
std::optional<std::uintmax_t> size_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (status.type() == fs::file_type::directory) error = {EISDIR, std::generic_category()};
  const std::uintmax_t size = error ? 0 : fs::file_size(path, error);
  if (error) throw_home_error(fmt::format("cannot open '{}'", path.string()), error.value());
  return size;
}

void make_home_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return;
  throw_home_error(fmt::format("cannot make the folder '{}'", folder.string()), error.value());
}

// A path as SQLite's URI, in which these characters mean something else.
std::string uri_of(const fs::path& path, const char* parameters) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    const bool is_special = c == '%' || c == '?' || c == '#';
    uri += is_special ? fmt::format("%{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return uri + "?" + parameters;
}

bool is_refusal_to_write(const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

// Who waits for the lock asks for it again every one to three milliseconds. SQLite's own handler
// asks ever less often the longer it has waited, so that among many writers some wait for seconds.
int wait_for_writer(void* begun, int tries) {
  auto& begun_s = *static_cast<double*>(begun);
  if (tries == 0) begun_s = monotonic_seconds();
  if (monotonic_seconds() - begun_s > kBusyTimeoutMs / 1000.0) return 0;
  // Those who began to wait together must not go on asking together.
  const auto spread = static_cast<int>(::getpid() + tries * 37) % 2000;
  std::this_thread::sleep_for(std::chrono::microseconds(1000 + spread));
  return 1;
}

// PRAGMA journal_mode does not wait for other processes by itself.
void use_wal(SQLite::Database& connection) {
  const double give_up_at = monotonic_seconds() + kBusyTimeoutMs / 1000.0;
  for (;;) {
    try {
      connection.execAndGet("PRAGMA journal_mode = WAL").getString();
      return;
    } catch (const SQLite::Exception& e) {
      if (e.getErrorCode() != SQLITE_BUSY || monotonic_seconds() > give_up_at) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// The newest of the copies that migrations made; empty when there is none.
std::string newest_backup(const fs::path& path) {
  for (int layout = static_cast<int>(registry_layout().size()); layout > 0; --layout) {
    const fs::path backup = fmt::format("{}.backup-v{}", path.string(), layout);
    std::error_code ignored;
    if (fs::exists(backup, ignored)) return backup.string();
  }
  return {};
}

Error damaged(const fs::path& path, const char* detail) {
  const std::string backup = newest_backup(path);
  const std::string hint =
      backup.empty() ? fmt::format(
                           "the versions' folders are untouched; move the file away to begin a new "
                           "registry, or try: sqlite3 '{}' .recover",
                           path.string())
                     : fmt::format("a copy from before the last migration is '{}'", backup);
  return Error(ErrorKind::io,
               fmt::format("the registry '{}' is damaged: {}", path.string(), detail), hint);
}

}  // namespace

Database::Database(fs::path path, Access access) : path_(std::move(path)), access_(access) {
  try {
    access == Access::read ? open_to_read() : open_to_write();
  } catch (const SQLite::Exception& e) {
    translate(e);
  }
}

void Database::open_empty() {
  connection_.emplace(":memory:", SQLite::OPEN_READWRITE);
  migrate(*connection_, path_, registry_layout());
}

void Database::open_to_read() {
  if (size_of(path_).value_or(0) == 0) return open_empty();
  int layout = 0;
  try {
    // Opened for writing where that is allowed: so SQLite tidies up its two side files at the
    // end. Where it is not, SQLite falls back to reading by itself.
    connection_.emplace(path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                        kBusyTimeoutMs);
    layout = check_layout(*connection_, path_, registry_layout());
  } catch (const SQLite::Exception& e) {
    if (!is_refusal_to_write(e) || ::access(path_.c_str(), R_OK) != 0) throw;
    const fs::path wal = path_.string() + "-wal";
    if (size_of(wal).value_or(0) > 0) {
      throw Error(ErrorKind::io,
                  fmt::format("the registry '{}' was not closed by its last writer and cannot be "
                              "read without write access",
                              path_.string()),
                  "run any mat command once as a user who may write there");
    }
    // The side files cannot be made in a read-only folder. Nobody can write there either, except
    // another user who opens it in this very moment.
    connection_.emplace(uri_of(path_, "immutable=1"),
                        SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX);
    layout = check_layout(*connection_, path_, registry_layout());
  }
  // Its maker was killed, or has not come further yet.
  if (layout == 0) return open_empty();
  if (layout != static_cast<int>(registry_layout().size())) {
    throw Error(ErrorKind::io,
                fmt::format("the registry '{}' has the layout of an older mat", path_.string()),
                fmt::format("bring it up to date, after a backup, with: mat --home '{}' init",
                            path_.parent_path().string()));
  }
  connection_->exec("PRAGMA query_only = ON");
}

void Database::open_to_write() {
  make_home_folder(path_.parent_path());
  size_of(path_);
  // Asked here, since SQLite says of a read-only file system only that something cannot be opened.
  if (::access(path_.parent_path().c_str(), W_OK | X_OK) != 0) {
    throw_home_error(fmt::format("cannot write the registry '{}'", path_.string()), errno);
  }
  connection_.emplace(path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  waiting_since_s_ = std::make_unique<double>(0);
  ::sqlite3_busy_handler(connection_->getHandle(), wait_for_writer, waiting_since_s_.get());
  // Before anything is written: the file may be another program's.
  check_layout(*connection_, path_, registry_layout());
  // Of a new file only. Less work than with pages of 4 KiB to keep the indexes of many versions.
  connection_->exec("PRAGMA page_size = 8192");
  use_wal(*connection_);
  // Normal: a power failure takes the last commits at most. That what a command has reported as
  // done survives it is sync_log()'s work, so that nobody waits for the disk with the lock in hand.
  connection_->exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  migrate(*connection_, path_, registry_layout());
}

std::int64_t Database::data_version() {
  try {
    return connection().execAndGet("PRAGMA data_version").getInt64();
  } catch (const SQLite::Exception& e) {
    translate(e);
  }
}

int Database::changes() { return ::sqlite3_total_changes(connection_->getHandle()); }

// Those who wait at the same time share one wait. Only the log has to be waited for: what has gone
// from it into the main file was synced on the way. Its folder too: the log may be new.
void Database::sync_log(Paths also) {
  also.emplace_back(path_.string() + "-wal");
  also.push_back(path_.parent_path());
  sync_together(also);
}

void Database::require_writable() const {
  if (access_ == Access::write) return;
  throw Error(ErrorKind::bug, "a registry that was opened for reading cannot be written to");
}

void Database::translate(const SQLite::Exception& error) const {
  const std::string file = fmt::format("the registry '{}'", path_.string());
  const int system_error = connection_ ? sqlite3_system_errno(connection_->getHandle()) : errno;
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
      throw_home_error("cannot write " + file, ENOSPC);
    case SQLITE_READONLY:
      throw_home_error("cannot write " + file, system_error != 0 ? system_error : EACCES);
    case SQLITE_CANTOPEN:
      throw_home_error("cannot open " + file, system_error != 0 ? system_error : EACCES);
    case SQLITE_IOERR:
      throw_home_error("cannot read or write " + file, system_error != 0 ? system_error : EIO);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw damaged(path_, error.what());
    // A table or column that is not there, of a type that it cannot have.
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
      throw damaged(path_, error.what());
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      throw Error(ErrorKind::conflict,
                  fmt::format("{} has been locked by another process for {} s", file,
                              kBusyTimeoutMs / 1000),
                  "wait for it to finish, then try again");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    default:
      throw Error(ErrorKind::bug, fmt::format("{}: {}", file, error.what()));
  }
}

}  // namespace mat
