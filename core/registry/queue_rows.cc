#include "core/registry/queue_rows.h"

namespace mat {

void put_in_queue(SQLite::Database& connection, Id version, const Submission& submission) {
  SQLite::Statement insert(connection,
                           "INSERT OR REPLACE INTO queue (version_id, pool, cores, memory_bytes, "
                           "gpus, priority, detached, restarts_left, machine, batch_system) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, version);
  insert.bind(2, submission.pool);
  insert.bind(3, submission.needs.cores);
  insert.bind(4, static_cast<std::int64_t>(submission.needs.memory_bytes));
  insert.bind(5, submission.needs.gpus);
  insert.bind(6, submission.priority);
  insert.bind(7, submission.detached ? 1 : 0);
  insert.bind(8, submission.restarts_left);
  insert.bind(9, submission.machine);
  insert.bind(10, submission.batch_system);
  insert.exec();
}

}  // namespace mat
