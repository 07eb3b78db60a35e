#include "core/service/batcher.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "core/base/time.h"
#include "tests/core/service/fake_model.h"
#include "tests/test_files.h"

namespace mat {
namespace {

struct Fixture {
  explicit Fixture(BatcherOptions options = {})
      : batcher(std::make_unique<Batcher>([this] { return std::make_unique<FakeModel>(control); },
                                          fake_description(), std::move(options))) {}

  std::future<std::vector<PictureAnswer>> ask(std::vector<AskedPicture> pictures) {
    auto promise = std::make_shared<std::promise<std::vector<PictureAnswer>>>();
    auto future = promise->get_future();
    is_taken = batcher->ask(std::move(pictures), [promise](std::vector<PictureAnswer> answers) {
      promise->set_value(std::move(answers));
    });
    return future;
  }

  std::shared_ptr<FakeControl> control = std::make_shared<FakeControl>();
  std::unique_ptr<Batcher> batcher;
  bool is_taken = false;
};

std::string picture(std::uint32_t color) { return bmp_of_color(32, 24, color); }

int best(const PictureAnswer& answer) {
  return static_cast<int>(
      std::max_element(answer.probabilities.begin(), answer.probabilities.end()) -
      answer.probabilities.begin());
}

}  // namespace

TEST_CASE("pictures are answered in their order, bad ones with their problem") {
  Fixture f;
  const auto answers =
      f.ask({picture(0x0000ff), "no picture", picture(0xff0000), picture(0x00ff00)}).get();
  REQUIRE(answers.size() == 4);
  CHECK(best(answers[0]) == 2);
  CHECK_FALSE(answers[1].problem.empty());
  CHECK(best(answers[2]) == 0);
  CHECK(best(answers[3]) == 1);
}

TEST_CASE("what comes while the model is busy is answered together") {
  BatcherOptions options;
  options.batch_size = 8;
  std::atomic<int> decoded = 0;
  options.decoded = [&](double) { ++decoded; };
  Fixture f(options);
  f.control->hold(true);
  std::vector<std::future<std::vector<PictureAnswer>>> answers;
  answers.push_back(f.ask({picture(0xff0000)}));
  // The first batch is that of the trial.
  f.control->wait_for_batches(2);
  for (int i = 0; i < 20; ++i) answers.push_back(f.ask({picture(0x00ff00)}));
  while (decoded < 21) std::this_thread::yield();
  f.control->hold(false);
  for (auto& answer : answers) CHECK(answer.get().front().problem.empty());
  const auto& batches = f.control->batches;
  CHECK(batches[1] == 1);
  CHECK(batches.size() < 21);
  CHECK(*std::max_element(batches.begin(), batches.end()) <= 8);
}

TEST_CASE("too many that wait are turned away, and only then") {
  BatcherOptions options;
  options.queue_pictures = 3;
  Fixture f(options);
  f.control->hold(true);
  auto first = f.ask({picture(1), picture(2)});
  CHECK(f.is_taken);
  f.ask({picture(1), picture(2)});
  CHECK_FALSE(f.is_taken);
  auto second = f.ask({picture(1)});
  CHECK(f.is_taken);
  f.control->hold(false);
  CHECK(first.get().size() == 2);
  CHECK(second.get().size() == 1);
  CHECK(f.batcher->waiting() == 0);
}

TEST_CASE("a model that fails is no fault of the pictures, and may work again") {
  Fixture f;
  f.control->fails = true;
  const auto failed = f.ask({picture(0xff0000)}).get();
  CHECK(failed[0].failure == "the model is broken");
  CHECK(failed[0].problem.empty());
  f.control->fails = false;
  CHECK(f.ask({picture(0xff0000)}).get()[0].failure.empty());
}

TEST_CASE("what is no classifier of its classes does not open") {
  const auto control = std::make_shared<FakeControl>();
  const auto open = [&] { return std::make_unique<FakeModel>(control); };
  CHECK_THROWS_AS(Batcher(open, fake_description({"one", "two"}), {}), Error);
  const auto failing = []() -> std::unique_ptr<PictureModel> {
    throw Error(ErrorKind::io, "no weights");
  };
  CHECK_THROWS_WITH(Batcher(failing, fake_description(), {}), "no weights");
}

TEST_CASE("a batcher that ends answers what it was asked") {
  Fixture f;
  f.control->hold(true);
  std::vector<std::future<std::vector<PictureAnswer>>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(f.ask({picture(0x00ff00)}));
  std::thread ending([&] { f.batcher.reset(); });
  f.control->hold(false);
  for (auto& answer : answers) CHECK(best(answer.get().front()) == 1);
  ending.join();
}

TEST_CASE("large pictures are answered, too, among small ones and by a batcher that ends") {
  Fixture f;
  const std::string large = bmp_of_color(2000, 1500, 0x0000ff);
  CHECK(best(f.ask({large}).get().front()) == 2);
  std::vector<std::future<std::vector<PictureAnswer>>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(f.ask({large, picture(0x00ff00)}));
    answers.push_back(f.ask({picture(0xff0000)}));
  }
  f.batcher.reset();
  for (std::size_t i = 0; i < answers.size(); i += 2) {
    const auto both = answers[i].get();
    CHECK(best(both[0]) == 2);
    CHECK(best(both[1]) == 1);
    CHECK(best(answers[i + 1].get().front()) == 0);
  }
}

