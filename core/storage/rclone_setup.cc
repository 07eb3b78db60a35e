// How rclone is set up for an address: its environment, and which remote it goes through.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/storage/rclone.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

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
    fs::path program = fs::path(folder.empty() ? "." : folder) / "rclone";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  throw Error(ErrorKind::usage,
              "rclone, which moves data from and to object stores, is not installed",
              "install it, on Debian and Ubuntu by: sudo apt install rclone");
}

}  // namespace

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

}  // namespace mat
