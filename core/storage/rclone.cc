#include "core/storage/rclone.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/provenance.h"
#include "core/storage/line_process.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kCheckSeconds = 30;
constexpr int kLoggedErrors = 20;
constexpr int kSilenceFactor = 5;
constexpr std::size_t kShortestSecret = 6;  // shorter values would blot out harmless text

// Variables of rclone that change what is transferred or how it tells about it.
constexpr const char* kNotPassedOn[] = {
    "RCLONE_BACKUP_DIR", "RCLONE_DRY_RUN", "RCLONE_DUMP", "RCLONE_DUMP_BODIES",
    "RCLONE_DUMP_HEADERS", "RCLONE_IGNORE_EXISTING", "RCLONE_IGNORE_SIZE", "RCLONE_INTERACTIVE",
    "RCLONE_LOG_FILE", "RCLONE_LOG_FORMAT", "RCLONE_LOG_LEVEL", "RCLONE_LOG_SYSTEMD",
    "RCLONE_MAX_DEPTH", "RCLONE_PROGRESS", "RCLONE_QUIET", "RCLONE_SIZE_ONLY",
    "RCLONE_STATS_ONE_LINE", "RCLONE_STATS_ONE_LINE_DATE", "RCLONE_SUFFIX", "RCLONE_SYSLOG",
    "RCLONE_UPDATE", "RCLONE_USE_JSON_LOG", "RCLONE_VERBOSE", "RCLONE_ERROR_ON_NO_TRANSFER",
    "RCLONE_STATS_UNIT", "RCLONE_MAX_TRANSFER", "RCLONE_PROGRESS_TERMINAL_TITLE",
    // This one makes rclone 1.60 fail at once; RCLONE_CA_CERT stands in for it.
    "AWS_CA_BUNDLE"};

