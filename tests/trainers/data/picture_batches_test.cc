#include "trainers/data/picture_batches.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "tests/trainers/catch.h"

namespace mat {
namespace {

// Pictures with gradients, so that every crop differs. Each has its place for a label, by which it
// is known in a batch.
struct Pictures {
  explicit Pictures(int count) {
    for (int i = 0; i < count; ++i) {
      Image image{40 + i % 5, 48 - i % 7, {}};
      for (std::size_t k = 0; k < image.byte_count(); ++k) {
        image.pixels.push_back(static_cast<std::uint8_t>(k / 3 * (i + 1) >> 3));
      }
      images.push_back(std::move(image));
    }
    for (int i = 0; i < count; ++i) labelled.push_back({images[i], i});
  }
  std::vector<Image> images;
  std::vector<LabelledPicture> labelled;
};

PictureBatches::Options options(bool training, int threads = 0) {
  PictureBatches::Options result;
  result.size = 24;
  result.batch_size = 8;
  result.threads = threads;
  result.seed = 5;
  result.training = training;
  return result;
}

std::vector<Batch> epoch_of(PictureBatches& source, int epoch, std::int64_t first = 0) {
  source.start_epoch(epoch, first);
  std::vector<Batch> batches;
  for (Batch batch; source.next(batch);) batches.push_back(batch);
  return batches;
}

bool are_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Batch& x, const Batch& y) {
    return torch::equal(x.inputs, y.inputs) && torch::equal(x.targets, y.targets);
  });
}

std::vector<std::int64_t> places_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> places;
  for (const auto& batch : batches) {
    const std::int64_t* const targets = batch.targets.data_ptr<std::int64_t>();
    places.insert(places.end(), targets, targets + batch.targets.numel());
  }
  return places;
}

TEST_CASE("evaluation gives every picture once and in order") {
  const Pictures pictures(21);
  PictureBatches source(pictures.labelled, options(false, 3));
  REQUIRE(source.batches_per_epoch() == 3);
  const auto batches = epoch_of(source, 0);
  REQUIRE(batches.size() == 3);
  CHECK(batches[2].inputs.sizes() == std::vector<std::int64_t>{5, 24, 24, 3});
  CHECK(batches[2].inputs.dtype() == torch::kUInt8);
  CHECK(batches[2].targets.dtype() == torch::kInt64);
  std::vector<std::int64_t> expected(21);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(places_of(batches) == expected);
  ResizeScratch scratch;
  std::vector<std::uint8_t> view(24 * 24 * 3);
  for (const auto& batch : batches) {
    for (std::int64_t i = 0; i < batch.targets.numel(); ++i) {
      const auto place = static_cast<std::size_t>(batch.targets[i].item<std::int64_t>());
      evaluation_view(pictures.labelled[place].view, 24, view.data(), scratch);
      const auto row = batch.inputs[i].contiguous();
      CHECK(std::equal(view.begin(), view.end(), row.data_ptr<std::uint8_t>()));
    }
  }
}

TEST_CASE("training shuffles anew in every epoch and leaves a small last batch out") {
  const Pictures pictures(21);
  PictureBatches source(pictures.labelled, options(true));
  REQUIRE(source.batches_per_epoch() == 2);
  const auto first = places_of(epoch_of(source, 0)), second = places_of(epoch_of(source, 1));
  CHECK(first.size() == 16);
  CHECK(std::set<std::int64_t>(first.begin(), first.end()).size() == 16);
  CHECK(first != second);
  CHECK(!std::is_sorted(first.begin(), first.end()));
}

TEST_CASE("a rest that is spread makes batches smaller, none larger, and leaves nothing out") {
  for (const int count : {0, 2, 3, 7, 8, 9, 16, 17, 21, 23, 40}) {
    CAPTURE(count);
    const Pictures pictures(count);
    std::vector<std::int64_t> seen;
    std::int64_t batches = 0;
    for (int part = 0; part < 2; ++part) {
      auto with = options(true);
      with.spread_rest = true;
      with.part = part;
      with.parts = 2;
      PictureBatches source(pictures.labelled, with);
      const auto epoch = epoch_of(source, 0);
      batches = static_cast<std::int64_t>(epoch.size());
      for (const Batch& batch : epoch) {
        CHECK(batch.targets.numel() > 0);
        CHECK(batch.whole_targets.numel() <= with.batch_size);
      }
      const auto places = places_of(epoch);
      seen.insert(seen.end(), places.begin(), places.end());
    }
    CHECK(batches == (count + 7) / 8);
    std::sort(seen.begin(), seen.end());
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    CHECK(seen == all);
  }
}

