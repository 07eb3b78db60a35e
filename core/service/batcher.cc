#include "core/service/batcher.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/image/decode_shrunk.h"
#include "core/image/resize.h"
#include "core/service/model_thread.h"
#include "core/training/answers.h"

namespace mat {
namespace {

// Of the picture that a model is tried with.
constexpr int kTrialSide = 64;
// The model's thread decodes no larger picture: others would have to wait for it meanwhile.
constexpr std::int64_t kQuickPixels = 2'000'000;
// One larger picture is decoded at a time: their memory does not grow with the cores.
constexpr std::int64_t kHugePixels = 25'000'000;

// All pictures that are asked about together.
struct Question {
  std::vector<AskedPicture> pictures;
  std::vector<PictureAnswer> answers;
  std::size_t left = 0;  // to be answered
  double asked_s = monotonic_seconds();
  Batcher::Done done;
};

struct Place {
  std::shared_ptr<Question> question;
  std::size_t index = 0;
  Image image;
  std::string warning;
};

// What became of a picture that was to be decoded: answered when that cannot be done.
enum class DecodeOutcome : std::uint8_t { decoded, answered, too_large };

struct Decoded {
  Image image;
  PictureAnswer said;         // beside or instead of an answer
  bool is_too_large = false;  // it has more pixels than were allowed
};

Decoded decoded(AskedPicture& picture, std::int64_t max_pixels, int short_side) {
  Decoded made;
  try {
    if (auto* image = std::get_if<Image>(&picture)) {
      made.image = shrink_to_short_side(std::move(*image), short_side);
      return made;
    }
    const auto& bytes = std::get<std::string>(picture);
    DecodeResult result =
        decode_shrunk({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                      short_side, max_pixels);
    made.image = std::move(result.image);
    made.said.problem = std::move(result.problem);
    made.said.warning = std::move(result.warning);
    made.is_too_large = result.has_too_many_pixels;
  } catch (const std::bad_alloc&) {
    made.said.problem = "not enough memory to decode it";
  } catch (const std::exception& e) {
    made.said.failure = e.what();
  }
  return made;
}

void require_answers(const std::vector<float>& answers, std::size_t count) {
  if (answers.size() != count) throw_wrong_count();
  const std::string problem = probabilities_problem(answers);
  if (!problem.empty()) throw Error(ErrorKind::usage, problem);
}

}  // namespace

struct Batcher::Impl {
  Impl(ModelDescription d, BatcherOptions o) : description(std::move(d)), options(std::move(o)) {}

  void wake_model();
  void decode();
  DecodeOutcome decode_place(Place& place, std::int64_t max_pixels);
  DecodeOutcome decode_any(Place& place);
  bool drop_if_late(const Place& place);
  bool decode_quickly(Place& place);
  void answer(PictureModel& model);
  void answer_batch(PictureModel& model, std::vector<Place>& batch);
  void finish(const Place& place, PictureAnswer answer);

  const ModelDescription description;
  const BatcherOptions options;
  Json facts;

