#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/storage/remote_address.h"
#include "core/storage/remote_storage.h"

namespace mat {

struct RemoteFile {
  std::string name;  // below the listed address, with slashes
  std::int64_t size = 0;
  std::string modified;  // RFC 3339; of an object when it was stored
  std::string hash;      // empty where the store has none

  bool operator==(const RemoteFile&) const = default;
};

// The program rclone, set up for one address: see remote_storage.h for how.
class Rclone {
 public:
  // Throws usage errors: rclone is not installed, or its configuration cannot be read.
  Rclone(const RemoteAddress& address, const std::vector<std::string>& environment,
         const TransferHooks& hooks);

  // The address as rclone has it, "mats3:bucket/key".
  const std::string& place() const { return place_; }
  // Tells apart stores that the same address may mean.
  std::string store() const;

  // All files below a place or local path, ordered by name; one object is listed under its own last
  // name. A bucket that does not exist is a not_found error, names below it that do not are not.
  std::vector<RemoteFile> list(const std::string& place, bool is_local) const;

  // True when there is a file at or below the place. Ends early, with few attempts.
  bool has_files() const;

  // Runs "rclone WORDS…", which transfers. `what` is the beginning of an error: "cannot fetch …".
  void transfer(const std::vector<std::string>& words, const std::string& what) const;

  // `text` without the values of secret variables.
  std::string without_secrets(std::string text) const;

 private:
  struct Session;

  void use_remote_of_configuration_or_make_one(const RemoteAddress& address);
  void make_s3_remote();
  void make_obs_remote();
  void collect_secrets();
  bool configuration_has(const std::string& remote) const;
  std::string variable(std::initializer_list<const char*> names) const;
  int run(const std::vector<std::string>& arguments, Session& session) const;
  void take_error_line(std::string_view line, Session& session) const;
  void throw_for(const Session& session, int exit_status, const std::string& what) const;

  std::filesystem::path program_;
  std::map<std::string, std::string> environment_;
  std::vector<std::string> secrets_;
  const TransferHooks& hooks_;
  std::string address_, place_;
};

}  // namespace mat
