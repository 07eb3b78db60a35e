#include "core/model/picture_feed.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "core/cache/picture_file.h"
#include "core/image/decode_shrunk.h"

namespace mat {
namespace {

DecodeResult problem(std::string what) {
  DecodeResult result;
  result.problem = std::move(what);
  return result;
}

DecodeResult decode(const NamedPicture& picture, int short_side, std::vector<std::uint8_t>& bytes) {
  try {
    if (picture.bytes) return decode_shrunk(*picture.bytes, short_side);
    const PictureFile file = read_picture_file(picture.name, bytes);
    if (!file.problem.empty()) return problem(file.problem);
    return decode_shrunk(bytes, short_side);
  } catch (const std::bad_alloc&) {
    return problem("not enough memory to decode it");
  }
}

}  // namespace

struct PictureFeed::Impl {
  Impl(Source from, int side, std::size_t most)
      : source(std::move(from)), short_side(side), ahead(std::max<std::size_t>(1, most)) {}

  struct Place {
    FedPicture picture;
    bool is_ready = false;
  };

  void work();

  Source source;
  const int short_side;
  const std::size_t ahead;

  // Held while the source is asked, so that places are in its order; taken before `mutex`.
  std::mutex source_mutex;
  std::mutex mutex;  // of all below
  std::condition_variable room, finished;
  std::deque<Place> places;  // those not yet taken; their addresses stay
  bool is_over = false;      // the source has no more
  bool is_stopping = false;
  std::exception_ptr error;
  std::vector<std::thread> threads;
};

void PictureFeed::Impl::work() {
  std::vector<std::uint8_t> bytes;
  for (;;) {
    Place* place = nullptr;
    NamedPicture named;
    {
      const std::lock_guard turn(source_mutex);
      {
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return is_stopping || is_over || places.size() < ahead; });
        if (is_stopping || is_over) return;
      }
      std::optional<NamedPicture> next;
      std::exception_ptr failed;
      try {
        next = source();
      } catch (...) {
        failed = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      if (!next) {
        is_over = true;
        error = failed;
        room.notify_all();
        finished.notify_all();
        return;
      }
      named = std::move(*next);
      place = &places.emplace_back();
    }
    DecodeResult decoded;
    try {
      decoded = decode(named, short_side, bytes);
    } catch (const std::exception& e) {
      decoded.problem = e.what();
    }
    const std::lock_guard lock(mutex);
    place->picture = {std::move(named.name), std::move(decoded)};
    place->is_ready = true;
    finished.notify_all();
  }
}

PictureFeed::PictureFeed(Source source, int short_side, int threads, std::size_t ahead)
    : impl_(std::make_unique<Impl>(std::move(source), short_side, ahead)) {
  for (int i = 0; i < std::max(1, threads); ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

PictureFeed::~PictureFeed() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  impl_->room.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::optional<FedPicture> PictureFeed::next() {
  std::unique_lock lock(impl_->mutex);
  auto& places = impl_->places;
  impl_->finished.wait(lock,
                       [&] { return places.empty() ? impl_->is_over : places.front().is_ready; });
  if (places.empty()) {
    if (impl_->error) std::rethrow_exception(std::exchange(impl_->error, nullptr));
    return std::nullopt;
  }
  FedPicture picture = std::move(places.front().picture);
  places.pop_front();
  impl_->room.notify_one();
  return picture;
}

std::size_t PictureFeed::ready() const {
  const std::lock_guard lock(impl_->mutex);
  std::size_t count = 0;
  while (count < impl_->places.size() && impl_->places[count].is_ready) ++count;
  return count;
}

}  // namespace mat
