#include "core/service/open_fastest.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

namespace mat {
namespace {

// Takes so long for an answer.
class SlowModel : public PictureModel {
 public:
  explicit SlowModel(int milliseconds) : milliseconds_(milliseconds) {}

  std::vector<float> answer(const std::vector<ImageView>& /*pictures*/) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds_));
    return {1};
  }
  Heatmap heatmap(const ImageView& /*picture*/, int /*number*/) override { return {}; }
  Json facts() const override { return Json::object(); }

 private:
  int milliseconds_;
};

// The numbers of threads that were opened, when with all of them an answer takes so long, with half
// of them so long, and with all of them at first so long; the last one serves.
std::vector<int> opened_with(int threads, int all_ms, int half_ms, int first_ms) {
  std::vector<int> opened;
  ModelRequest request;
  request.threads = threads;
  const auto model = open_fastest(
      [&](const ModelRequest& asked) {
        opened.push_back(asked.threads);
        if (opened.size() == 1) return std::make_unique<SlowModel>(first_ms);
        return std::make_unique<SlowModel>(asked.threads == threads ? all_ms : half_ms);
      },
      request);
  REQUIRE(model);
  return opened;
}

}  // namespace

TEST_CASE("a service computes with as many threads as answer the fastest") {
  CHECK(opened_with(4, 2, 40, 2) == std::vector<int>{4, 2, 4});
  CHECK(opened_with(4, 40, 2, 40) == std::vector<int>{4, 2, 4, 2});
  CHECK(opened_with(1, 2, 2, 2) == std::vector<int>{1});
}

TEST_CASE("what slows down a moment of the trial does not choose a service's threads") {
  CHECK(opened_with(4, 2, 20, 60) == std::vector<int>{4, 2, 4});
}

}  // namespace mat
