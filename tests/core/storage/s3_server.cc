#include "tests/core/storage/s3_server.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
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

S3Server::S3Server() {
  std::array<int, 2> to{}, from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  const std::string script = MAT_TESTS_FOLDER "/storage/start_s3.sh";
  // Of nobody's family: other tests look at the children of this process.
  const pid_t between = ::fork();
  if (between == 0) {
    if (::fork() != 0) ::_exit(0);
    ::dup2(to[0], STDIN_FILENO);
    ::dup2(from[1], STDOUT_FILENO);
    ::execl("/bin/bash", "bash", script.c_str(), "--no-install", nullptr);
    ::_exit(77);
  }
  ::waitpid(between, nullptr, 0);
  ::close(to[0]);
  ::close(from[1]);
  to_ = to[1];
  from_ = from[0];
  std::string endpoint;
  for (std::string line = read_line(); line != "ready" && !line.empty(); line = read_line()) {
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

S3Server::~S3Server() {
  ::close(to_);
  while (!read_line().empty()) {
  }
  ::close(from_);
}

std::string S3Server::read_line() {
  for (;;) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> chunk;
    const ssize_t count = ::read(from_, chunk.data(), chunk.size());
    if (count <= 0) return {};
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

void S3Server::expect(const std::string& command, const std::string& answer) {
  const std::string line = command + "\n";
  if (::write(to_, line.data(), line.size()) < 0 || read_line() != answer) {
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
