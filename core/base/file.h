#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// All throw io errors that name the file.

// The whole file. A file of more than `max_bytes` is an error (usage) before it is read.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ULL << 32);

// Nothing if there is no such file.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path,
                                               std::uint64_t max_bytes = 1ULL << 32);

// Writes beside `path`, syncs, renames and syncs the folder: after a crash there is either the old
// file or the new one, and after an error nothing new is left.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

// The same with the parts one after another, for what is too large to be copied together.
void write_file_atomic(const std::filesystem::path& path, std::span<const std::string_view> parts);

// The same piece by piece, for what is never whole in memory.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();  // without finish(), nothing is left
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void finish();  // syncs, puts the file in its place and syncs the folder

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes in place and waits for no disk: for a file that nobody reads yet. `mode`, less the umask,
// is that of a new file.
void write_file_unsynced(const std::filesystem::path& path, std::string_view bytes,
                         unsigned mode = 0666);

// `name` is for the error. read_some() gives 0 at the end.
void write_all(int fd, std::string_view bytes, const std::filesystem::path& name);
std::size_t read_some(int fd, char* to, std::size_t size, const std::filesystem::path& name);

void make_folders(const std::filesystem::path& path);

// What was made in the folder or renamed into it is on the disk afterwards, as far as the file
// system allows.
void sync_folder(const std::filesystem::path& folder);

// The files and folders, those that are there, are on the disk afterwards, what is in them and how
// long they are; errors of folders count for nothing, as in sync_folder(). Waits for all at the
// same time: among many who sync, each wait is long.
void sync_together(std::span<const std::filesystem::path> paths);

// The folder and all that is below it are on the disk afterwards; links are not followed.
void sync_tree(const std::filesystem::path& folder);

// The working directory; an io error when it has been deleted.
std::filesystem::path working_folder();

// `path` below the working directory when it is relative, without "." and "..".
std::filesystem::path absolute_path(const std::filesystem::path& path);

// Bytes that the files below `path` occupy by their sizes; links are not followed.
std::uint64_t folder_bytes(const std::filesystem::path& path);

// What is in a folder, in the order of the names; nothing of one that cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

// Why `path` and all below it could not be removed ("X belongs to …"), or nothing when it can.
// Removes nothing. Looks at permissions, immutable flags and mount points.
std::optional<std::string> why_not_removable(const std::filesystem::path& path);

// An owned file descriptor, closed at the end; -1 is none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace mat
