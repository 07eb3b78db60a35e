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

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/command/program_path.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kUnpackSeconds = 3600;
// The container has its own of these; unpacking device nodes takes rights that nobody should need.
constexpr std::array<std::string_view, 4> kOwnFolders{"dev", "proc", "tmp", "sys"};

// The first complaint, which the later ones follow from.
std::string first_problem(const std::string& said) {
  for (const std::string& line : split(said, '\n')) {
    const bool is_harmless = line.find("Removing leading") != std::string::npos;
    if (!is_harmless && !trim(line).empty()) return std::string(trim(line));
  }
  return {};
}

std::string run_tool(const std::string& tool, std::vector<std::string> arguments,
                     const std::vector<std::string>& environment, const fs::path& image) {
  arguments.insert(arguments.begin(), find_program(tool, environment, "/").string());
  const ChildResult result = run_child(arguments, environment, {.seconds = kUnpackSeconds});
  if (result.started && result.exit_status == 0) return result.output;
  const std::string said = first_problem(result.error);
  throw Error(ErrorKind::usage,
              fmt::format("the image '{}' cannot be unpacked: {}", image.string(),
                          said.empty() ? tool + " failed" : printable(said)),
              "a tarball of a root file system is wanted, as 'docker export' writes it");
}

fs::path unpacked(const fs::path& image, const fs::path& cache,
                  const std::vector<std::string>& environment) {
  const std::string sum = run_tool("sha256sum", {"-b", "--", image.string()}, environment, image);
  // For a name with special characters, sha256sum begins the line with a backslash.
  const std::string digest = sum.substr(sum.starts_with('\\') ? 1 : 0, 64);
  fs::path folder = cache / digest;
  std::error_code error;
  if (fs::is_directory(folder, error)) return folder;

  make_folders(cache);
  // Programs of foreign images, which may be set-user-ID, are nobody else's to start.
  ::chmod(cache.c_str(), 0700);
  std::string partial = (cache / (".unpacking-" + digest.substr(0, 16) + "-XXXXXX")).string();
  if (::mkdtemp(partial.data()) == nullptr) {
    throw_io_error(fmt::format("cannot make a folder in '{}'", cache.string()), errno);
  }
  try {
    std::vector<std::string> arguments{
        "--extract", "--file",          image.string(),          "--directory",
        partial,     "--no-same-owner", "--no-same-permissions", "--force-local"};
    for (const std::string_view name : kOwnFolders) {
      arguments.push_back(fmt::format("--exclude=./{}/*", name));
      arguments.push_back(fmt::format("--exclude={}/*", name));
    }
    arguments.insert(arguments.begin() + 8, "--anchored");
    run_tool("tar", arguments, environment, image);
    check_is_root(partial, image);
  } catch (const Error&) {
    fs::remove_all(partial, error);
    throw;
  }
  ::chmod(partial.c_str(), 0755);
  // Where another process was quicker, its folder is as good.
  fs::rename(partial, folder, error);
  if (error) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    if (!fs::is_directory(folder, ignored)) {
      throw_io_error(fmt::format("cannot make '{}'", folder.string()), error.value());
    }
  }
  return folder;
}

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
                     const std::vector<std::string>& environment) {
  std::error_code error;
  if (!fs::is_directory(image, error)) return unpacked(image, cache, environment);
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
