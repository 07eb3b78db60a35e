#include "core/registry/batch_layout.h"

namespace mat {

const char* const kBatchLayout = R"sql(
-- batch_system: which one runs the version, "slurm", or empty: this machine does. batch_job: its
-- number there, 0 when it is not known. batch_reported: lines of its report that are brought in.
ALTER TABLE queue ADD COLUMN batch_system TEXT NOT NULL DEFAULT '';
ALTER TABLE queue ADD COLUMN batch_job INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN batch_reported INTEGER NOT NULL DEFAULT 0;
-- Every command asks whether there are such versions.
CREATE INDEX batch_queue ON queue (version_id) WHERE batch_system <> '';
)sql";

}  // namespace mat