fs::path find_program(const std::string& search_path) {
  for (const std::string& folder : split(search_path, ':')) {
    const fs::path program = fs::path(folder.empty() ? "." : folder) / "rclone";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  throw Error(ErrorKind::usage,
              "rclone, which moves data from and to object stores, is not installed",
              "install it, on Debian and Ubuntu by: sudo apt install rclone");
}

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

Rclone::Rclone(const RemoteAddress& address, const std::vector<std::string>& environment,
               const TransferHooks& hooks)
    : hooks_(hooks), address_(address.text()) {
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos)
      environment_[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  program_ = find_program(variable({"PATH"}));
  if (const std::string bundle = variable({"AWS_CA_BUNDLE"}); !bundle.empty()) {
    environment_.try_emplace("RCLONE_CA_CERT", bundle);
  }
  for (const char* name : kNotPassedOn) environment_.erase(name);
  // In the environment, not in the arguments, so that the user's own values hold.
  environment_.try_emplace("RCLONE_RETRIES", "5");
  environment_.try_emplace("RCLONE_RETRIES_SLEEP", "3s");
  environment_.try_emplace("RCLONE_LOW_LEVEL_RETRIES", "5");
  environment_.try_emplace("RCLONE_CONTIMEOUT", "10s");
  environment_.try_emplace("RCLONE_TIMEOUT", "60s");
  environment_["RCLONE_ASK_PASSWORD"] = "false";
  collect_secrets();
  use_remote_of_configuration_or_make_one(address);
  collect_secrets();
  // The slash keeps rclone from looking for an object of that name.
  if (address.must_be_folder && !address.key.empty()) place_ += "/";
}

void Rclone::use_remote_of_configuration_or_make_one(const RemoteAddress& address) {
  const std::string path = ":" + address.bucket + (address.key.empty() ? "" : "/" + address.key);
  if (configuration_has(address.scheme)) {
    place_ = address.scheme + path;
    return;
  }
  place_ = "mat" + address.scheme + path;
  address.scheme == "s3" ? make_s3_remote() : make_obs_remote();
}

void Rclone::make_s3_remote() {
  const auto set = [&](const char* name, const char* general, const std::string& value) {
    if (!value.empty() && variable({general}).empty()) environment_[name] = value;
  };
  const std::string endpoint = variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  const bool is_amazon = endpoint.empty() && variable({"RCLONE_S3_ENDPOINT"}).empty();
  environment_["RCLONE_CONFIG_MATS3_TYPE"] = "s3";
  set("RCLONE_CONFIG_MATS3_ENV_AUTH", "RCLONE_S3_ENV_AUTH", "true");
  set("RCLONE_CONFIG_MATS3_PROVIDER", "RCLONE_S3_PROVIDER", is_amazon ? "AWS" : "Other");
  set("RCLONE_CONFIG_MATS3_ENDPOINT", "RCLONE_S3_ENDPOINT", endpoint);
  set("RCLONE_CONFIG_MATS3_REGION", "RCLONE_S3_REGION",
      variable({"AWS_REGION", "AWS_DEFAULT_REGION"}));
}

void Rclone::make_obs_remote() {
  const std::string endpoint =
      variable({"OBS_ENDPOINT", "RCLONE_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (endpoint.empty()) {
    throw Error(ErrorKind::usage, fmt::format("it is not known where '{}' is", address_),
                "set OBS_ENDPOINT, like obs.cn-north-4.myhuaweicloud.com, or make a remote named "
                "'obs' by: rclone config");
  }
  environment_["RCLONE_CONFIG_MATOBS_TYPE"] = "s3";
  if (variable({"RCLONE_S3_PROVIDER"}).empty()) {
    environment_["RCLONE_CONFIG_MATOBS_PROVIDER"] = "HuaweiOBS";
  }
  environment_["RCLONE_CONFIG_MATOBS_ENDPOINT"] = endpoint;
  const std::string key = variable({"HUAWEICLOUD_SDK_AK", "OBS_ACCESS_KEY_ID"});
  environment_["RCLONE_CONFIG_MATOBS_ENV_AUTH"] = key.empty() ? "true" : "false";
  if (!key.empty()) {
    environment_["RCLONE_CONFIG_MATOBS_ACCESS_KEY_ID"] = key;
    environment_["RCLONE_CONFIG_MATOBS_SECRET_ACCESS_KEY"] =
        variable({"HUAWEICLOUD_SDK_SK", "OBS_SECRET_ACCESS_KEY"});
    const std::string token = variable({"HUAWEICLOUD_SDK_SECURITY_TOKEN", "OBS_SECURITY_TOKEN"});
    if (!token.empty()) environment_["RCLONE_CONFIG_MATOBS_SESSION_TOKEN"] = token;
  }
}

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

std::string Rclone::variable(std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    const auto found = environment_.find(name);
    if (found != environment_.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string Rclone::store() const {
  const std::string remote = place_.substr(0, place_.find(':'));
  return remote == "mats3"
             ? remote + " " + variable({"RCLONE_CONFIG_MATS3_ENDPOINT", "RCLONE_S3_ENDPOINT"})
         : remote == "matobs" ? remote + " " + variable({"RCLONE_CONFIG_MATOBS_ENDPOINT"})
                              : remote;
}

void Rclone::collect_secrets() {
  secrets_.clear();
  for (const auto& [name, value] : environment_) {
    const bool is_secret = is_secret_name(name) || name.ends_with("_PASS") ||
                           name.ends_with("_AK") || name.ends_with("_SK");
    if (is_secret && value.size() >= kShortestSecret) secrets_.push_back(value);
  }
  // The longest first: one may be a part of another.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Rclone::without_secrets(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), kHiddenValue);
      at += std::strlen(kHiddenValue);
    }
  }
  // https://user:password@host
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
  if (contains_any(error, {"SignatureDoesNotMatch", "InvalidAccessKeyId", "NoCredentialProviders",
                           "AccessDenied", "Forbidden", "ExpiredToken", "InvalidToken",
                           "Unauthorized", "status code: 403"})) {
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
