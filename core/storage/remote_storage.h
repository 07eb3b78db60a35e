#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"

// Data in object stores, moved by rclone.
//
// Which account, which endpoint. An address s3://BUCKET/… goes through the remote named "s3" of the
// user's rclone configuration (rclone.conf, or RCLONE_CONFIG_S3_TYPE and its like), and obs://…
// through the one named "obs", where there is one. Where there is none:
//
//   s3    Amazon, or what AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names; the region of AWS_REGION
//         or AWS_DEFAULT_REGION; credentials as Amazon's own tools find them (AWS_ACCESS_KEY_ID
//         and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ~/.aws, the machine's role)
//   obs   Huawei's OBS at OBS_ENDPOINT, or AWS_ENDPOINT_URL(_S3); credentials of
//         HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (and HUAWEICLOUD_SDK_SECURITY_TOKEN), of
//         OBS_ACCESS_KEY_ID and OBS_SECRET_ACCESS_KEY, or else those of s3
//
// RCLONE_S3_PROVIDER, RCLONE_S3_REGION, … and rclone's other variables (RCLONE_BWLIMIT,
// RCLONE_TRANSFERS, RCLONE_RETRIES) hold too. AWS_CA_BUNDLE is given to rclone in its own way.
// Credentials reach rclone by the environment or its configuration only, and no line or error that
// comes from here has the value of a variable whose name says that it is secret.
//
// `environment` is "NAME=VALUE" and the whole of what rclone gets. Errors: usage for a wrong
// address, a missing rclone and refused credentials, not_found for what is not there, io for a
// server that does not answer or answers wrongly and for a full disk, terminated when
// stop_requested() said so.

namespace mat {

struct TransferProgress {
  std::int64_t files = 0, files_total = 0;
  std::int64_t bytes = 0, bytes_total = 0;  // what is there already does not count
};

// Any may be empty. Called from the calling thread, and may throw.
struct TransferHooks {
  std::function<void(const TransferProgress& progress)> progress;  // about twice a second
  std::function<void(std::string_view line)> log;
  std::function<bool()> stop_requested;  // asked ten times a second; ends a transfer within 2 s
  // A transfer in which nothing moves for so long after an error is given up; without any error,
  // for five times as long.
  double patience_s = 60;
};

// Whether data can be read from, or written below, an address: rclone is there, the server answers,
// the credentials hold, the bucket exists; for reading also that something is there. At most half a
// minute. What only an upload can show, a missing right to write, it does not see.
void check_remote_source(const std::string& address, const std::vector<std::string>& environment);
void check_remote_target(const std::string& address, const std::vector<std::string>& environment);

struct FetchedData {
  std::filesystem::path path;  // a folder, or the file when the address is one object's
  std::int64_t files = 0, bytes = 0;
  bool reused = false;      // nothing had to be fetched
  std::string fingerprint;  // of the names, sizes, times and hashes of the objects
  FileDescriptor in_use;    // while it is open, no other fetch removes or changes the data
};

// The data at `address`, in a folder below `cache_folder`, which fetches of any processes share.
// What an earlier fetch has brought and has not changed since is not transferred again. Data that
// changed gets a folder of its own beside the old, which is removed once no run uses it: what a
// run reads never changes under it, and is never half there. A fetch that failed goes on where it
// ended. The files are for reading only: unchanged ones are the same files in both folders.
FetchedData fetch_remote(const std::string& address, const std::filesystem::path& cache_folder,
                         const std::vector<std::string>& environment, const TransferHooks& hooks);

struct UploadedData {
  std::int64_t files = 0, bytes = 0;
};

// Copies what is in a folder below `address`, or one file to it (into it, when it ends in a slash).
// Other objects there stay. Nothing to do when there is no file. Links are left out, with a line in
// the log. Then every file is there with its size, or it throws an io error that names the first
// that are not. A single file may grow meanwhile.
UploadedData upload_to_remote(const std::filesystem::path& path, const std::string& address,
                              const std::vector<std::string>& environment,
                              const TransferHooks& hooks);

}  // namespace mat
