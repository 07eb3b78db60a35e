#include "core/model/predict.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/picture_names.h"
#include "tests/core/model/colour_model.h"
#include "tests/test_files.h"

namespace mat {
namespace {

constexpr std::uint32_t kColours[] = {0xff0000, 0x00ff00, 0x0000ff};

std::vector<std::string> make_colours(const TempFolder& folder, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(folder / ("p" + std::to_string(1000 + i) + ".bmp"));
    // Of different sizes, so that they take different times.
    put_file(names.back(), bmp_of_color(8 + i % 7 * 30, 9 + i % 5 * 20, kColours[i % 3]));
  }
  return names;
}

std::vector<Prediction> predict_all(ColourModel& model, PictureFeed::Source source,
                                    const PredictOptions& options) {
  std::vector<Prediction> all;
  predict(model, colour_description(), std::move(source), options,
          [&](const Prediction& prediction) { all.push_back(prediction); });
  return all;
}

// Ends of a pipe whose writing end is closed by close_input() or at the end.
struct PipeOf {
  PipeOf() { REQUIRE(::pipe(ends) == 0); }
  ~PipeOf() {
    ::close(ends[0]);
    close_input();
  }
  void write(const std::string& bytes) const { write_all(ends[1], bytes, "a pipe"); }
  void close_input() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  int ends[2];
};

}  // namespace

TEST_CASE("Answers come in the order of the names, whatever the threads do", "[model]") {
  const TempFolder folder;
  const std::vector<std::string> names = make_colours(folder, 100);
  ColourModel model;
  const auto all = predict_all(model, named_pictures(names), {4, 8});
  REQUIRE(all.size() == names.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].name == names[i]);
    CHECK(top_classes(all[i].probabilities, 1).front() == i % 3);
  }
  for (const std::size_t batch : model.batches) CHECK(batch <= 8);
}

TEST_CASE("A bad picture is a row with its problem, and the others are answered", "[model]") {
  const TempFolder folder;
  std::vector<std::string> names = make_colours(folder, 4);
  put_file(folder / "text.jpg", "no picture at all");
  names.insert(names.begin() + 1, folder / "text.jpg");
  names.push_back(folder / "nowhere.png");
  ColourModel model;
  const auto all = predict_all(model, named_pictures(names), {2, 16});
  REQUIRE(all.size() == 6);
  CHECK_FALSE(all[1].problem.empty());
  CHECK(all[1].probabilities.empty());
  CHECK(all[5].problem == "no such file");
  for (const std::size_t i : {0, 2, 3, 4}) CHECK(all[i].probabilities.size() == 3);
  // None of a batch can be read.
  CHECK(predict_all(model, named_pictures({folder / "nowhere.png"}), {2, 16}).size() == 1);
  CHECK(predict_all(model, named_pictures({}), {2, 16}).empty());
}

TEST_CASE("Numbers that are no probabilities are no answer", "[model]") {
  const TempFolder folder;
  const std::vector<std::string> names = make_colours(folder, 3);
  ColourModel model;
  for (const float odd : {std::nanf(""), INFINITY, -0.5F, 2.0F}) {
    model.of_blue = odd;
    const auto all = predict_all(model, named_pictures(names), {1, 8});
    REQUIRE(all.size() == 3);
    CHECK(all[0].problem.empty());
    CHECK(all[1].problem.empty());
    CHECK(all[2].problem.find("does not answer with probabilities") != std::string::npos);
    CHECK(all[2].probabilities.empty());
  }
}

TEST_CASE("What a model cannot answer is a row with its problem", "[model]") {
  const TempFolder folder;
  ColourModel model;
  model.fails = true;
  const auto all = predict_all(model, named_pictures(make_colours(folder, 3)), {1, 2});
  REQUIRE(all.size() == 3);
  for (const Prediction& prediction : all) CHECK(prediction.problem == "the program has stopped");
}

