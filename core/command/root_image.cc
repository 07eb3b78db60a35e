#include "core/command/root_image.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/lock_file.h"
#include "core/base/text.h"
#include "core/command/program_path.h"
#include "core/storage/line_process.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartialPrefix = ".unpacking-";
// The container has its own of these; unpacking device nodes takes rights that nobody should need.
constexpr std::array<std::string_view, 4> kOwnFolders{"dev", "proc", "tmp", "sys"};

// What unpacks an image.
class Unpacker {
 public:
  Unpacker(const fs::path& image, const fs::path& cache,
           const std::vector<std::string>& environment, const std::function<bool()>& stop_requested)
      : image_(image), cache_(cache), environment_(environment), stop_requested_(stop_requested) {}

  fs::path unpacked() const {
    const std::string sum = run_tool("sha256sum", {"-b", "--", image_.string()});
    // For a name with special characters, sha256sum begins the line with a backslash.
    fs::path folder = cache_ / sum.substr(sum.starts_with('\\') ? 1 : 0, 64);
    std::error_code error;
    if (fs::is_directory(folder, error)) return folder;

    make_folders(cache_);
    // Programs of foreign images, which may be set-user-ID, are nobody else's to start.
    ::chmod(cache_.c_str(), 0700);
    const FileDescriptor lock = lock_file(cache_ / ".lock", {{}, stop_requested_});
    if (fs::is_directory(folder, error)) return folder;
    remove_leftovers();
    unpack_as(folder);
    return folder;
  }

 private:
  // The first line of what it prints.
  std::string run_tool(const std::string& tool, const std::vector<std::string>& arguments) const {
    std::string output, problem;
    bool is_stopped = false;
    LineWatch watch;
    watch.output = [&](std::string_view line) {
      if (output.empty()) output = line;
    };
    // The first complaint, which the later ones follow from.
    watch.error = [&](std::string_view line) {
      const bool is_harmless = line.find("Removing leading") != std::string_view::npos;
      if (problem.empty() && !is_harmless) problem = printable(trim(line));
    };
    watch.go_on = [&] {
      is_stopped = stop_requested_ && stop_requested_();
      return !is_stopped;
    };
    const int status =
        run_lines(find_program(tool, environment_, "/"), arguments, environment_, watch);
    if (is_stopped) {
      throw Error(ErrorKind::terminated,
                  fmt::format("stopped while unpacking the image '{}'", image_.string()));
    }
    if (status == 0) return output;
    throw Error(ErrorKind::usage,
                fmt::format("the image '{}' cannot be unpacked: {}", image_.string(),
                            problem.empty() ? tool + " failed" : problem),
                "a tarball of a root file system is wanted, as 'docker export' writes it");
  }

  // Of processes that were killed: whoever unpacks has the lock.
  void remove_leftovers() const {
    std::error_code ignored;
    for (const fs::path& entry : entries_of(cache_)) {
      if (entry.filename().string().starts_with(kPartialPrefix)) fs::remove_all(entry, ignored);
    }
  }

  void unpack_as(const fs::path& folder) const {
    const fs::path partial = cache_ / (kPartialPrefix + folder.filename().string().substr(0, 16));
    try {
      make_folders(partial);
      std::vector<std::string> arguments{
          "--extract",      "--file",          image_.string(),         "--directory",
          partial.string(), "--no-same-owner", "--no-same-permissions", "--force-local",
          "--anchored"};
      for (const std::string_view name : kOwnFolders) {
        arguments.push_back(fmt::format("--exclude=./{}/*", name));
        arguments.push_back(fmt::format("--exclude={}/*", name));
      }
      run_tool("tar", arguments);
      check_is_root(partial, image_);
      ::chmod(partial.c_str(), 0755);
      // What has its name is trusted from then on, also after a power failure.
      sync_tree(partial);
      fs::rename(partial, folder);
    } catch (const fs::filesystem_error& e) {
      throw_io_error(fmt::format("cannot make '{}'", folder.string()), e.code().value());
    } catch (const Error&) {
      std::error_code ignored;
      fs::remove_all(partial, ignored);
      throw;
    }
  }

  const fs::path& image_;
  const fs::path& cache_;
  const std::vector<std::string>& environment_;
  const std::function<bool()>& stop_requested_;
};

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && rest != path.end();
}

void add_folder(const fs::path& outside, const fs::path& inside,
                const std::vector<fs::path>& mounts, std::vector<std::string>& arguments) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(outside, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) {
    throw_io_error(fmt::format("cannot read the folder '{}'", outside.string()), error.value());
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    const fs::path target = inside / entry.filename();
    const bool is_own = inside == "/" && std::find(kOwnFolders.begin(), kOwnFolders.end(),
                                                   entry.filename().string()) != kOwnFolders.end();
    const bool is_mount = std::find(mounts.begin(), mounts.end(), target) != mounts.end();
    if (is_own || is_mount) continue;
    std::error_code gone;
    const fs::file_status status = fs::symlink_status(entry, gone);
    if (fs::is_symlink(status)) {
      arguments.insert(arguments.end(),
                       {"--symlink", fs::read_symlink(entry, gone).string(), target.string()});
    } else if (fs::is_directory(status) &&
               std::any_of(mounts.begin(), mounts.end(),
                           [&](const fs::path& mount) { return is_below(mount, target); })) {
      arguments.insert(arguments.end(), {"--dir", target.string()});
      add_folder(entry, target, mounts, arguments);
    } else if (fs::is_directory(status) || fs::is_regular_file(status)) {
      arguments.insert(arguments.end(), {"--ro-bind", entry.string(), target.string()});
    }
  }
}

}  // namespace

void check_is_root(const fs::path& root, const fs::path& image) {
  std::error_code ignored;
  for (const char* name : {"bin", "usr"}) {
    if (fs::exists(fs::symlink_status(root / name, ignored))) return;
  }
  throw Error(ErrorKind::usage,
              fmt::format("the image '{}' is no root file system: it has neither bin nor usr",
                          image.string()),
              "a folder or tarball as 'docker export' or debootstrap makes it");
}

fs::path root_folder(const fs::path& image, const fs::path& cache,
                     const std::vector<std::string>& environment,
                     const std::function<bool()>& stop_requested) {
  std::error_code error;
  if (!fs::is_directory(image, error)) {
    return Unpacker(image, cache, environment, stop_requested).unpacked();
  }
  check_is_root(image, image);
  return image;
}

std::vector<std::string> root_arguments(const fs::path& root, const std::vector<fs::path>& mounts) {
  std::vector<std::string> arguments;
  add_folder(root, "/", mounts, arguments);
  return arguments;
}

bool root_has_program(const fs::path& root, const fs::path& path) {
  const FileDescriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const FileDescriptor file(
      static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
  if (!file) return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return true;
  return S_ISREG(info.st_mode) && (info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

}  // namespace mat
