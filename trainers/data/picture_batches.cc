#include "trainers/data/picture_batches.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "trainers/data/random.h"

namespace mat {
namespace {

// Keys of the random numbers, behind seed and epoch.
constexpr std::uint64_t kOrderKey = ~std::uint64_t{0};

// Memory for batches, used again and again: fresh memory of this size costs a page fault for every
// 4 KiB. Thread safe.
class BufferPool {
 public:
  using Buffer = std::unique_ptr<std::uint8_t[]>;

  explicit BufferPool(std::size_t bytes) : bytes_(bytes) {}

  Buffer take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        Buffer buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
      }
    }
    return std::make_unique_for_overwrite<std::uint8_t[]>(bytes_);
  }

  void give_back(Buffer buffer) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  const std::size_t bytes_;
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

void check(const std::vector<LabelledPicture>& pictures, const PictureBatches::Options& options) {
  const bool have_pixels = std::all_of(pictures.begin(), pictures.end(), [](const auto& picture) {
    return picture.view.pixels != nullptr && picture.view.width > 0 && picture.view.height > 0;
  });
  if (!have_pixels || options.size <= 0 || options.batch_size <= 0 || options.parts <= 0) {
    throw Error(ErrorKind::bug, "batches cannot be made of these pictures");
  }
}

}  // namespace

struct PictureBatches::Impl {
  using Order = std::vector<std::int64_t>;

  // What a thread needs to make a batch without the lock.
  struct Work {
    std::int64_t batch;
    std::uint64_t generation;
    std::uint64_t epoch;
    std::shared_ptr<const Order> order;
  };
  struct Made {
    BufferPool::Buffer pixels;
    std::exception_ptr error;
  };

  Impl(std::vector<LabelledPicture> from, const Options& with)
      : pictures(std::move(from)),
        options(with),
        picture_bytes(std::size_t{3} * with.size * with.size),
        pool(std::make_shared<BufferPool>(picture_bytes * largest_part())) {
    ahead = options.threads + 2;
    try {
      for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { work(); });
    } catch (...) {
      end_threads();
      throw;
    }
  }

  ~Impl() { end_threads(); }

  void end_threads() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
      ++generation;
    }
    wanted.notify_all();
  }

  std::int64_t batches() const {
    const auto count = static_cast<std::int64_t>(pictures.size());
    const std::int64_t full = count / options.batch_size;
    const bool has_rest = count % options.batch_size != 0;
    if (is_spread() && count > 0) {
      // One more than there are whole ones makes none larger than batch_size. But each has a
      // picture for every part, and two at least, of which a norm can learn something.
      const std::int64_t wanted = full + static_cast<std::int64_t>(has_rest);
      const std::int64_t fewest = std::max(2, options.parts);
      return std::max<std::int64_t>(1, std::min(wanted, count / fewest));
    }
    return full + static_cast<std::int64_t>(has_rest && (!options.training || full == 0));
  }

  bool is_spread() const { return options.training && options.spread_rest; }

  std::span<const std::int64_t> whole_batch(const Order& order, std::int64_t batch) const {
    if (is_spread()) {
      const auto count = static_cast<std::int64_t>(order.size());
      const auto begin = static_cast<std::size_t>(count * batch / batches());
      const auto end = static_cast<std::size_t>(count * (batch + 1) / batches());
      return std::span(order).subspan(begin, end - begin);
    }
    const auto begin = static_cast<std::size_t>(batch * options.batch_size);
    const auto size = static_cast<std::size_t>(options.batch_size);
    return std::span(order).subspan(begin, std::min(size, order.size() - begin));
  }

  std::span<const std::int64_t> places(const Order& order, std::int64_t batch) const {
    const auto whole = whole_batch(order, batch);
    const auto part = static_cast<std::size_t>(options.part);
    const auto parts = static_cast<std::size_t>(options.parts);
    const std::size_t begin = whole.size() * part / parts;
    return whole.subspan(begin, whole.size() * (part + 1) / parts - begin);
  }

  std::size_t largest_part() const {
    const std::size_t largest = is_spread() && batches() > 0
                                    ? pictures.size() / static_cast<std::size_t>(batches()) + 1
                                    : static_cast<std::size_t>(options.batch_size);
    return largest / static_cast<std::size_t>(options.parts) + 1;
  }

  std::shared_ptr<const Order> order_of(std::uint64_t epoch) const {
    auto order = std::make_shared<Order>(pictures.size());
    std::iota(order->begin(), order->end(), 0);
    if (options.training) {
      Random random({options.seed, epoch, kOrderKey});
      for (std::size_t i = order->size(); i > 1; --i) {
        std::swap((*order)[i - 1], (*order)[random.below(i)]);
      }
    }
    return order;
  }

  torch::Tensor labels_of(std::span<const std::int64_t> places) const {
    torch::Tensor labels = torch::empty({static_cast<std::int64_t>(places.size())}, torch::kInt64);
    std::int64_t* label = labels.data_ptr<std::int64_t>();
    for (const std::int64_t place : places) *label++ = pictures[place].label;
    return labels;
  }

  void work();
  Made make(const Work& work, ResizeScratch& scratch);
  BufferPool::Buffer make_with_torch(std::span<const std::int64_t> places) const;
  void make_picture(std::int64_t place, std::uint64_t its_epoch, std::uint8_t* out,
                    ResizeScratch& scratch) const;
  BufferPool::Buffer wait_for(std::int64_t batch);

  const std::vector<LabelledPicture> pictures;
  const Options options;
  const std::size_t picture_bytes;
  const std::shared_ptr<BufferPool> pool;
  int ahead;

  // Raised whenever batches under way are no longer wanted.
  std::atomic<std::uint64_t> generation = 0;

  std::mutex mutex;                 // of all below
  std::condition_variable wanted;   // a batch can be made, or the end
  std::condition_variable is_made;  // a batch is there
  bool stop = false;
  std::uint64_t epoch = 0;
  std::shared_ptr<const Order> order;
  std::int64_t end = 0;  // of the epoch, in batches
  std::int64_t next_to_make = 0, next_to_take = 0;
  std::map<std::int64_t, Made> made;

  std::vector<std::jthread> threads;  // the last member: they end before the others do
};

