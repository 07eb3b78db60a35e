#include "core/cache/pixel_cache.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/cache/picture_file.h"
#include "core/cache/picture_pack.h"
#include "core/cache/source_list.h"
#include "core/image/decode_shrunk.h"

namespace mat {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchBytes = 16U << 20;
constexpr std::size_t kLargeBuffer = 32U << 20;
constexpr std::size_t kMostThreads = 256;
constexpr auto kProgressPause = std::chrono::milliseconds(100);

PictureRecord record_of(const Content& content, const Image& image, const DecodeResult& decoded) {
  PictureRecord record;
  record.content = content;
  record.width = static_cast<std::uint32_t>(image.width);
  record.height = static_cast<std::uint32_t>(image.height);
  record.original_width = static_cast<std::uint32_t>(decoded.original_width);
  record.original_height = static_cast<std::uint32_t>(decoded.original_height);
  record.format = static_cast<std::uint16_t>(decoded.format);
  record.traits = decoded.traits;
  return record;
}

NewPicture decode(const Content& content, const std::vector<std::uint8_t>& bytes, int short_side) {
  DecodeResult decoded = decode_shrunk(bytes, short_side);
  NewPicture picture{record_of(content, decoded.image, decoded), std::move(decoded.image.pixels)};
  const std::string& message = decoded.ok() ? decoded.warning : decoded.problem;
  picture.record.message_bytes = static_cast<std::uint32_t>(message.size());
  picture.data.insert(picture.data.end(), message.begin(), message.end());
  picture.record.data_checksum = checksum_of(picture.data.data(), picture.data.size());
  return picture;
}

// One call of load().
class Loader {
 public:
  using Progress = std::function<bool(std::int64_t, std::int64_t)>;

  Loader(const fs::path& folder, PicturePack& pack, int short_side,
         const std::vector<std::filesystem::path>& files, const PixelCache::Visit& visit)
      : pack_(pack),
        short_side_(short_side),
        visit_(visit),
        files_(files),
        sources_(folder),
        found_(files.size()),
        is_visited_(files.size()) {
    paths_.reserve(files.size());
    for (const auto& file : files) {
      const std::string& path = file.native();
      paths_.push_back(content_of(path.data(), path.size()));
    }
    sources_.read(paths_);
    pack_.refresh();
  }

  void run(int threads, const Progress& progress);
  std::vector<PixelCache::Picture> pictures();
  PixelCache::Statistics statistics() const;

 private:
  enum class Outcome : std::uint8_t { unreadable, decoded, reused, unread };

  struct Found {
    Outcome outcome = Outcome::unreadable;
    Content content;
    std::string problem;
  };

  // The duty to make a content's picture, which only one file has; given up unless fulfilled.
  class Claim {
   public:
    explicit Claim(Loader& loader) : loader_(loader) {}
    ~Claim() { give_up(); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    bool take(const Content& content);
    void give_up();
    void fulfil() { content_.reset(); }

   private:
    Loader& loader_;
    std::optional<Content> content_;
  };

  // What is done with each of so many, by several threads at once.
  using Step = std::function<void(std::size_t i, std::vector<std::uint8_t>& bytes)>;
  bool do_all(std::size_t count, int threads, const Progress& progress, const Step& step);
  void work(const Step& step);
  bool wait(const Progress& progress);
  void load_one(std::size_t i, std::vector<std::uint8_t>& bytes);
  void read_and_decode(std::size_t i, std::vector<std::uint8_t>& bytes,
                       const std::optional<Content>& known, Claim& claim);
  void visit_known(std::size_t i, const Content& content);
  void visit(std::size_t i, const PictureRecord& record, const std::uint8_t* pixels);
  void add(NewPicture picture);
  void keep(std::vector<NewPicture> batch);
  void load_left_over();
  bool visit_left_over(int threads, const Progress& progress);

  PicturePack& pack_;
  int short_side_;
  const PixelCache::Visit& visit_;
  const std::vector<std::filesystem::path>& files_;
  std::vector<Content> paths_;
  SourceList sources_;
  // Every thread writes to the places of its own files.
  std::vector<Found> found_;
  std::vector<std::uint8_t> is_visited_;

  std::size_t count_ = 0;  // of what do_all() does now
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::int64_t> done_ = 0;
  std::atomic<bool> stop_ = false;

  std::mutex mutex_;  // of all below
  std::condition_variable finished_;
  int running_ = 0;
  std::exception_ptr error_;
  std::unordered_set<Content, ContentHash> claimed_;
  std::unordered_set<Content, ContentHash> ready_;  // in the pack, and undamaged
  std::vector<NewPicture> pending_;
  std::size_t pending_bytes_ = 0;

