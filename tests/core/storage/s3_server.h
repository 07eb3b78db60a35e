#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/script_process.h"

namespace mat {

// A real S3 server on loopback, run by tests/storage/start_s3.sh. One for all tests of the program,
// started when the first asks for it.
class S3Server {
 public:
  // Null when it cannot run here: a warning is printed, and the test is to return. With
  // MAT_REQUIRE_S3=1 the test fails instead.
  static S3Server* get();

  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  const std::string& access_key() const { return access_key_; }
  const std::string& secret_key() const { return secret_key_; }

  // A client's whole environment, with `more` behind it. Its HOME has no configuration.
  std::vector<std::string> environment(const std::vector<std::string>& more = {}) const;

  void kill();   // with SIGKILL; its data stays
  void start();  // again, on the same port

  // A new empty bucket's name.
  std::string make_bucket();
  // Runs rclone with `arguments` and fails the test when it does. "remote:" is this server.
  std::string rclone(const std::vector<std::string>& arguments) const;

 private:
  S3Server();
  void expect(const std::string& command, const std::string& answer);

  ScriptProcess script_;
  int buckets_ = 0;
  std::string endpoint_, access_key_, secret_key_, home_;
};

}  // namespace mat
