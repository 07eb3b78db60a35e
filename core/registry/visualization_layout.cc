#include "core/registry/visualization_layout.h"

namespace mat {

const char* const kVisualizationLayout = R"sql(
-- versions: JSON, references of versions, settled to numbers. settings: JSON, how it is started
-- again. address: where it answers, while it runs. facts: JSON, of the process that runs.
CREATE TABLE visualizations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  versions TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  address TEXT NOT NULL,
  settings TEXT NOT NULL,
  facts TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER
) STRICT;
)sql";

}  // namespace mat