TEST_CASE("what takes an answer may throw, and the next one is answered") {
  Fixture f;
  for (const std::string& bytes : {picture(0xff0000), std::string("no picture")}) {
    auto dropped = std::make_shared<std::promise<void>>();
    auto is_dropped = dropped->get_future();
    f.batcher->ask({bytes}, [dropped = std::move(dropped)](const std::vector<PictureAnswer>&) {
      throw std::runtime_error("no memory for the answer");
    });
    // Whoever waited for it is told: the promise went with what threw.
    CHECK_THROWS_AS(is_dropped.get(), std::future_error);
  }
  CHECK(best(f.ask({picture(0x00ff00)}).get().front()) == 1);
}

TEST_CASE("what nobody waits for any more is dropped, decoded or not") {
  BatcherOptions options;
  options.answer_within_s = 1;
  Fixture f(options);
  f.control->hold(true);
  auto first = f.ask({picture(0xff0000)});
  f.control->wait_for_batches(2);
  const double begin_s = monotonic_seconds();
  auto second = f.ask({picture(0x00ff00)});
  while (monotonic_seconds() - begin_s < 1.1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  f.control->hold(false);
  CHECK(first.get().front().failure.empty());
  CHECK(second.get().front().failure == "there was no time for it");
  CHECK(f.control->batches.size() == 2);
  CHECK(f.batcher->waiting() == 0);
}

TEST_CASE("huge pictures are decoded one after the other") {
  BatcherOptions options;
  options.decode_threads = 4;
  struct Decoding {
    double begin_s, end_s;
  };
  std::mutex mutex;
  std::vector<Decoding> decodings;
  options.decoded = [&](double seconds) {
    const std::lock_guard lock(mutex);
    const double end_s = monotonic_seconds();
    decodings.push_back({end_s - seconds, end_s});
  };
  Fixture f(options);
  const std::string huge = bmp_of_color(6000, 4500, 0x0000ff);
  std::vector<std::future<std::vector<PictureAnswer>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(f.ask({huge}));
  for (auto& answer : answers) CHECK(best(answer.get().front()) == 2);
  REQUIRE(decodings.size() == 4);
  std::sort(decodings.begin(), decodings.end(),
            [](const Decoding& a, const Decoding& b) { return a.begin_s < b.begin_s; });
  for (std::size_t i = 1; i < decodings.size(); ++i) {
    CHECK(decodings[i - 1].end_s <= decodings[i].begin_s);
  }
}

TEST_CASE("pictures with more pixels than allowed are refused by their headers") {
  BatcherOptions options;
  options.max_pixels = 100;
  Fixture f(options);
  CHECK(f.ask({picture(0xff0000)}).get()[0].problem.find("pixels") != std::string::npos);
}

}  // namespace mat
