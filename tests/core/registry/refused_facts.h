#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/base/home.h"

namespace mat {

// From now on the registry takes no facts of a service that runs on.
inline void refuse_facts(const Home& home) {
  SQLite::Database database(home.database().string(), SQLite::OPEN_READWRITE);
  database.setBusyTimeout(10'000);
  database.exec(
      "CREATE TRIGGER no_facts BEFORE UPDATE OF facts ON services WHEN OLD.status = 'Running' AND "
      "NEW.status = 'Running' BEGIN SELECT RAISE(ABORT, 'no'); END");
}

}  // namespace mat
