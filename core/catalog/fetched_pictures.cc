#include "core/catalog/fetched_pictures.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/cache/content.h"
#include "core/cache/picture_file.h"
#include "core/storage/remote_address.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigitsOfContent = 8;

FetchedData fetch(const Home& home, const std::string& address,
                  const std::vector<std::string>& environment, const CatalogHooks& hooks) {
  TransferHooks transfer;
  transfer.progress = [&hooks](const TransferProgress& p) {
    tell(hooks, "fetching pictures", p.bytes, p.bytes_total);
  };
  if (hooks.note) transfer.log = [&hooks](std::string_view line) { hooks.note(line); };
  transfer.stop_requested = hooks.stop_requested;
  return fetch_remote(address, home.cache() / "fetched", environment, transfer);
}

std::vector<std::uint8_t> bytes_of(const fs::path& file) {
  std::vector<std::uint8_t> bytes;
  const PictureFile read = read_picture_file(file, bytes);
  if (!read.problem.empty()) {
    throw Error(ErrorKind::io, fmt::format("cannot read '{}': {}", file.string(), read.problem));
  }
  return bytes;
}

bool is_same(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  if (!fs::is_regular_file(fs::symlink_status(b, error))) return false;
  return fs::file_size(a, error) == fs::file_size(b, error) && bytes_of(a) == bytes_of(b);
}

void link_or_copy(const fs::path& from, const fs::path& to) {
  make_folders(to.parent_path());
  if (::link(from.c_str(), to.c_str()) == 0) return;
  const std::vector<std::uint8_t> bytes = bytes_of(from);
  write_file_atomic(to, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

FetchedPictures::FetchedPictures(const Home& home, const DatasetFolder& folder,
                                 const std::string& address,
                                 const std::vector<std::string>& environment,
                                 const CatalogHooks& hooks)
    : data_(fetch(home, address, environment, hooks)) {
  const RemoteAddress remote = parse_remote_address(address);
  fs::path place = fs::path(remote.scheme) / remote.bucket / remote.key;
  address_ = remote.text();
  root_ = data_.path;
  std::error_code error;
  if (!fs::is_directory(data_.path, error)) {
    root_ = data_.path.parent_path();
    place = place.parent_path();
    address_ = address_.substr(0, address_.rfind('/'));
  }
  target_ = folder.files() / place;
}

fs::path FetchedPictures::place_for(const fs::path& file, const fs::path& name) const {
  fs::path wanted = target_ / name;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(wanted, error)) || is_same(file, wanted)) return wanted;
  const std::vector<std::uint8_t> bytes = bytes_of(file);
  const std::string content = to_hex(content_of(bytes.data(), bytes.size()));
  return wanted.parent_path() / fmt::format("{}.{}{}", wanted.stem().string(),
                                            content.substr(0, kDigitsOfContent),
                                            wanted.extension().string());
}

void FetchedPictures::keep(ManifestSample& sample) const {
  const fs::path name = fs::path(sample.source).lexically_relative(root_);
  if (name.empty() || *name.begin() == "..") return;
  const fs::path place = place_for(sample.source, name);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(place, error))) link_or_copy(sample.source, place);
  if (!sample.line.is_object()) sample.line = Json::object();
  if (!sample.line.contains("mapped-from")) {
    sample.line["mapped-from"] = address_ + "/" + name.generic_string();
  }
  sample.source = place.string();
}

}  // namespace mat