  std::mutex huge;           // of who decodes a huge picture
  mutable std::mutex mutex;  // of all below
  std::condition_variable has_work, has_ready, has_room;
  std::deque<Place> undecoded, large, ready;  // large: not for the model's thread
  bool is_idle = false;                       // the model's thread waits, and nobody has woken it
  std::size_t waiting = 0, ready_bytes = 0;
  bool is_ending = false;
  int decoding = 0;  // threads that may still add to `ready`
  std::vector<std::thread> decoders;
  std::thread answerer;
};

void Batcher::Impl::wake_model() {
  has_ready.notify_one();
  if (options.idle_work) options.idle_work->interrupt();
}

void Batcher::Impl::finish(const Place& place, PictureAnswer answer) {
  Question& question = *place.question;
  bool is_last = false;
  {
    const std::lock_guard lock(mutex);
    question.answers[place.index] = std::move(answer);
    is_last = --question.left == 0;
    if (is_last) waiting -= question.answers.size();
  }
  if (is_last) give_answer(question.done, std::move(question.answers));
}

bool Batcher::Impl::drop_if_late(const Place& place) {
  if (monotonic_seconds() - place.question->asked_s < options.answer_within_s) return false;
  PictureAnswer answer;
  answer.failure = "there was no time for it";
  finish(place, std::move(answer));
  return true;
}

// Too large, of more than `max_pixels`, is only what may have more.
DecodeOutcome Batcher::Impl::decode_place(Place& place, std::int64_t max_pixels) {
  if (drop_if_late(place)) return DecodeOutcome::answered;
  AskedPicture& picture = place.question->pictures[place.index];
  const double begin_s = monotonic_seconds();
  Decoded made = decoded(picture, max_pixels, description.preprocessing.short_side);
  if (made.is_too_large && max_pixels < options.max_pixels) return DecodeOutcome::too_large;
  if (options.decoded) options.decoded(monotonic_seconds() - begin_s);
  picture = {};
  if (!made.said.problem.empty() || !made.said.failure.empty()) {
    finish(place, std::move(made.said));
    return DecodeOutcome::answered;
  }
  place.image = std::move(made.image);
  place.warning = std::move(made.said.warning);
  return DecodeOutcome::decoded;
}

DecodeOutcome Batcher::Impl::decode_any(Place& place) {
  const auto outcome = decode_place(place, std::min(kHugePixels, options.max_pixels));
  if (outcome != DecodeOutcome::too_large) return outcome;
  const std::lock_guard lock(huge);
  return decode_place(place, options.max_pixels);
}

void Batcher::Impl::decode() {
  for (;;) {
    Place place;
    {
      std::unique_lock lock(mutex);
      has_work.wait(lock, [&] { return is_ending || !undecoded.empty() || !large.empty(); });
      auto& queue = large.empty() ? undecoded : large;
      if (queue.empty()) {
        --decoding;
        lock.unlock();
        wake_model();
        return;
      }
      place = std::move(queue.front());
      queue.pop_front();
    }
    if (decode_any(place) != DecodeOutcome::decoded) continue;
    std::unique_lock lock(mutex);
    has_room.wait(lock, [&] { return ready.empty() || ready_bytes < options.queue_bytes; });
    ready_bytes += place.image.byte_count();
    ready.push_back(std::move(place));
    is_idle = false;
    lock.unlock();
    wake_model();
  }
}

// By the model's thread, which spares a single picture two changes of threads. Whether the picture
// is there; a large one goes to the threads for that, unless these have ended.
bool Batcher::Impl::decode_quickly(Place& place) {
  const auto* pixels = std::get_if<Image>(&place.question->pictures[place.index]);
  const bool is_large = pixels && std::int64_t{pixels->width} * pixels->height > kQuickPixels;
  auto outcome = is_large ? DecodeOutcome::too_large
                          : decode_place(place, std::min(kQuickPixels, options.max_pixels));
  if (outcome == DecodeOutcome::too_large) {
    {
      const std::lock_guard lock(mutex);
      if (decoding > 0) {
        large.push_back(std::move(place));
        has_work.notify_one();
        return false;
      }
    }
    outcome = decode_any(place);
  }
  return outcome == DecodeOutcome::decoded;
}

void Batcher::Impl::answer_batch(PictureModel& model, std::vector<Place>& batch) {
  std::erase_if(batch, [&](const Place& place) { return drop_if_late(place); });
  if (batch.empty()) return;
  std::vector<ImageView> pictures;
  const std::size_t classes = description.classes.size();
  const double begin_s = monotonic_seconds();
  std::vector<float> all;
  const std::string failure = failure_of([&] {
    for (const Place& place : batch) pictures.emplace_back(place.image);
    all = model.answer(pictures);
    if (all.size() != classes * batch.size()) throw_wrong_count();
  });
  // Counted before anybody hears of it.
  if (options.answered) options.answered(batch.size(), monotonic_seconds() - begin_s);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    PictureAnswer answer;
    answer.failure = failure;
    answer.warning = std::move(batch[i].warning);
    if (failure.empty()) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * classes);
      answer.probabilities.assign(begin, begin + static_cast<std::ptrdiff_t>(classes));
      answer.failure = probabilities_problem(answer.probabilities);
    }
    finish(batch[i], std::move(answer));
  }
}

