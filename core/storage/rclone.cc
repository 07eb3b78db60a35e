#include "core/storage/rclone.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/json.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/storage/line_process.h"

namespace mat {
namespace {

constexpr double kCheckSeconds = 30;
constexpr int kLoggedErrors = 20;
constexpr int kSilenceFactor = 5;
bool contains_any(std::string_view text, std::initializer_list<const char*> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string_view::npos; });
}

// "2026/01/31 12:00:00 Failed to copy with 3 errors: last error was: X" → "X".
std::string_view message_of_plain_line(std::string_view line) {
  if (line.size() > 20 && line[4] == '/' && line[7] == '/' && line[13] == ':') {
    line.remove_prefix(20);
  }
  for (const char* wrapper : {"last error was: ", "error in ListJSON: "}) {
    const std::size_t at = line.find(wrapper);
    if (at != std::string_view::npos) line.remove_prefix(at + std::strlen(wrapper));
  }
  return line;
}

// Amazon's errors go on in further lines, of which only the cause says something.
std::string first_line_and_cause(std::string_view text) {
  std::string result(trim(text.substr(0, text.find('\n'))));
  constexpr std::string_view kCause = "caused by: ";
  if (const std::size_t at = text.find(kCause); at != std::string_view::npos) {
    const std::string_view cause = text.substr(at + kCause.size());
    result += fmt::format(" ({})", cause.substr(0, cause.find('\n')));
  }
  while (result.ends_with('.')) result.pop_back();
  return result;
}

std::int64_t number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

std::string string_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A line of lsjson's output is one file, with a comma after it, or one of the array's brackets.
std::optional<RemoteFile> parse_file(std::string_view line) {
  if (line.ends_with(',')) line.remove_suffix(1);
  if (!line.starts_with('{')) return std::nullopt;
  const Json entry = parse_json(line, "rclone's listing");
  RemoteFile file{.name = string_of(entry, "Path"),
                  .size = number(entry, "Size"),
                  .modified = string_of(entry, "ModTime"),
                  .hash = {}};
  if (const auto hashes = entry.find("Hashes"); hashes != entry.end() && hashes->is_object()) {
    for (const auto& [kind, value] : hashes->items()) {
      if (value.is_string()) file.hash += kind + ":" + value.get<std::string>() + " ";
    }
  }
  return file;
}

}  // namespace

// What one run of rclone is about and has said.
struct Rclone::Session {
  std::function<void(std::string_view)> output;
  std::function<bool()> enough;  // ends it early, which is no error
  double limit_s = 0;            // 0: hooks_.patience_s decides
  bool is_transfer = false;

  std::string last_error;
  std::string continued;  // of a plain error that goes on in further lines
  int errors = 0;
  TransferProgress progress;
  std::int64_t checks = 0;
  double moved_at = monotonic_seconds();
  bool stopped = false, given_up = false, is_disk_full = false;
};

bool Rclone::configuration_has(const std::string& remote) const {
  std::string upper = remote;
  for (char& letter : upper) letter = static_cast<char>(letter - 'a' + 'A');
  if (environment_.contains("RCLONE_CONFIG_" + upper + "_TYPE")) return true;
  bool has_it = false;
  Session session;
  session.limit_s = kCheckSeconds;
  session.output = [&](std::string_view line) { has_it |= trim(line) == remote + ":"; };
  const int status = run({"listremotes"}, session);
  if (session.stopped) throw_for(session, status, "");
  if (status != 0) {
    throw Error(ErrorKind::usage,
                fmt::format("rclone's configuration cannot be read: {}", session.last_error),
                "look at it by: rclone config show; an encrypted one needs RCLONE_CONFIG_PASS");
  }
  return has_it;
}

std::string Rclone::without_secrets(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), kHiddenValue);
      at += std::strlen(kHiddenValue);
    }
  }
  // What stands before an @ in front of a host.
  for (std::size_t at = 0; (at = text.find("://", at)) != std::string::npos; at += 3) {
    const std::size_t end = text.find_first_of("/ \"'@", at + 3);
    if (end != std::string::npos && text[end] == '@') {
      text.replace(at + 3, end - at - 3, kHiddenValue);
    }
  }
  return text;
}

int Rclone::run(const std::vector<std::string>& arguments, Session& session) const {
  std::vector<std::string> environment;
  environment.reserve(environment_.size());
  for (const auto& [name, value] : environment_) environment.push_back(name + "=" + value);

  const double started = monotonic_seconds();
  LineWatch watch;
  watch.output = session.output;
  watch.error = [&](std::string_view line) { take_error_line(line, session); };
  watch.go_on = [&] {
    if (session.enough && session.enough()) return false;
    session.stopped = hooks_.stop_requested && hooks_.stop_requested();
    const double now = monotonic_seconds();
    const double patience = hooks_.patience_s * (session.errors > 0 ? 1 : kSilenceFactor);
    session.given_up = session.limit_s > 0   ? now - started > session.limit_s
                       : session.is_transfer ? now - session.moved_at > patience
                                             : false;
    return !session.stopped && !session.given_up && !session.is_disk_full;
  };
  return run_lines(program_, arguments, environment, watch);
}

