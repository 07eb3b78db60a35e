#include "core/service/batcher.h"

#include <algorithm>
#include <condition_variable>
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

// All pictures that are asked about together.
struct Question {
  std::vector<AskedPicture> pictures;
  std::vector<PictureAnswer> answers;
  std::size_t left = 0;  // to be answered
  Batcher::Done done;
};

struct Place {
  std::shared_ptr<Question> question;
  std::size_t index = 0;
  Image image;
  std::string warning;
};

// `said`: what is to be said of the picture, beside or instead of an answer.
Image decoded(AskedPicture picture, const BatcherOptions& options, int short_side,
              PictureAnswer& said) {
  try {
    if (auto* image = std::get_if<Image>(&picture)) {
      return shrink_to_short_side(std::move(*image), short_side);
    }
    const auto& bytes = std::get<std::string>(picture);
    DecodeResult result =
        decode_shrunk({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                      short_side, options.max_pixels);
    said.problem = std::move(result.problem);
    said.warning = std::move(result.warning);
    return std::move(result.image);
  } catch (const std::bad_alloc&) {
    said.problem = "not enough memory to decode it";
  } catch (const std::exception& e) {
    said.failure = e.what();
  }
  return {};
}

void require_answers(const std::vector<float>& answers, std::size_t count) {
  if (answers.size() != count) throw_wrong_count();
  const std::string problem = probabilities_problem(answers);
  if (!problem.empty()) throw Error(ErrorKind::usage, problem);
}

}  // namespace

struct Batcher::Impl {
  Impl(ModelDescription d, BatcherOptions o) : description(std::move(d)), options(std::move(o)) {}

  void decode();
  void answer(PictureModel& model);
  void answer_batch(PictureModel& model, std::vector<Place>& batch);
  void finish(Place& place, PictureAnswer answer);

  const ModelDescription description;
  const BatcherOptions options;
  Json facts;

  mutable std::mutex mutex;  // of all below
  std::condition_variable has_work, has_ready, has_room;
  std::deque<Place> undecoded, ready;
  std::size_t waiting = 0, ready_bytes = 0;
  bool is_ending = false;
  int decoding = 0;  // threads that may still add to `ready`
  std::vector<std::thread> decoders;
  std::thread answerer;
};

void Batcher::Impl::finish(Place& place, PictureAnswer answer) {
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

void Batcher::Impl::decode() {
  for (;;) {
    Place place;
    {
      std::unique_lock lock(mutex);
      has_work.wait(lock, [&] { return is_ending || !undecoded.empty(); });
      if (undecoded.empty()) {
        --decoding;
        has_ready.notify_all();
        return;
      }
      place = std::move(undecoded.front());
      undecoded.pop_front();
    }
    PictureAnswer said;
    place.image = decoded(std::move(place.question->pictures[place.index]), options,
                          description.preprocessing.short_side, said);
    if (!said.problem.empty() || !said.failure.empty()) {
      finish(place, std::move(said));
      continue;
    }
    place.warning = std::move(said.warning);
    std::unique_lock lock(mutex);
    has_room.wait(lock, [&] { return ready.empty() || ready_bytes < options.queue_bytes; });
    ready_bytes += place.image.byte_count();
    ready.push_back(std::move(place));
    has_ready.notify_one();
  }
}

void Batcher::Impl::answer_batch(PictureModel& model, std::vector<Place>& batch) {
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
    {
      std::unique_lock lock(mutex);
      has_ready.wait(lock, [&] { return !ready.empty() || (is_ending && decoding == 0); });
      if (ready.empty()) return;
      while (!ready.empty() && batch.size() < most) {
        ready_bytes -= ready.front().image.byte_count();
        batch.push_back(std::move(ready.front()));
        ready.pop_front();
      }
    }
    has_room.notify_all();
    answer_batch(model, batch);
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
  impl_->has_ready.notify_all();
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
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->waiting + count > impl_->options.queue_pictures) return false;
    impl_->waiting += count;
    for (std::size_t i = 0; i < count; ++i) {
      impl_->undecoded.push_back({question, i, {}, {}});
    }
  }
  // Somebody may have answered the question meanwhile.
  count == 1 ? impl_->has_work.notify_one() : impl_->has_work.notify_all();
  return true;
}

const ModelDescription& Batcher::description() const { return impl_->description; }

const Json& Batcher::facts() const { return impl_->facts; }

std::size_t Batcher::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting;
}

}  // namespace mat