TEST_CASE("A picture through a pipe is one picture, and anything else names files", "[model]") {
  const TempFolder folder;
  const std::vector<std::string> names = make_colours(folder, 3);
  ColourModel model;

  SECTION("a picture") {
    PipeOf pipe;
    pipe.write(read_file(names[1]));
    pipe.close_input();
    const auto all = predict_all(model, piped_pictures(pipe.ends[0]), {2, 4});
    REQUIRE(all.size() == 1);
    CHECK(all[0].name == "-");
    CHECK(top_classes(all[0].probabilities, 1).front() == 1);
  }

  SECTION("names, one a line, the last without its end") {
    PipeOf pipe;
    pipe.write(names[0] + "\n\n" + names[2] + "\r\n" + names[1]);
    pipe.close_input();
    const auto all = predict_all(model, piped_pictures(pipe.ends[0]), {2, 4});
    REQUIRE(all.size() == 3);
    CHECK(all[1].name == names[2]);
    CHECK(all[2].name == names[1]);
  }

  SECTION("names between zero bytes may have line breaks") {
    const std::string odd = folder / "two\nlines.bmp";
    put_file(odd, bmp_of_color(9, 9, 0xff0000));
    PipeOf pipe;
    pipe.write(odd + std::string(1, '\0') + names[0] + std::string(1, '\0'));
    pipe.close_input();
    const auto all = predict_all(model, piped_pictures(pipe.ends[0]), {2, 4});
    REQUIRE(all.size() == 2);
    CHECK(all[0].problem.empty());
  }

  SECTION("an answer does not wait for the next name") {
    PipeOf pipe;
    std::mutex mutex;
    mutex.lock();  // until the first answer is there
    std::thread writer([&] {
      pipe.write("x\n");
      mutex.lock();
      pipe.write(names[2] + "\n");
      pipe.close_input();
    });
    std::size_t count = 0;
    predict(model, colour_description(), piped_pictures(pipe.ends[0]), {1, 32},
            [&](const Prediction&) {
              if (++count == 1) mutex.unlock();
            });
    writer.join();
    CHECK(count == 2);
  }

  SECTION("neither is an error") {
    PipeOf pipe;
    std::thread writer([&] {
      pipe.write(std::string(100'000, 'x'));
      pipe.close_input();
    });
    CHECK_THROWS_AS(predict_all(model, piped_pictures(pipe.ends[0]), {2, 4}), Error);
    writer.join();
  }
}

TEST_CASE("A folder's pictures come in the order of their names, with those below", "[model]") {
  const TempFolder folder;
  put_file(folder / "b" / "2.bmp", bmp_of_color(9, 9, 0xff0000));
  put_file(folder / "a" / "x" / "1.bmp", bmp_of_color(9, 9, 0x00ff00));
  put_file(folder / "a" / "notes.txt", "no picture");
  ColourModel model;
  const auto all = predict_all(model, pictures_below(folder.path()), {2, 4});
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == (folder / "a" / "x" / "1.bmp"));
  CHECK(all[1].name == (folder / "b" / "2.bmp"));
  CHECK_THROWS_AS(pictures_below(folder / "absent"), Error);
}

TEST_CASE("What the receiver throws ends it at once", "[model]") {
  const TempFolder folder;
  ColourModel model;
  std::size_t count = 0;
  CHECK_THROWS_AS(
      predict(model, colour_description(), named_pictures(make_colours(folder, 50)), {2, 1},
              [&](const Prediction&) {
                if (++count == 3) throw std::runtime_error("full");
              }),
      std::runtime_error);
  CHECK(count == 3);
}

TEST_CASE("The highest classes come first, the first of equals first", "[model]") {
  CHECK(top_classes({0.2F, 0.4F, 0.4F}, 5) == std::vector<std::size_t>{1, 2, 0});
  CHECK(top_classes({0.2F, 0.4F, 0.4F}, 2) == std::vector<std::size_t>{1, 2});
}

}  // namespace mat
