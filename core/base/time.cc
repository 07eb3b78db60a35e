#include "core/base/time.h"

#include <fmt/core.h>

#include <chrono>
#include <ctime>

namespace mat {
namespace {

std::string date_text(const std::tm& t, char between) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1,
                     t.tm_mday, between, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace

std::int64_t now_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

double monotonic_seconds() {
  using std::chrono::duration, std::chrono::steady_clock;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

std::string utc_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm t{};
  gmtime_r(&seconds, &t);
  return date_text(t, 'T') + "Z";
}

std::string local_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm t{};
  localtime_r(&seconds, &t);
  return date_text(t, ' ');
}

std::string short_local_text(std::int64_t ms) {
  constexpr std::size_t kYear = 5;     // "2026-"
  constexpr std::size_t kSeconds = 3;  // ":59"
  const std::string text = local_text(ms);
  const bool is_this_year = local_text(now_ms()).substr(0, kYear) == text.substr(0, kYear);
  const std::string minutes = text.substr(0, text.size() - kSeconds);
  return is_this_year ? minutes.substr(kYear) : minutes;
}

}  // namespace mat
