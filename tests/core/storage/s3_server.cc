#include "tests/core/storage/s3_server.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <stdexcept>

#include "core/base/child_process.h"

namespace mat {

S3Server* S3Server::get() {
  static const std::unique_ptr<S3Server> server(new S3Server);
  if (!server->endpoint_.empty()) return server.get();
  const char* required = std::getenv("MAT_REQUIRE_S3");
  if (required != nullptr && std::string(required) == "1") FAIL("no S3 server can run here");
  WARN("SKIPPED: no S3 server can run here. See tests/storage/start_s3.sh for what it needs");
  return nullptr;
}

S3Server::S3Server() : script_("storage/start_s3.sh") {
  std::string endpoint;
  for (std::string line = script_.read_line(); line != "ready" && !line.empty();
       line = script_.read_line()) {
    const std::string name = line.substr(0, line.find('='));
    const std::string value = line.substr(line.find('=') + 1);
    if (name == "MAT_S3_ENDPOINT") endpoint = value;
    if (name == "MAT_S3_ACCESS_KEY") access_key_ = value;
    if (name == "MAT_S3_SECRET_KEY") secret_key_ = value;
    if (name == "MAT_S3_FOLDER") home_ = value;
  }
  if (home_.empty() || run_child({"rclone", "version"}, environment(), {}).exit_status != 0) return;
  endpoint_ = endpoint;
}

void S3Server::expect(const std::string& command, const std::string& answer) {
  if (script_.ask(command) != answer) {
    throw std::runtime_error("the S3 server's script does not " + command);
  }
}

void S3Server::kill() { expect("kill", "killed"); }
void S3Server::start() { expect("start", "ready"); }

std::vector<std::string> S3Server::environment(const std::vector<std::string>& more) const {
  std::vector<std::string> all{"PATH=/usr/bin:/bin",
                               "HOME=" + home_,
                               "AWS_ENDPOINT_URL=" + endpoint_,
                               "AWS_REGION=us-east-1",
                               "AWS_ACCESS_KEY_ID=" + access_key_,
                               "AWS_SECRET_ACCESS_KEY=" + secret_key_};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string S3Server::make_bucket() {
  const std::string name = "bucket-" + std::to_string(++buckets_);
  rclone({"mkdir", "remote:" + name});
  return name;
}

std::string S3Server::rclone(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"rclone"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const ChildResult result = run_child(
      all,
      environment({"RCLONE_CONFIG_REMOTE_TYPE=s3", "RCLONE_CONFIG_REMOTE_PROVIDER=Other",
                   "RCLONE_CONFIG_REMOTE_ENV_AUTH=true", "RCLONE_CONFIG_REMOTE_REGION=us-east-1",
                   "RCLONE_CONFIG_REMOTE_ENDPOINT=" + endpoint_}),
      {.seconds = 120});
  INFO(result.error);
  REQUIRE(result.exit_status == 0);
  return result.output;
}

}  // namespace mat