void PictureBatches::Impl::work() {
  ResizeScratch scratch;
  std::unique_lock lock(mutex);
  for (;;) {
    wanted.wait(lock, [&] { return stop || next_to_make < std::min(end, next_to_take + ahead); });
    if (stop) return;
    const Work work{next_to_make++, generation, epoch, order};
    lock.unlock();
    Made batch = make(work, scratch);
    lock.lock();
    if (work.generation == generation) {
      made.emplace(work.batch, std::move(batch));
      is_made.notify_one();
    } else if (batch.pixels) {
      pool->give_back(std::move(batch.pixels));
    }
  }
}

PictureBatches::Impl::Made PictureBatches::Impl::make(const Work& work, ResizeScratch& scratch) {
  Made batch;
  try {
    batch.pixels = pool->take();
    std::uint8_t* out = batch.pixels.get();
    for (const std::int64_t place : places(*work.order, work.batch)) {
      if (work.generation != generation) break;
      make_picture(place, work.epoch, out, scratch);
      out += picture_bytes;
    }
  } catch (...) {
    batch.error = std::current_exception();
  }
  return batch;
}

BufferPool::Buffer PictureBatches::Impl::make_with_torch(
    std::span<const std::int64_t> places) const {
  BufferPool::Buffer pixels = pool->take();
  const auto count = static_cast<std::int64_t>(places.size());
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    ResizeScratch scratch;
    std::uint8_t* out = pixels.get() + picture_bytes * static_cast<std::size_t>(begin);
    for (std::int64_t i = begin; i < end; ++i, out += picture_bytes) {
      make_picture(places[static_cast<std::size_t>(i)], epoch, out, scratch);
    }
  });
  return pixels;
}

void PictureBatches::Impl::make_picture(std::int64_t place, std::uint64_t its_epoch,
                                        std::uint8_t* out, ResizeScratch& scratch) const {
  const ImageView& view = pictures[place].view;
  if (!options.training) {
    picture_view(view, options.view, options.size, out, scratch);
    return;
  }
  Random random({options.seed, its_epoch, static_cast<std::uint64_t>(place)});
  if (options.strong) {
    augmented_view(view, options.size, *options.strong, random, out);
  } else {
    training_view(view, options.size, options.augmentation, random, out, scratch);
  }
}

BufferPool::Buffer PictureBatches::Impl::wait_for(std::int64_t batch) {
  std::unique_lock lock(mutex);
  is_made.wait(lock, [&] { return made.contains(batch); });
  if (made.at(batch).error) std::rethrow_exception(made.at(batch).error);
  BufferPool::Buffer pixels = std::move(made.at(batch).pixels);
  made.erase(batch);
  next_to_take = batch + 1;
  return pixels;
}

PictureBatches::PictureBatches(std::vector<LabelledPicture> pictures, const Options& options) {
  check(pictures, options);
  impl_ = std::make_unique<Impl>(std::move(pictures), options);
}

PictureBatches::~PictureBatches() = default;

std::int64_t PictureBatches::batches_per_epoch() const { return impl_->batches(); }

void PictureBatches::start_epoch(int epoch, std::int64_t first_batch) {
  auto order = impl_->order_of(static_cast<std::uint64_t>(epoch));
  {
    const std::lock_guard lock(impl_->mutex);
    ++impl_->generation;
    for (auto& [number, batch] : impl_->made) {
      if (batch.pixels) impl_->pool->give_back(std::move(batch.pixels));
    }
    impl_->made.clear();
    impl_->epoch = static_cast<std::uint64_t>(epoch);
    impl_->order = std::move(order);
    impl_->end = impl_->batches();
    impl_->next_to_make = impl_->next_to_take = std::max<std::int64_t>(first_batch, 0);
  }
  impl_->wanted.notify_all();
}

bool PictureBatches::next(Batch& batch) {
  // Only this thread changes the order, the end and the place in the epoch.
  const std::int64_t number = impl_->next_to_take;
  if (number >= impl_->end) return false;
  const auto places = impl_->places(*impl_->order, number);
  const auto whole = impl_->whole_batch(*impl_->order, number);
  BufferPool::Buffer pixels;
  if (impl_->threads.empty()) {
    pixels = impl_->make_with_torch(places);
    ++impl_->next_to_take;
  } else {
    pixels = impl_->wait_for(number);
    impl_->wanted.notify_one();
  }

  const auto count = static_cast<std::int64_t>(places.size());
  const std::int64_t size = impl_->options.size;
  batch.targets = impl_->labels_of(places);
  batch.whole_targets = places.size() == whole.size() ? batch.targets : impl_->labels_of(whole);
  std::uint8_t* bytes = pixels.release();
  batch.inputs = torch::from_blob(
      bytes, {count, size, size, 3},
      [pool = impl_->pool](void* data) {
        pool->give_back(BufferPool::Buffer(static_cast<std::uint8_t*>(data)));
      },
      torch::kUInt8);
  return true;
}

}  // namespace mat
