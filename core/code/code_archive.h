#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/code/code_hash.h"
#include "core/code/tar_header.h"

namespace mat {

// The code of a version that has not begun yet, in one file, which takes a fraction of the time
// that as many files would take. It is a tar file: tar itself lists and unpacks it.

// All throw io errors that name the file.
class CodeArchiveWriter {
 public:
  // Makes the file; one that is there is replaced. Space for the expected size is taken
  // at once, which is the faster way and finds a full disk before anything is copied.
  CodeArchiveWriter(const std::filesystem::path& archive, std::uint64_t expected_bytes);

  // Paths are relative. Gives how many bytes were there: at most `bytes`, also when the file grows
  // meanwhile.
  std::uint64_t add_file(const std::string& path, const std::filesystem::path& from,
                         std::uint64_t bytes, bool is_executable);
  void add_link(const std::string& path, const std::string& target);

  // Writes the end; the hash of all that was added. To be called once, last.
  std::string finish();

 private:
  void put_header(const std::string& path, std::uint64_t size, TarType type,
                  const std::string& target, bool is_executable);
  void put(const void* bytes, std::size_t size);
  void pad();
  void flush();
  std::uint64_t stream(int from, const std::filesystem::path& name, std::uint64_t bytes);

  std::filesystem::path path_;
  FileDescriptor file_;
  std::vector<char> buffer_;  // what is not written yet
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
  CodeHash hash_;
};

}  // namespace mat
