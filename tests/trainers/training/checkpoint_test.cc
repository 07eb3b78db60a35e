#include "trainers/training/checkpoint.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "trainers/training/random_state.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

Checkpoint some_checkpoint(std::int64_t step) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.state["loop"] = {{"loss", 0.1}, {"name", "caf\xc3\xa9"}};
  checkpoint.tensors["a"] = torch::arange(6, torch::kFloat).view({2, 3});
  checkpoint.tensors["b"] = torch::full({3}, step, torch::kLong);
  return checkpoint;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void ignore(std::string_view /*line*/) {}

}  // namespace

TEST_CASE("A checkpoint comes back as it was written") {
  const TempFolder folder;
  const Checkpoint written = some_checkpoint(12);
  write_checkpoint(written, folder.path());
  const auto read = read_latest_checkpoint(folder.path(), ignore);
  REQUIRE(read);
  CHECK(read->step == 12);
  CHECK(read->state == written.state);
  REQUIRE(read->tensors.size() == 2);
  CHECK(torch::equal(read->tensors.at("a"), written.tensors.at("a")));
  CHECK(torch::equal(read->tensors.at("b"), written.tensors.at("b")));
}

TEST_CASE("The last two checkpoints are kept, and none that is later than the newest written") {
  const TempFolder folder;
  for (const std::int64_t step : {1, 5, 20, 900})
    write_checkpoint(some_checkpoint(step), folder.path());
  CHECK(names_in(folder.path()) ==
        std::vector<std::string>{"step-000000020.ckpt", "step-000000900.ckpt"});
  write_checkpoint(some_checkpoint(30), folder.path());
  CHECK(names_in(folder.path()) ==
        std::vector<std::string>{"step-000000020.ckpt", "step-000000030.ckpt"});
}

TEST_CASE("No checkpoint is read where there is none") {
  const TempFolder folder;
  CHECK(!read_latest_checkpoint(folder.path(), ignore));
  CHECK(!read_latest_checkpoint(folder / "nowhere", ignore));
  remove_checkpoints(folder / "nowhere");
}

TEST_CASE("A checkpoint with any byte changed is passed over, or says the same") {
  const TempFolder folder;
  write_checkpoint(some_checkpoint(1), folder.path());
  const Checkpoint newest = some_checkpoint(2);
  write_checkpoint(newest, folder.path());
  const fs::path path = folder / "step-000000002.ckpt";
  const std::string bytes = read_file(path);
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    CAPTURE(place);
    std::string damaged = bytes;
    damaged[place] ^= static_cast<char>(1 << place % 8);
    put_file(path, damaged);
    std::vector<std::string> lines;
    const auto read = read_latest_checkpoint(
        folder.path(), [&](std::string_view line) { lines.emplace_back(line); });
    REQUIRE(read);
    // A change in the blanks that fill the header up has no meaning.
    const bool is_same = read->step == 2 && read->state == newest.state &&
                         torch::equal(read->tensors.at("a"), newest.tensors.at("a")) &&
                         torch::equal(read->tensors.at("b"), newest.tensors.at("b"));
    REQUIRE((is_same || (read->step == 1 && lines.size() == 1)));
  }
}

TEST_CASE("A checkpoint that cannot be opened is not taken for lost") {
  const TempFolder folder;
  write_checkpoint(some_checkpoint(1), folder.path());
  // To itself, so that root cannot open it either.
  fs::create_symlink("step-000000002.ckpt", folder / "step-000000002.ckpt");
  CHECK_THROWS_WITH(read_latest_checkpoint(folder.path(), ignore),
                    Catch::Contains("cannot read the checkpoint"));
  fs::remove(folder / "step-000000002.ckpt");
  CHECK(read_latest_checkpoint(folder.path(), ignore)->step == 1);
}

TEST_CASE("A writer writes in the background and its errors come out at the next occasion") {
  const TempFolder folder;
  CheckpointWriter writer(folder / "checkpoint", Json{{"seed", 3}});
  writer.write(some_checkpoint(1));
  writer.write(some_checkpoint(2));
  writer.finish();
  CHECK(!writer.is_busy());
  const auto read = read_latest_checkpoint(folder / "checkpoint", ignore);
  REQUIRE(read);
  CHECK(read->step == 2);
  CHECK(read->state.at("settings") == Json{{"seed", 3}});

  fs::remove_all(folder / "checkpoint");
  put_file(folder / "checkpoint", "a file where the folder was");
  writer.write(some_checkpoint(3));
  const auto kind_of_error = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::bug;
  };
  SECTION("when another is written") {
    CHECK(kind_of_error([&] { writer.write(some_checkpoint(4)); }) == ErrorKind::io);
  }
  SECTION("when it is waited for") {
    CHECK(kind_of_error([&] { writer.finish(); }) == ErrorKind::io);
  }
  SECTION("when it is asked whether it is busy") {
    CHECK(kind_of_error([&] {
            while (writer.is_busy()) ::usleep(1000);
          }) == ErrorKind::io);
  }
  CHECK_NOTHROW(writer.finish());
}

TEST_CASE("A writer removes what a killed one left unfinished") {
  const TempFolder folder;
  put_file(folder / "step-000000003.ckpt.77.0.part", "half");
  put_file(folder / "note.txt", "stays");
  const CheckpointWriter writer(folder.path(), Json());
  CHECK(names_in(folder.path()) == std::vector<std::string>{"note.txt"});
}

TEST_CASE("Random numbers go on where a state was taken") {
  torch::manual_seed(4);
  torch::randn({7});  // an odd number: one of a pair waits
  Tensors state;
  save_random_state(state);
  const torch::Tensor expected = torch::cat({torch::randn({3}), torch::rand({3})});
  torch::manual_seed(99);
  set_random_state(random_state_in(state));
  CHECK(torch::equal(torch::cat({torch::randn({3}), torch::rand({3})}), expected));
}

}  // namespace mat
