#pragma once

#include <cstdint>
#include <string>

namespace mat {

// Milliseconds since 1970 by the system's clock.
std::int64_t now_ms();

// Seconds by a clock that never goes back; only differences mean something.
double monotonic_seconds();

// "2026-01-31T12:00:00Z" and, for people, "2026-01-31 13:00:00" in local time.
std::string utc_text(std::int64_t ms);
std::string local_text(std::int64_t ms);

// For narrow columns: local time without seconds and, in the year that it is, without the year:
// "01-31 13:00", "2025-01-31 13:00".
std::string short_local_text(std::int64_t ms);

}  // namespace mat
