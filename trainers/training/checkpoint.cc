#include "trainers/training/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/metrics/crc32c.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Raised whenever an older mat could not go on from a newer one's checkpoint, or the reverse.
constexpr const char* kFormat = "2";
constexpr std::size_t kKept = 2;
constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kSuffix = ".ckpt";
constexpr std::string_view kUnfinishedSuffix = ".part";

struct File {
  std::int64_t step;
  fs::path path;
};

template <typename Function>
void for_files(const fs::path& folder, const Function& function) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    function(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw_io_error(fmt::format("cannot read the folder '{}'", folder.string()), error.value());
  }
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw_io_error(fmt::format("cannot remove '{}'", path.string()), error.value());
}

std::optional<std::int64_t> step_in_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(std::min(kSuffix.size(), name.size()));
  return parse_integer(name);
}

// The latest first.
std::vector<File> checkpoints_in(const fs::path& folder) {
  std::vector<File> files;
  for_files(folder, [&](const fs::path& path) {
    if (const auto step = step_in_name(path.filename().string())) files.push_back({*step, path});
  });
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.step > b.step; });
  return files;
}

// Of all names, types, shapes and numbers and of all texts but the checksum itself.
std::string checksum_of(const Weights& weights) {
  std::string text;
  for (const auto& [key, value] : weights.metadata) {
    if (key != "checksum") text += fmt::format("{}={}\n", key, value);
  }
  for (const auto& [key, tensor] : weights.tensors) {
    const std::string_view bytes(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
    text += fmt::format("{} {}", key, static_cast<int>(tensor.scalar_type()));
    for (const std::int64_t size : tensor.sizes()) text += fmt::format(" {}", size);
    text += fmt::format(" {:08x}\n", crc32c(bytes));
  }
  return fmt::format("{:08x}", crc32c(text));
}

Checkpoint read_checkpoint(const fs::path& path) {
  Weights weights = read_weights(path);
  const auto& metadata = weights.metadata;
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  if (text("checksum") != checksum_of(weights)) throw Error(ErrorKind::io, "it is damaged");
  if (text("format") != kFormat) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("another version of mat has written the checkpoint '{}'", path.string()),
        "go on with that one");
  }
  Checkpoint checkpoint;
  checkpoint.step = parse_integer(text("step")).value_or(0);
  checkpoint.state = parse_json(text("state"), path.string());
  checkpoint.tensors = std::move(weights.tensors);
  return checkpoint;
}

}  // namespace

void write_checkpoint(const Checkpoint& checkpoint, const fs::path& folder) {
  make_folders(folder);
  Weights weights;
  weights.tensors = checkpoint.tensors;
  weights.metadata = {{"format", kFormat},
                      {"step", std::to_string(checkpoint.step)},
                      {"state", to_json_text(checkpoint.state)}};
  weights.metadata["checksum"] = checksum_of(weights);
  save_weights(weights, folder / fmt::format("{}{:09}{}", kPrefix, checkpoint.step, kSuffix));
  // What is later than this one was passed over when the training went on from an earlier one.
  std::size_t kept = 0;
  for (const File& file : checkpoints_in(folder)) {
    if (file.step > checkpoint.step || ++kept > kKept) remove_file(file.path);
  }
}

namespace {

// False when it is gone.
bool can_be_read(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return true;
  if (errno == ENOENT) return false;
  throw_io_error(fmt::format("cannot read the checkpoint '{}'", path.string()), errno);
}

}  // namespace

std::optional<Checkpoint> read_latest_checkpoint(const fs::path& folder,
                                                 const std::function<void(std::string_view)>& log) {
  for (const File& file : checkpoints_in(folder)) {
    // What cannot be opened may be whole: starting over would delete it.
    if (!can_be_read(file.path)) continue;
    try {
      return read_checkpoint(file.path);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::conflict) throw;
      log(fmt::format("passed over the checkpoint {}: {}", file.path.filename().string(),
                      e.message()));
    }
  }
  return std::nullopt;
}

void remove_checkpoints(const fs::path& folder) {
  remove_unfinished_files(folder);
  for (const File& file : checkpoints_in(folder)) remove_file(file.path);
}

void remove_unfinished_files(const fs::path& folder) {
  for_files(folder, [](const fs::path& path) {
    if (path.filename().string().ends_with(kUnfinishedSuffix)) remove_file(path);
  });
}

CheckpointWriter::CheckpointWriter(fs::path folder, Json settings)
    : folder_(std::move(folder)), settings_(std::move(settings)) {
  remove_unfinished_files(folder_);
}

bool CheckpointWriter::is_busy() {
  if (!under_way_.valid()) return false;
  if (under_way_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return true;
  under_way_.get();
  return false;
}

void CheckpointWriter::write(Checkpoint checkpoint) {
  finish();
  checkpoint.state["settings"] = settings_;
  under_way_ =
      std::async(std::launch::async, [folder = folder_, checkpoint = std::move(checkpoint)] {
        write_checkpoint(checkpoint, folder);
      });
}

void CheckpointWriter::finish() {
  if (under_way_.valid()) under_way_.get();
}

}  // namespace mat
