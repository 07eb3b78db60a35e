#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/registry/records.h"

namespace mat {

// Behind all that are there with its priority; anew when it is there already.
void put_in_queue(SQLite::Database& connection, Id version, const Submission& submission);

}  // namespace mat