  std::mutex sources_mutex_;  // of what sources_ is to save
};

// False if the content is there, or somebody else makes it.
bool Loader::Claim::take(const Content& content) {
  {
    const std::lock_guard lock(loader_.mutex_);
    if (loader_.ready_.contains(content)) return false;
    if (!loader_.claimed_.insert(content).second) return false;
    content_ = content;
  }
  const auto known = loader_.pack_.find(content);
  if (!known || !PicturePack::is_undamaged(*known)) return true;
  const std::lock_guard lock(loader_.mutex_);
  loader_.ready_.insert(content);
  content_.reset();
  return false;
}

void Loader::Claim::give_up() {
  if (!content_) return;
  const std::lock_guard lock(loader_.mutex_);
  loader_.claimed_.erase(*content_);
  content_.reset();
}

void Loader::load_one(std::size_t i, std::vector<std::uint8_t>& bytes) {
  Found& found = found_[i];
  Claim claim(*this);
  const PictureFile file = look_at_picture_file(files_[i]);
  const std::optional<Content> known =
      file.problem.empty() ? sources_.find(paths_[i], file.identity) : std::nullopt;
  if (known && !claim.take(*known)) {
    found = {Outcome::unread, *known, {}};
    visit_known(i, *known);
    return;
  }
  try {
    read_and_decode(i, bytes, known, claim);
  } catch (const std::bad_alloc&) {
    found = {Outcome::unreadable, {}, "not enough memory to decode it"};
  }
}

void Loader::read_and_decode(std::size_t i, std::vector<std::uint8_t>& bytes,
                             const std::optional<Content>& known, Claim& claim) {
  Found& found = found_[i];
  const PictureFile file = read_picture_file(files_[i], bytes);
  if (!file.problem.empty()) {
    found = {Outcome::unreadable, {}, file.problem};
    return;
  }
  const Content content = content_of(bytes.data(), bytes.size());
  if (content != known) {
    claim.give_up();
    if (file.settled) {
      const std::lock_guard lock(sources_mutex_);
      sources_.remember(paths_[i], file.identity, content);
    }
    if (!claim.take(content)) {
      found = {Outcome::reused, content, {}};
      visit_known(i, content);
      return;
    }
  }
  NewPicture picture = decode(content, bytes, short_side_);
  visit(i, picture.record, picture.data.data());
  add(std::move(picture));
  claim.fulfil();
  found = {Outcome::decoded, content, {}};
}

void Loader::visit_known(std::size_t i, const Content& content) {
  if (!visit_) return;
  {
    const std::lock_guard lock(mutex_);
    if (!ready_.contains(content)) return;  // another thread is still making it
  }
  if (const auto found = pack_.find(content)) visit(i, found->record, found->data);
}

void Loader::visit(std::size_t i, const PictureRecord& record, const std::uint8_t* pixels) {
  if (!visit_ || record.width == 0 || is_visited_[i] != 0) return;
  visit_(i, {static_cast<int>(record.width), static_cast<int>(record.height), pixels});
  is_visited_[i] = 1;
}

void Loader::add(NewPicture picture) {
  std::vector<NewPicture> batch;
  {
    const std::lock_guard lock(mutex_);
    pending_bytes_ += picture.data.size();
    pending_.push_back(std::move(picture));
    if (pending_bytes_ < kBatchBytes) return;
    batch.swap(pending_);
    pending_bytes_ = 0;
  }
  keep(std::move(batch));
}

void Loader::keep(std::vector<NewPicture> batch) {
  std::vector<Content> contents;
  contents.reserve(batch.size());
  for (const auto& picture : batch) contents.push_back(picture.record.content);
  pack_.add(std::move(batch));
  {
    const std::lock_guard lock(sources_mutex_);
    sources_.save();
  }
  const std::lock_guard lock(mutex_);
  ready_.insert(contents.begin(), contents.end());
}

void Loader::work(const Step& step) {
  try {
    std::vector<std::uint8_t> bytes;
    while (!stop_) {
      const std::size_t i = next_++;
      if (i >= count_) break;
      step(i, bytes);
      ++done_;
      if (bytes.capacity() > kLargeBuffer) std::vector<std::uint8_t>().swap(bytes);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    stop_ = true;
  }
  const std::lock_guard lock(mutex_);
  --running_;
  finished_.notify_one();
}

// Until all threads are done; false if `progress` wants to stop.
bool Loader::wait(const Progress& progress) {
  const auto total = static_cast<std::int64_t>(count_);
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool all_done = finished_.wait_for(lock, kProgressPause, [&] { return running_ == 0; });
    lock.unlock();
    const bool may_go_on = !progress || progress(done_, total);
    pack_.release_pages();
    lock.lock();
    if (all_done || !may_go_on) return may_go_on;
  }
}

// False if `progress` wants to stop.
bool Loader::do_all(std::size_t count, int threads, const Progress& progress, const Step& step) {
  count_ = count;
  next_ = 0;
  done_ = 0;
  stop_ = false;
  const auto most = static_cast<int>(std::min<std::size_t>(count, kMostThreads));
  running_ = std::clamp(threads, 1, std::max(most, 1));
  bool may_go_on = false;
  {
    std::vector<std::jthread> workers;
    struct Stopper {
      std::atomic<bool>& stop;
      ~Stopper() { stop = true; }
    } const stopper{stop_};  // before the threads are waited for
    for (int i = running_; i > 0; --i) workers.emplace_back([&] { work(step); });
    may_go_on = wait(progress);
  }
  if (error_) std::rethrow_exception(error_);
  return may_go_on;
}

void Loader::run(int threads, const Progress& progress) {
  const Step load = [this](std::size_t i, auto& bytes) { load_one(i, bytes); };
  bool may_go_on = do_all(files_.size(), threads, progress, load);
  keep(std::exchange(pending_, {}));
  if (may_go_on) {
    load_left_over();
    may_go_on = visit_left_over(threads, progress);
  }
  if (!may_go_on) throw Error(ErrorKind::interrupted, "interrupted while reading pictures");
}

// Whoever had the duty for a content may have failed (its file vanished) while others relied on it.
void Loader::load_left_over() {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    while (found_[i].outcome != Outcome::unreadable && !ready_.contains(found_[i].content)) {
      load_one(i, bytes);
      keep(std::exchange(pending_, {}));
    }
  }
}

// What was not yet in the pack when its turn had come, since it is the copy of another.
bool Loader::visit_left_over(int threads, const Progress& progress) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; visit_ && i < files_.size(); ++i) {
    const bool is_there = found_[i].outcome != Outcome::unreadable;
    if (is_there && is_visited_[i] == 0) left.push_back(i);
  }
  if (left.empty()) return true;
  const auto total = static_cast<std::int64_t>(files_.size());
  const auto at_end = [&](std::int64_t, std::int64_t) {
    return !progress || progress(total, total);
  };
  return do_all(left.size(), threads, at_end,
                [&](std::size_t k, auto&) { visit_known(left[k], found_[left[k]].content); });
}