void Rclone::take_error_line(std::string_view raw, Session& session) const {
  const std::string line = without_secrets(std::string(raw));
  Json entry;
  if (line.starts_with('{')) {
    entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  }
  if (const auto stats = entry.is_object() ? entry.find("stats") : entry.end();
      entry.is_object() && stats != entry.end() && stats->is_object()) {
    const TransferProgress now{.files = number(*stats, "transfers"),
                               .files_total = number(*stats, "totalTransfers"),
                               .bytes = number(*stats, "bytes"),
                               .bytes_total = number(*stats, "totalBytes")};
    const std::int64_t checks = number(*stats, "checks");
    if (now.files > session.progress.files || now.bytes > session.progress.bytes ||
        checks > session.checks) {
      session.moved_at = monotonic_seconds();
    }
    session.progress = now;
    session.checks = checks;
    if (hooks_.progress) hooks_.progress(now);
    return;
  }
  std::string message;
  bool is_error = true;
  if (entry.is_object()) {
    is_error = string_of(entry, "level") == "error";
    message = first_line_and_cause(string_of(entry, "msg"));
    if (const std::string object = string_of(entry, "object"); !object.empty()) {
      message = fmt::format("{}: {}", object, message);
    }
  } else if (line.starts_with("caused by: ") || line.starts_with('\t')) {
    if (line.starts_with('c')) session.last_error += fmt::format(" ({})", line.substr(11));
    return;
  } else {
    message = first_line_and_cause(message_of_plain_line(line));
  }
  if (message.empty() || contains_any(message, {"using defaults", "Unsolicited response"})) return;
  if (is_error) {
    ++session.errors;
    session.last_error = message;
    session.is_disk_full |=
        contains_any(message, {"no space left on device", "disk quota exceeded"});
  }
  if (session.is_transfer && hooks_.log && session.errors <= kLoggedErrors) {
    hooks_.log("rclone: " + message);
    if (session.errors == kLoggedErrors) hooks_.log("rclone: further errors are not shown");
  }
}

void Rclone::throw_for(const Session& session, int exit_status, const std::string& what) const {
  if (session.stopped) {
    throw Error(ErrorKind::terminated, fmt::format("stopped while moving data of '{}'", address_));
  }
  std::string error = session.last_error;
  if (session.given_up) {
    error =
        error.empty() ? "no answer any more" : fmt::format("no answer any more; before: {}", error);
  }
  if (error.empty()) error = fmt::format("rclone ended with status {}", exit_status);
  const std::string message = fmt::format("{}: {}", what, error);
  if (session.is_disk_full) {
    throw Error(ErrorKind::io, message, "the disk is full: free some space, what is there is kept");
  }
  if (contains_any(error, {"NoCredentialProviders"})) {
    throw Error(ErrorKind::usage, fmt::format("{}: there are no credentials for it", what),
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or make a remote "
                "of its scheme's name by: rclone config");
  }
  if (contains_any(error,
                   {"SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "Forbidden",
                    "ExpiredToken", "InvalidToken", "Unauthorized", "status code: 403"})) {
    throw Error(ErrorKind::usage, message,
                "check the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, "
                "or the remote in rclone's configuration");
  }
  if (contains_any(error, {"NoSuchBucket", "directory not found", "InvalidBucketName"})) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no such bucket", what),
                "buckets are not made by mat: check the name, the endpoint and the region");
  }
  if (contains_any(error, {"connection refused", "no such host", "timeout", "connection reset",
                           "no answer"})) {
    throw Error(ErrorKind::io, message,
                "check the endpoint (AWS_ENDPOINT_URL, OBS_ENDPOINT) and "
                "the network, then try again");
  }
  throw Error(ErrorKind::io, message);
}

std::vector<RemoteFile> Rclone::list(const std::string& place, bool is_local) const {
  std::vector<std::string> words{"lsjson", "--recursive", "--files-only", "--no-mimetype"};
  if (!is_local) {
    // Without them each object would be asked for its own time, and each folder for its content.
    for (const char* word : {"--use-server-modtime", "--hash", "--fast-list"})
      words.push_back(word);
  }
  words.push_back(place);
  std::vector<RemoteFile> files;
  Session session;
  session.output = [&](std::string_view line) {
    if (auto file = parse_file(line)) files.push_back(std::move(*file));
  };
  const int status = run(words, session);
  if (status != 0) {
    const std::string what = is_local ? place : address_;
    throw_for(session, status, fmt::format("cannot list '{}'", what));
  }
  std::sort(files.begin(), files.end(),
            [](const RemoteFile& a, const RemoteFile& b) { return a.name < b.name; });
  return files;
}

bool Rclone::has_files() const {
  bool has_one = false;
  Session session;
  session.limit_s = kCheckSeconds;
  session.output = [&](std::string_view line) { has_one |= parse_file(line).has_value(); };
  session.enough = [&] { return has_one; };
  const int status =
      run({"lsjson", "--recursive", "--files-only", "--no-mimetype", "--no-modtime", "--fast-list",
           "--retries=1", "--low-level-retries=2", "--contimeout=5s", "--timeout=10s", place_},
          session);
  if (status != 0 && !has_one) {
    throw_for(session, status, fmt::format("cannot reach '{}'", address_));
  }
  return has_one;
}

void Rclone::transfer(const std::vector<std::string>& words, const std::string& what) const {
  std::vector<std::string> all = words;
  for (const char* word : {"--use-json-log", "--stats=500ms", "--stats-log-level=NOTICE"}) {
    all.push_back(word);
  }
  Session session;
  session.is_transfer = true;
  const int status = run(all, session);
  if (status != 0 || session.stopped) throw_for(session, status, what);
}

}  // namespace mat
