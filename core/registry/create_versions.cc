#include "core/base/error.h"
#include "core/base/names.h"
#include "core/registry/dataset_rows.h"
#include "core/registry/origin_writer.h"
#include "core/registry/queue_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/status_rows.h"
#include "core/registry/unfinished_version.h"
#include "core/registry/version_folder.h"
#include "core/registry/version_rows.h"
#include "core/registry/version_writer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

bool has_version(SQLite::Database& connection, const std::string& job, std::int64_t number) {
  SQLite::Statement row(connection,
                        "SELECT 1 FROM versions v JOIN jobs j ON j.id = v.job_id "
                        "WHERE j.name = ? AND v.number = ?");
  row.bind(1, job);
  row.bind(2, number);
  return row.executeStep();
}

// SQLite may have given up the lock by itself when the commit failed, and another process may have
// taken the folder over since: hence the second look, under the lock.
void clean_up(Database& database, const fs::path& folder, const std::string& job,
              std::int64_t number) {
  try {
    database.write([&](SQLite::Database& connection) {
      if (!has_version(connection, job, number)) remove_unfinished_folder(folder);
    });
  } catch (const Error&) {
    // The next creation takes the folder over.
  }
}

// Errors name the job: the folder that they speak of will be gone.
template <typename Work>
void make(const UnfinishedVersion& unfinished, const std::string& job, Work&& work) {
  const std::string folder = unfinished.folder().string();
  try {
    work(unfinished.folder());
  } catch (const Error& e) {
    std::string message = e.message();
    for (auto at = message.find(folder); at != message.npos; at = message.find(folder, at)) {
      const std::string named = "a new version of " + job;
      message.replace(at, folder.size(), named);
      at += named.size();
    }
    throw Error(e.kind(), message, e.hint());
  }
}

// Moves the folder to the version's place. `then` is done with the row in the same transaction.
template <typename Write, typename Then>
VersionRecord add_with_folder(Database& database, const Home& home, const NewVersion& version,
                              const UnfinishedVersion& unfinished, fs::path& folder, Write&& write,
                              Then&& then) {
  std::int64_t number = 0;
  try {
    return write([&](SQLite::Database& connection) {
      VersionWriter writer(connection);
      VersionWriter::Job& job = writer.open_job(version);
      const auto place = [&] { return home.version_folder(version.job, job.next_number); };
      // A folder without a row may hold a person's results, when the registry was lost or replaced
      // by an older copy: its number is left out.
      while (!make_room_for_version(place())) ++job.next_number;
      number = job.next_number;
      const Id id = writer.add(version, job);
      writer.finish();
      OriginWriter(connection, home).add_version(id, version);
      then(connection, id);
      folder = home.version_folder(version.job, number);
      put_in_place(unfinished.folder(), folder);
      return read_version(connection, id);
    });
  } catch (...) {
    if (!folder.empty()) clean_up(database, folder, version.job, number);
    throw;
  }
}

}  // namespace

VersionRecord Registry::create_version(const NewVersion& version, const std::string& spec_yaml) {
  impl_->database.require_writable();
  check_name("job", version.job);
  const UnfinishedVersion unfinished(home());
  make(unfinished, version.job,
       [&](const fs::path& folder) { make_version_folder(folder, spec_yaml); });
  fs::path folder;
  return add_with_folder(
      impl_->database, home(), version, unfinished, folder,
      [&](auto&& work) { return impl_->database.write_soon(work); }, [](SQLite::Database&, Id) {});
}

VersionRecord Registry::create_pending(const NewVersion& version, const std::string& spec_yaml,
                                       const Submission& submission, const Prepare& prepare) {
  impl_->database.require_writable();
  check_name("job", version.job);
  const UnfinishedVersion unfinished(home());
  make(unfinished, version.job, [&](const fs::path& folder) {
    make_version_folder(folder, spec_yaml);
    prepare(folder);
  });
  fs::path folder;
  return add_with_folder(
      impl_->database, home(), version, unfinished, folder,
      // One wait for the disk, for the folder and for the row.
      [&](auto&& work) {
        return impl_->database.write(work, [&] { return parts_of_version_folder(folder); });
      },
      [&](SQLite::Database& connection, Id id) {
        require_datasets(connection, id);
        update_status(connection, id, {Status::initializing}, Status::pending, {});
        put_in_queue(connection, id, submission);
      });
}

std::vector<Id> Registry::create_versions(const std::vector<NewVersion>& versions) {
  return impl_->database.write_many([&](SQLite::Database& connection) {
    VersionWriter writer(connection);
    OriginWriter origins(connection, home());
    std::vector<Id> ids;
    ids.reserve(versions.size());
    for (const NewVersion& version : versions) {
      ids.push_back(writer.add(version, writer.open_job(version)));
      origins.add_version(ids.back(), version);
    }
    writer.finish();
    return ids;
  });
}

}  // namespace mat