TEST_CASE("a batch that is spread over parts has a picture for each, and two for a norm") {
  const auto sizes = [](int count, int batch_size, int parts) {
    const Pictures pictures(count);
    auto with = options(true);
    with.spread_rest = true;
    with.batch_size = batch_size;
    with.parts = parts;
    PictureBatches source(pictures.labelled, with);
    std::vector<std::int64_t> all;
    for (const Batch& batch : epoch_of(source, 0)) all.push_back(batch.whole_targets.numel());
    return all;
  };
  CHECK(sizes(5, 4, 4) == std::vector<std::int64_t>{5});
  CHECK(sizes(3, 2, 1) == std::vector<std::int64_t>{3});
  CHECK(sizes(5, 4, 1) == std::vector<std::int64_t>{2, 3});
}

TEST_CASE("a set smaller than a batch is one batch") {
  const Pictures pictures(3);
  PictureBatches source(pictures.labelled, options(true));
  CHECK(source.batches_per_epoch() == 1);
  const auto batches = epoch_of(source, 0);
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].targets.numel() == 3);
}

TEST_CASE("no pictures are no batches") {
  PictureBatches source({}, options(GENERATE(true, false)));
  CHECK(source.batches_per_epoch() == 0);
  CHECK(epoch_of(source, 0).empty());
}

TEST_CASE("batches do not depend on the number of threads") {
  const Pictures pictures(100);
  PictureBatches one(pictures.labelled, options(true, 1));
  PictureBatches many(pictures.labelled, options(true, 7));
  PictureBatches with_torch(pictures.labelled, options(true, 0));
  for (int epoch : {0, 3}) {
    const auto batches = epoch_of(one, epoch);
    CHECK(are_equal(batches, epoch_of(many, epoch)));
    CHECK(are_equal(batches, epoch_of(with_torch, epoch)));
  }
}

TEST_CASE("another seed or epoch crops and orders differently") {
  const Pictures pictures(16);
  auto other_seed = options(true);
  other_seed.seed = 6;
  PictureBatches source(pictures.labelled, options(true)), other(pictures.labelled, other_seed);
  const auto batches = epoch_of(source, 0);
  CHECK(are_equal(batches, epoch_of(source, 0)));
  CHECK(!are_equal(batches, epoch_of(source, 1)));
  CHECK(!are_equal(batches, epoch_of(other, 0)));
}

TEST_CASE("an epoch can be begun in its middle") {
  const Pictures pictures(80);
  PictureBatches source(pictures.labelled, options(true, GENERATE(0, 2)));
  auto all = epoch_of(source, 4);
  const auto rest = epoch_of(source, 4, 6);
  all.erase(all.begin(), all.begin() + 6);
  CHECK(are_equal(all, rest));
  CHECK(epoch_of(source, 4, 10).empty());
  CHECK(epoch_of(source, 4, 11).empty());
}

TEST_CASE("an epoch can be given up for another at any time") {
  const Pictures pictures(200);
  PictureBatches source(pictures.labelled, options(true, 4));
  PictureBatches quiet(pictures.labelled, options(true, 1));
  const auto expected = epoch_of(quiet, 1);
  for (int taken = 0; taken < 10; ++taken) {
    source.start_epoch(0);
    Batch batch;
    for (int i = 0; i < taken; ++i) REQUIRE(source.next(batch));
    CHECK(are_equal(epoch_of(source, 1), expected));
  }
}

TEST_CASE("a batch keeps its pixels while others are made, and after their source has ended") {
  const Pictures pictures(80);
  std::vector<Batch> batches;
  std::vector<torch::Tensor> copies;
  {
    PictureBatches source(pictures.labelled, options(true, 2));
    for (int epoch = 0; epoch < 5; ++epoch) {
      for (auto& batch : epoch_of(source, epoch)) {
        copies.push_back(batch.inputs.clone());
        batches.push_back(std::move(batch));
      }
      if (epoch % 2 == 1) {
        batches.erase(batches.begin(), batches.begin() + 5);
        copies.erase(copies.begin(), copies.begin() + 5);
      }
    }
  }
  bool all_equal = true;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    all_equal = all_equal && torch::equal(batches[i].inputs, copies[i]);
  }
  CHECK(all_equal);
}

TEST_CASE("what goes wrong in a thread comes out of next") {
  const Pictures pictures(16);
  auto impossible = options(false);
  impossible.size = 1 << 30;
  impossible.batch_size = 1;
  PictureBatches source(pictures.labelled, impossible);
  source.start_epoch(0);
  Batch batch;
  CHECK_THROWS_AS(source.next(batch), std::bad_alloc);
  CHECK_THROWS_AS(source.next(batch), std::bad_alloc);
}

TEST_CASE("pictures without pixels are refused") {
  CHECK_THROWS_AS(PictureBatches({LabelledPicture{}}, options(true)), Error);
}

TEST_CASE("a source can end while it is at work") {
  const Pictures pictures(500);
  for (int i = 0; i < 20; ++i) {
    PictureBatches source(pictures.labelled, options(true, 3));
    source.start_epoch(i);
    Batch batch;
    CHECK(source.next(batch));
  }
}

}  // namespace
}  // namespace mat
