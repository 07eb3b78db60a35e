#include "core/storage/remote_storage.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/storage/fetch_cache.h"
#include "core/storage/rclone.h"
#include "core/storage/remote_address.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kFetchAttempts = 3;
constexpr std::size_t kShownDifferences = 5;

void log(const TransferHooks& hooks, const std::string& line) {
  if (hooks.log) hooks.log(line);
}

std::int64_t bytes_of(const std::vector<RemoteFile>& files) {
  std::int64_t bytes = 0;
  for (const RemoteFile& file : files) bytes += file.size;
  return bytes;
}

std::string amount(std::size_t files, std::int64_t bytes) {
  return fmt::format("{} {}, {}", files, files == 1 ? "file" : "files",
                     format_bytes(static_cast<std::uint64_t>(bytes)));
}

using Sizes = std::unordered_map<std::string, std::int64_t>;

Sizes sizes_of(const std::vector<RemoteFile>& files) {
  Sizes sizes;
  for (const RemoteFile& file : files) sizes.emplace(file.name, file.size);
  return sizes;
}

// What is wrong with `found`, where `expected` should be: the first few, and how many more.
std::string differences(const std::vector<RemoteFile>& expected, const Sizes& found) {
  std::vector<std::string> parts;
  std::size_t count = 0;
  for (const RemoteFile& file : expected) {
    const auto other = found.find(file.name);
    if (other != found.end() && other->second == file.size) continue;
    if (++count > kShownDifferences) continue;
    parts.push_back(other == found.end() ? fmt::format("'{}' is missing", file.name)
                                         : fmt::format("'{}' has {} bytes, not {}", file.name,
                                                       other->second, file.size));
  }
  if (count > kShownDifferences) {
    parts.push_back(fmt::format("and {} more", count - kShownDifferences));
  }
  return join(parts, ", ");
}

std::string differences_both_ways(const std::vector<RemoteFile>& remote,
                                  const std::vector<RemoteFile>& local) {
  if (std::string text = differences(remote, sizes_of(local)); !text.empty()) return text;
  const Sizes wanted = sizes_of(remote);
  for (const RemoteFile& file : local) {
    if (!wanted.contains(file.name)) return fmt::format("'{}' is not in the store", file.name);
  }
  return {};
}

// Whether the address is one object's. A folder that holds one file of its own name lists alike.
bool is_one_object(const Rclone& rclone, const RemoteAddress& address,
                   const std::vector<RemoteFile>& listing) {
  if (address.must_be_folder || listing.size() != 1) return false;
  if (listing.front().name != address.last_name()) return false;
  return rclone.list(rclone.place() + "/", /*is_local=*/false).empty();
}

std::vector<RemoteFile> list_source(const Rclone& rclone, const RemoteAddress& address) {
  std::vector<RemoteFile> listing = rclone.list(rclone.place(), /*is_local=*/false);
  if (listing.empty()) {
    throw Error(ErrorKind::not_found, fmt::format("there is nothing at '{}'", address.text()),
                "check the name; a folder without objects does not exist in an object store");
  }
  return listing;
}

void fill(const Rclone& rclone, const RemoteAddress& address, bool is_object,
          const fs::path& folder) {
  rclone.transfer(
      {is_object ? "copy" : "sync", "--use-server-modtime", rclone.place(), folder.string()},
      fmt::format("cannot fetch '{}'", address.text()));
}

void check_space(const fs::path& folder, std::int64_t bytes, const RemoteAddress& address) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error || bytes <= static_cast<std::int64_t>(space.available)) return;
  throw Error(ErrorKind::io,
              fmt::format("'{}' has {} to fetch, and there is room for {} in '{}'", address.text(),
                          format_bytes(static_cast<std::uint64_t>(bytes)),
                          format_bytes(space.available), folder.string()),
              "free some space, or choose another home with --home");
}

// What no retry mends is told at once. A server that does not answer just now may do so later.
void check_quickly(const Rclone& rclone) {
  try {
    rclone.has_files();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::io) throw;
  }
}

