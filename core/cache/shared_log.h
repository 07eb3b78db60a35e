#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/file.h"

namespace mat {

std::uint64_t checksum_of(const void* bytes, std::size_t size);

// A file that several processes append to and none ever changes in the middle. Where it may not be
// written (a read-only file system, somebody else's folder), it is read only.
class SharedLog {
 public:
  // Opens or makes it. Throws io errors other than those of a place that may not be written.
  explicit SharedLog(std::filesystem::path path);

  // Why nothing can be appended; empty when it can.
  const std::string& why_read_only() const { return why_read_only_; }

  int fd() const { return fd_.get(); }  // -1: read only and not there
  std::uint64_t size() const;
  // What is there from `offset` on.
  std::string read(std::uint64_t offset) const;

  // The exclusive right to append, across processes and given up with the object or by the
  // process's death. Not had (and the log read-only from then on) if another process keeps it for
  // ten seconds, stopped in a debugger, say, or if the file system has no locks.
  class Lock {
   public:
    explicit Lock(SharedLog& log);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    explicit operator bool() const { return held_; }

   private:
    SharedLog& log_;
    bool held_;
  };

  // These need the lock. write() puts `bytes` at `offset`; a failed one throws an io error and
  // leaves the file cut to `offset`.
  void write(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  void cut(std::uint64_t size);
  void sync();

 private:
  std::filesystem::path path_;
  FileDescriptor fd_;
  std::string why_read_only_;
};

// Records of one size in such a file, each with a checksum as its last member, so that one torn by
// a crash or damaged since is passed over.
template <typename Record>
class RecordLog {
  static_assert(std::has_unique_object_representations_v<Record>, "no padding: it goes to disk");
  static constexpr std::size_t kSummed = sizeof(Record) - sizeof(Record::checksum);

 public:
  explicit RecordLog(std::filesystem::path path) : log_(std::move(path)) {}

  SharedLog& log() { return log_; }

  // Whole records behind those of the last call.
  std::vector<Record> read_new() {
    const std::string bytes = log_.read(read_up_to_);
    std::vector<Record> records(bytes.size() / sizeof(Record));
    std::copy_n(bytes.data(), records.size() * sizeof(Record),
                reinterpret_cast<char*>(records.data()));
    read_up_to_ += records.size() * sizeof(Record);
    std::erase_if(records, [](const Record& r) { return r.checksum != checksum_of(&r, kSummed); });
    return records;
  }

  // Needs the lock. What others appended since the last read_new() is not read any more.
  void append(std::vector<Record> records) {
    for (Record& record : records) record.checksum = checksum_of(&record, kSummed);
    // A torn record at the end would put all later ones out of step.
    const std::uint64_t end = log_.size() / sizeof(Record) * sizeof(Record);
    log_.write(end, {reinterpret_cast<const std::uint8_t*>(records.data()),
                     records.size() * sizeof(Record)});
    read_up_to_ = end + records.size() * sizeof(Record);
  }

  void clear() {
    log_.cut(0);
    read_up_to_ = 0;
  }

 private:
  SharedLog log_;
  std::uint64_t read_up_to_ = 0;
};

}  // namespace mat
