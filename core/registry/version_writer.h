#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/registry/registry.h"

namespace mat {

// Writes versions, many with the same statements. Lives within one transaction.
class VersionWriter {
 public:
  explicit VersionWriter(SQLite::Database& connection);

  // Makes the job and the experiment when they are absent. The reference is valid as long as the
  // writer.
  struct Job {
    Id id = 0;
    std::int64_t next_number = 1;
    std::int64_t added = 0;
  };
  Job& open_job(const NewVersion& version);

  // Gives it the job's next number.
  Id add(const NewVersion& version, Job& job);

  // Instead of those that are there.
  void replace_settings(Id version, const Json& settings);

  void put_metrics(Id version, Id job, const std::map<std::string, MetricSummary>& metrics);

  // Brings the jobs' counts up to date; to be called last.
  void finish();

 private:
  Id key_id(const std::string& name);
  std::string parent_reference(const NewVersion& version);
  void put_values(Id version, Id job, const Json& settings);

  SQLite::Database& connection_;
  const std::int64_t now_ms_;  // for all that it makes: take_back_version() goes by that
  SQLite::Statement insert_version_, insert_details_, insert_value_, insert_metric_;
  std::unordered_map<std::string, Job> jobs_;
  std::unordered_map<std::string, Id> keys_;
};

}  // namespace mat