FetchedData fetch(const std::string& text, const fs::path& cache_folder,
                  const std::vector<std::string>& environment, const TransferHooks& hooks) {
  const RemoteAddress address = parse_remote_address(text);
  const Rclone rclone(address, environment, hooks);
  FetchCache cache(cache_folder, rclone.store() + " " + text, hooks);

  std::string problem;
  std::vector<RemoteFile> listing = list_source(rclone, address);
  for (int attempt = 0; attempt < kFetchAttempts; ++attempt) {
    const bool is_object = is_one_object(rclone, address, listing);
    FetchedData data{.path = cache.folder_of(listing),
                     .files = static_cast<std::int64_t>(listing.size()),
                     .bytes = bytes_of(listing),
                     .reused = false,
                     .fingerprint = cache.fingerprint(listing),
                     .in_use = FileDescriptor()};
    const auto finish = [&] {
      data.in_use = cache.use(listing);
      cache.remove_unused(listing);
      if (is_object) data.path /= address.last_name();
      return std::move(data);
    };
    if (cache.has(listing)) {
      data.reused = cache.is_intact(listing);
      if (data.reused) {
        log(hooks, fmt::format("'{}' is as it was fetched before: {}", address.text(),
                               amount(listing.size(), data.bytes)));
        return finish();
      }
      log(hooks, fmt::format("the copy of '{}' was changed and is fetched again", address.text()));
      cache.take_back(listing);
    }
    const std::int64_t missing = cache.prepare_partial(listing);
    check_space(cache.partial(), missing, address);
    log(hooks, fmt::format("fetching '{}': {}, {} of them new", address.text(),
                           amount(listing.size(), data.bytes),
                           format_bytes(static_cast<std::uint64_t>(missing))));
    fill(rclone, address, is_object, cache.partial());
    problem =
        differences_both_ways(listing, rclone.list(cache.partial().string(), /*is_local=*/true));
    if (problem.empty()) {
      cache.finish_partial(listing);
      return finish();
    }
    // Somebody may have written there meanwhile; then what is there now counts.
    std::vector<RemoteFile> now = list_source(rclone, address);
    if (now == listing) break;
    listing = std::move(now);
  }
  throw Error(ErrorKind::io,
              fmt::format("what was fetched is not what is at '{}': {}", address.text(), problem),
              "if somebody writes there just now, try again later");
}

UploadedData upload(const fs::path& path, const std::string& text,
                    const std::vector<std::string>& environment, const TransferHooks& hooks) {
  RemoteAddress address = parse_remote_address(text);
  const bool is_file = fs::is_regular_file(path);
  if (is_file && address.must_be_folder) {
    if (!address.key.empty()) address.key += '/';
    address.key += path.filename().string();
    address.must_be_folder = false;
  }
  const Rclone rclone(address, environment, hooks);
  const fs::path source = fs::absolute(path);
  std::vector<RemoteFile> local;
  if (fs::exists(source)) local = rclone.list(source.string(), /*is_local=*/true);
  if (local.empty()) {
    log(hooks, fmt::format("there is nothing to upload to '{}'", address.text()));
    return {};
  }
  const std::string what = fmt::format("cannot upload to '{}'", address.text());
  check_quickly(rclone);
  // A missing bucket is an error, not to be made: its name may be a mistake.
  if (is_file) {
    rclone.transfer({"copyto", "--s3-no-check-bucket", "--local-no-check-updated", source.string(),
                     rclone.place()},
                    what);
    // It may have grown since it was listed. The copy has its own name.
    local.front().name = address.last_name();
    const auto stored = rclone.list(rclone.place(), /*is_local=*/false);
    if (stored.size() == 1 && stored.front().size > local.front().size &&
        stored.front().size <= static_cast<std::int64_t>(fs::file_size(source))) {
      local.front().size = stored.front().size;
    }
  } else {
    rclone.transfer({"copy", "--s3-no-check-bucket", source.string(), rclone.place()}, what);
    local = rclone.list(source.string(), /*is_local=*/true);
  }
  const auto stored = rclone.list(rclone.place(), /*is_local=*/false);
  if (const std::string wrong = differences(local, sizes_of(stored)); !wrong.empty()) {
    throw Error(ErrorKind::io,
                fmt::format("not all of '{}' was uploaded to '{}': {}", path.string(),
                            address.text(), wrong),
                "if it was written to meanwhile, upload it again");
  }
  return {.files = static_cast<std::int64_t>(local.size()), .bytes = bytes_of(local)};
}

template <typename Action>
auto with_io_errors(const Action& action) {
  try {
    return action();
  } catch (const fs::filesystem_error& error) {
    throw_io_error(fmt::format("cannot use '{}'", error.path1().string()), error.code().value());
  }
}

}  // namespace

void check_remote_source(const std::string& text, const std::vector<std::string>& environment) {
  const RemoteAddress address = parse_remote_address(text);
  const TransferHooks hooks;
  const Rclone rclone(address, environment, hooks);
  if (rclone.has_files()) return;
  throw Error(ErrorKind::not_found, fmt::format("there is nothing at '{}'", address.text()),
              "check the name; a folder without objects does not exist in an object store");
}

void check_remote_target(const std::string& text, const std::vector<std::string>& environment) {
  const TransferHooks hooks;
  Rclone(parse_remote_address(text), environment, hooks).has_files();
}

FetchedData fetch_remote(const std::string& address, const fs::path& cache_folder,
                         const std::vector<std::string>& environment, const TransferHooks& hooks) {
  return with_io_errors([&] { return fetch(address, cache_folder, environment, hooks); });
}

UploadedData upload_to_remote(const fs::path& path, const std::string& address,
                              const std::vector<std::string>& environment,
                              const TransferHooks& hooks) {
  return with_io_errors([&] { return upload(path, address, environment, hooks); });
}

}  // namespace mat