std::vector<PixelCache::Picture> Loader::pictures() {
  std::vector<PixelCache::Picture> pictures(files_.size());
  for (std::size_t i = 0; i < files_.size(); ++i) {
    auto& picture = pictures[i];
    picture.problem = std::move(found_[i].problem);
    if (found_[i].outcome == Outcome::unreadable) continue;
    picture.content_high = found_[i].content.high;
    picture.content_low = found_[i].content.low;
    const auto in_pack = pack_.find(found_[i].content);
    if (!in_pack) throw Error(ErrorKind::io, "the cache of decoded pictures was cut while in use");
    const auto& [record, data] = *in_pack;
    const char* text = reinterpret_cast<const char*>(data + record.pixel_bytes());
    (record.width == 0 ? picture.problem : picture.warning).assign(text, record.message_bytes);
    picture.format = static_cast<ImageFormat>(record.format);
    picture.traits = static_cast<std::uint8_t>(record.traits);
    if (record.width == 0) continue;
    picture.original_width = static_cast<int>(record.original_width);
    picture.original_height = static_cast<int>(record.original_height);
    picture.view = {static_cast<int>(record.width), static_cast<int>(record.height), data};
  }
  return pictures;
}

PixelCache::Statistics Loader::statistics() const {
  PixelCache::Statistics statistics;
  for (const auto& found : found_) {
    statistics.decoded += found.outcome == Outcome::decoded;
    statistics.unread += found.outcome == Outcome::unread;
    statistics.reused += found.outcome == Outcome::unread || found.outcome == Outcome::reused;
  }
  if (const std::string reason = pack_.why_in_memory(); !reason.empty()) {
    statistics.note = "decoded pictures are kept in memory only: " + reason;
  }
  return statistics;
}

}  // namespace

struct PixelCache::Impl {
  fs::path folder;
  int short_side;
  PicturePack pack;
};

PixelCache::PixelCache(const fs::path& folder, int short_side)
    : impl_(new Impl{folder, short_side, {folder, short_side}}) {}

PixelCache::~PixelCache() = default;

std::vector<PixelCache::Picture> PixelCache::load(
    const std::vector<std::filesystem::path>& files, int threads,
    const std::function<bool(std::int64_t, std::int64_t)>& progress, Statistics* statistics,
    const Visit& visit) {
  Loader loader(impl_->folder, impl_->pack, impl_->short_side, files, visit);
  loader.run(threads, progress);
  std::vector<Picture> pictures = loader.pictures();
  if (statistics != nullptr) *statistics = loader.statistics();
  return pictures;
}

void PixelCache::release_pages() { impl_->pack.release_pages(); }

}  // namespace mat