void Batcher::Impl::answer(PictureModel& model) {
  const auto most = static_cast<std::size_t>(std::max(1, options.batch_size));
  for (;;) {
    std::vector<Place> batch;
    Place own;  // that this thread is to decode
    {
      std::unique_lock lock(mutex);
      wait_at_work(lock, has_ready, options.idle_work.get(), [&] {
        is_idle = ready.empty() && undecoded.empty();
        return !is_idle || (is_ending && decoding == 0);
      });
      if (is_idle) return;
      if (ready.empty()) {
        own = std::move(undecoded.front());
        undecoded.pop_front();
      }
    }
    if (own.question && decode_quickly(own)) batch.push_back(std::move(own));
    {
      const std::lock_guard lock(mutex);
      while (!ready.empty() && batch.size() < most) {
        ready_bytes -= ready.front().image.byte_count();
        batch.push_back(std::move(ready.front()));
        ready.pop_front();
      }
    }
    has_room.notify_all();
    if (!batch.empty()) answer_batch(model, batch);
  }
}

Batcher::Batcher(Open open, ModelDescription description, BatcherOptions options)
    : impl_(std::make_unique<Impl>(std::move(description), std::move(options))) {
  Impl* impl = impl_.get();
  impl->answerer = start_model_thread(
      std::move(open),
      [impl](PictureModel& model) {
        Image blank{kTrialSide, kTrialSide, {}};
        blank.pixels.assign(blank.byte_count(), 128);
        // Two, because a program of others may answer for the first only.
        require_answers(model.answer({blank, blank}), 2 * impl->description.classes.size());
        impl->facts = model.facts();
      },
      [impl](PictureModel& model) { impl->answer(model); });
  const int decoders = std::max(1, impl->options.decode_threads);
  {
    const std::lock_guard lock(impl->mutex);
    impl->decoding = decoders;
  }
  for (int i = 0; i < decoders; ++i) {
    impl->decoders.emplace_back([impl] { impl->decode(); });
  }
}

Batcher::~Batcher() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->has_work.notify_all();
  impl_->wake_model();
  for (std::thread& thread : impl_->decoders) thread.join();
  impl_->answerer.join();
}

bool Batcher::ask(std::vector<AskedPicture> pictures, Done done) {
  const std::size_t count = pictures.size();
  auto question = std::make_shared<Question>();
  question->left = count;
  question->answers.resize(count);
  question->pictures = std::move(pictures);
  question->done = std::move(done);
  std::size_t sleeping = count;  // pictures that somebody is still to be woken for
  bool wakes_model = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->waiting + count > impl_->options.queue_pictures) return false;
    impl_->waiting += count;
    for (std::size_t i = 0; i < count; ++i) {
      impl_->undecoded.push_back({question, i, {}, {}});
    }
    wakes_model = std::exchange(impl_->is_idle, false);
  }
  if (wakes_model) {
    impl_->wake_model();
    --sleeping;
  }
  // Somebody may have answered the question meanwhile.
  if (sleeping == 1) impl_->has_work.notify_one();
  if (sleeping > 1) impl_->has_work.notify_all();
  return true;
}

const ModelDescription& Batcher::description() const { return impl_->description; }

const Json& Batcher::facts() const { return impl_->facts; }

std::size_t Batcher::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting;
}

}  // namespace mat
