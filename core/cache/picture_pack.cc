#include "core/cache/picture_pack.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr std::uint32_t kLongestSide = 1U << 30;  // three times its square fits 64 bits
constexpr std::uint64_t kMappedHeadroom = 64ULL << 30;

// To be raised whenever decoding or shrinking gives other pixels, another problem or other facts
// than before.
constexpr int kVersion = 2;

std::filesystem::path file_of(const std::filesystem::path& folder, int short_side,
                              const char* ending) {
  return folder / fmt::format("pictures-v{}-{}.{}", kVersion, short_side, ending);
}

bool is_same(const PictureRecord& a, const PictureRecord& b) {
  return a.width == b.width && a.height == b.height && a.message_bytes == b.message_bytes &&
         a.data_checksum == b.data_checksum;
}

}  // namespace

PicturePack::PicturePack(const std::filesystem::path& folder, int short_side)
    : pack_(file_of(folder, short_side, "pack")), index_(file_of(folder, short_side, "index")) {}

PicturePack::~PicturePack() {
  for (const Mapping& mapping : mappings_) {
    ::munmap(const_cast<std::uint8_t*>(mapping.bytes), mapping.size);
  }
}

void PicturePack::refresh() {
  const std::lock_guard file_lock(file_mutex_);
  const std::vector<PictureRecord> records = index_.read_new();
  const std::lock_guard lock(mutex_);
  remember(records);
}

void PicturePack::remember(const std::vector<PictureRecord>& records) {
  for (const auto& record : records) {
    entries_.insert_or_assign(record.content, Entry{record, {}});
    end_of_known_ = std::max(end_of_known_, record.offset + record.data_bytes());
  }
}

std::optional<PicturePack::Found> PicturePack::find(const Content& content) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(content);
  if (entry == entries_.end()) return std::nullopt;
  const auto& [record, in_memory] = entry->second;
  const std::uint8_t* data = in_memory != nullptr ? in_memory : data_of(record);
  if (data == nullptr) return std::nullopt;
  return Found{record, data};
}

bool PicturePack::is_undamaged(const Found& found) {
  return checksum_of(found.data, found.record.data_bytes()) == found.record.data_checksum;
}

const std::uint8_t* PicturePack::data_of(const PictureRecord& record) {
  if (record.width > kLongestSide || record.height > kLongestSide) return nullptr;
  const std::uint64_t bytes = record.data_bytes();
  const auto is_inside = [&](std::uint64_t size) {
    return record.offset <= size && bytes <= size - record.offset;
  };
  if (!is_inside(pack_size_)) pack_size_ = pack_.size();
  if (!is_inside(pack_size_)) return nullptr;
  if (mappings_.empty() || !is_inside(mappings_.back().size)) map(pack_size_);
  return mappings_.back().bytes + record.offset;
}

void PicturePack::map(std::uint64_t size) {
  // Pages behind the end of the file become readable when it grows to them, so that one mapping
  // with headroom serves a growing pack, where address space is not limited.
  for (const std::uint64_t length : {std::max(kMappedHeadroom, 2 * size), size}) {
    void* bytes = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, pack_.fd(), 0);
    if (bytes == MAP_FAILED) continue;
    mappings_.push_back({static_cast<const std::uint8_t*>(bytes), length});
    return;
  }
  throw_io_error("cannot map the cache of decoded pictures", errno);
}

void PicturePack::release_pages() {
  const std::lock_guard lock(mutex_);
  for (const Mapping& mapping : mappings_) {
    ::madvise(const_cast<std::uint8_t*>(mapping.bytes), mapping.size, MADV_DONTNEED);
  }
}

void PicturePack::add(std::vector<NewPicture> pictures) {
  if (pictures.empty()) return;
  const std::lock_guard file_lock(file_mutex_);
  const SharedLog::Lock may_append(index_.log());
  if (!may_append || !pack_.why_read_only().empty()) {
    keep_in_memory(std::move(pictures));
    return;
  }
  leave_out_what_others_added(pictures);
  write(pictures);
}

void PicturePack::leave_out_what_others_added(std::vector<NewPicture>& pictures) {
  const std::vector<PictureRecord> others = index_.read_new();
  std::unordered_map<Content, PictureRecord, ContentHash> by_content;
  for (const auto& record : others) by_content.insert_or_assign(record.content, record);
  // Only among the new ones: what was there before is damaged, or would not have been made again.
  std::erase_if(pictures, [&](const NewPicture& picture) {
    const auto other = by_content.find(picture.record.content);
    return other != by_content.end() && is_same(other->second, picture.record);
  });
  const std::lock_guard lock(mutex_);
  remember(others);
}

void PicturePack::write(const std::vector<NewPicture>& pictures) {
  if (pictures.empty()) return;
  // Over NFS the size may be one of a moment ago.
  std::uint64_t start = pack_.size();
  {
    const std::lock_guard lock(mutex_);
    start = std::max(start, end_of_known_);
  }
  std::vector<PictureRecord> records;
  try {
    std::uint64_t end = start;
    for (const auto& picture : pictures) {
      pack_.write(end, picture.data);
      records.push_back(picture.record);
      records.back().offset = end;
      end += picture.data.size();
    }
    // Before the records: whoever finds a record finds its data, also after a power failure.
    pack_.sync();
    index_.append(records);
  } catch (...) {
    pack_.cut(start);
    throw;
  }
  const std::lock_guard lock(mutex_);
  remember(records);
}

void PicturePack::keep_in_memory(std::vector<NewPicture> pictures) {
  const std::lock_guard lock(mutex_);
  for (auto& picture : pictures) {
    in_memory_.push_back(std::move(picture.data));
    entries_.insert_or_assign(picture.record.content,
                              Entry{picture.record, in_memory_.back().data()});
  }
}

std::string PicturePack::why_in_memory() {
  const std::lock_guard file_lock(file_mutex_);
  const std::lock_guard lock(mutex_);
  if (in_memory_.empty()) return {};
  return index_.log().why_read_only().empty() ? pack_.why_read_only()
                                              : index_.log().why_read_only();
}

}  // namespace mat
