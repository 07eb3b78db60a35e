#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cache/content.h"
#include "core/cache/shared_log.h"

namespace mat {

// What the cache knows of one content: a picture's pixels, or why there is none.
struct PictureRecord {
  Content content;
  std::uint64_t offset = 0;             // of the data in the pack: pixels, then the message
  std::uint32_t width = 0, height = 0;  // both 0: no picture, and the message is the problem
  std::uint32_t original_width = 0, original_height = 0;
  std::uint32_t message_bytes = 0;  // with a picture, the message is a warning
  std::uint16_t format = 0;         // ImageFormat
  std::uint16_t traits = 0;         // PictureTrait bits
  std::uint64_t data_checksum = 0;
  std::uint64_t checksum = 0;

  std::uint64_t pixel_bytes() const { return std::uint64_t{3} * width * height; }
  std::uint64_t data_bytes() const { return pixel_bytes() + message_bytes; }
};

struct NewPicture {
  PictureRecord record;            // all but the offset
  std::vector<std::uint8_t> data;  // pixels, then the message
};

// FOLDER/pictures-v2-SHORT.pack holds the data, back to back, and .index its records. Data is on
// disk before its record is, and neither is changed afterwards, so that readers need no lock.
// Several processes may add to it. Where nothing may be written, what is added stays in memory.
// Thread safe. All throw io errors.
class PicturePack {
 public:
  struct Found {
    PictureRecord record;
    const std::uint8_t* data;  // as long as the pack object
  };

  PicturePack(const std::filesystem::path& folder, int short_side);
  ~PicturePack();
  PicturePack(const PicturePack&) = delete;
  PicturePack& operator=(const PicturePack&) = delete;

  // Takes notice of what other processes have added.
  void refresh();

  // The newest record of this content, unless its data is not there. The data may be damaged.
  std::optional<Found> find(const Content& content);
  static bool is_undamaged(const Found& found);

  // Lets the system take back the memory of all data that was looked at. Pointers stay valid: what
  // is looked at again is mapped again.
  void release_pages();

  // Takes notice of others' too, and writes nothing that they have added meanwhile. On an error (a
  // full disk) nothing was added.
  void add(std::vector<NewPicture> pictures);

  // Why pictures are kept in memory; empty when none are.
  std::string why_in_memory();

 private:
  struct Entry {
    PictureRecord record;
    const std::uint8_t* in_memory;  // null: in the pack
  };
  struct Mapping {
    const std::uint8_t* bytes;
    std::uint64_t size;
  };

  void remember(const std::vector<PictureRecord>& records);
  void leave_out_what_others_added(std::vector<NewPicture>& pictures);
  void write(const std::vector<NewPicture>& pictures);
  void keep_in_memory(std::vector<NewPicture> pictures);
  const std::uint8_t* data_of(const PictureRecord& record);
  void map(std::uint64_t size);

  std::mutex file_mutex_;  // of the two files; taken before the other
  SharedLog pack_;
  RecordLog<PictureRecord> index_;

  std::mutex mutex_;  // of all below
  std::unordered_map<Content, Entry, ContentHash> entries_;
  std::vector<Mapping> mappings_;   // the last is the largest; views look at all
  std::uint64_t end_of_known_ = 0;  // of the data of all records that were read
  std::uint64_t pack_size_ = 0;     // as it was last seen; it only grows
  std::vector<std::vector<std::uint8_t>> in_memory_;
};

}  // namespace mat
