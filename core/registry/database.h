#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mat {

// One connection to the file of a registry, and the only place that turns SQLite's errors into
// ours. All access is through read() and write().
class Database {
 public:
  enum class Access { read, write };

  // With Access::read nothing is made: a file that is absent, empty or not yet filled gives an
  // empty registry in memory. With Access::write the file is made and brought up to date. Throws io
  // errors.
  Database(std::filesystem::path path, Access access);

  // Runs `work(SQLite::Database&)` on one snapshot of the registry.
  template <typename Work>
  auto read(Work&& work) {
    return transaction("BEGIN", std::forward<Work>(work));
  }

  // Runs `work` with all other writers shut out, waiting for them up to 30 s. All that it wrote is
  // on the disk afterwards, or, after an exception, nothing; only when the disk itself fails may it
  // be there after an io error. Others see it, and may write, before it is on the disk: what they
  // write is never there without it. Throws a bug error if the registry was opened for reading.
  // `also` tells, after `work`, of further files and folders that are on the disk with it; those
  // that are not there are left out.
  using Paths = std::vector<std::filesystem::path>;
  template <typename Work>
  auto write(Work&& work, const std::function<Paths()>& also = {}) {
    const int before = changes();
    const auto sync = [&] {
      if (changes() != before) sync_log(also ? also() : Paths());
    };
    if constexpr (std::is_void_v<decltype(work(connection()))>) {
      write_soon(std::forward<Work>(work));
      sync();
    } else {
      auto result = write_soon(std::forward<Work>(work));
      sync();
      return result;
    }
  }

  // The same without waiting for the disk: a power failure may take it, unless a write() of any
  // process has come after.
  template <typename Work>
  auto write_soon(Work&& work) {
    require_writable();
    return transaction("BEGIN IMMEDIATE", std::forward<Work>(work));
  }

  // The same with memory for many rows at once: pages that a small cache would write several times
  // are written once.
  template <typename Work>
  auto write_many(Work&& work) {
    const LargeCache cache(connection());
    return write(std::forward<Work>(work));
  }

  // Throws the bug error that write() throws when it was opened for reading.
  void require_writable() const;

  // Differs when another connection has written since: PRAGMA data_version.
  std::int64_t data_version();

 private:
  // Rolls back unless it was committed.
  class Transaction {
   public:
    Transaction(SQLite::Database& connection, const char* begin) : connection_(connection) {
      connection_.exec(begin);
    }
    ~Transaction() {
      if (!is_committed_) connection_.tryExec("ROLLBACK");
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() {
      connection_.exec("COMMIT");
      is_committed_ = true;
    }

   private:
    SQLite::Database& connection_;
    bool is_committed_ = false;
  };

  class LargeCache {
   public:
    explicit LargeCache(SQLite::Database& connection) : connection_(connection) {
      connection_.tryExec("PRAGMA cache_size = -65536");
    }
    ~LargeCache() { connection_.tryExec("PRAGMA cache_size = -2000; PRAGMA shrink_memory"); }
    LargeCache(const LargeCache&) = delete;
    LargeCache& operator=(const LargeCache&) = delete;

   private:
    SQLite::Database& connection_;
  };

  template <typename Work>
  auto transaction(const char* begin, Work&& work) {
    try {
      Transaction transaction(connection(), begin);
      if constexpr (std::is_void_v<decltype(work(connection()))>) {
        work(connection());
        transaction.commit();
      } else {
        auto result = work(connection());
        transaction.commit();
        return result;
      }
    } catch (const SQLite::Exception& e) {
      translate(e);
    }
  }

  SQLite::Database& connection() { return *connection_; }
  void open_to_read();
  void open_empty();
  void open_to_write();
  int changes();
  void sync_log(Paths also);
  [[noreturn]] void translate(const SQLite::Exception& error) const;

  std::filesystem::path path_;
  Access access_;
  std::unique_ptr<double> waiting_since_s_;  // of the busy handler; outlives the connection
  std::optional<SQLite::Database> connection_;
};

}  // namespace mat
