#include "core/registry/training_time_layout.h"

namespace mat {

// A version may end, wait and go on: from its start to its end is not how long it has run.
const char* const kTrainingTimeLayout = R"sql(
-- trained_ms: in all attempts that are over. running_since_ms: when the one that runs began.
ALTER TABLE versions ADD COLUMN trained_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE versions ADD COLUMN running_since_ms INTEGER;
UPDATE versions SET
  trained_ms = (
    SELECT ifnull(sum(max(0, until_ms - at_ms)), max(0, ifnull(ended_ms - started_ms, 0)))
    FROM (SELECT status, at_ms, lead(at_ms) OVER (ORDER BY c.rowid) AS until_ms
          FROM status_changes c WHERE version_id = versions.id)
    WHERE status = 'Running' AND until_ms IS NOT NULL),
  running_since_ms = iif(status = 'Running', (
    SELECT at_ms FROM status_changes c WHERE version_id = versions.id AND c.status = 'Running'
    ORDER BY c.rowid DESC LIMIT 1), NULL)
WHERE started_ms IS NOT NULL;
)sql";

}  // namespace mat
