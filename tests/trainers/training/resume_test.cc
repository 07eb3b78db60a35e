#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/metrics/event_tail.h"
#include "core/metrics/record_file.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/filing_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Sets $MAT_CHECKPOINT_SECONDS while it lives.
class CheckpointsEvery {
 public:
  explicit CheckpointsEvery(const char* seconds) { ::setenv("MAT_CHECKPOINT_SECONDS", seconds, 1); }
  ~CheckpointsEvery() { ::unsetenv("MAT_CHECKPOINT_SECONDS"); }
};

TrainRequest small_request(const std::string& algorithm, const fs::path& home,
                           const std::string& version) {
  TrainRequest request = request_for(home / "data", home, version, algorithm);
  Json& h = request.hyperparameters;
  h["epochs"] = 3;
  h["histograms"] = true;
  request.threads = 1;
  if (algorithm == "tabular_mlp") {
    h.erase("image_size");
    h["target"] = "kind";
    h["dropout"] = 0.3;
    h["optimizer"] = "adamw";
    request.inputs["data_url"] = home / "data" / "table.csv";
    return request;
  }
  h["precision"] = "fp32";
  h["layout"] = algorithm == "resnet18" ? "channels_last" : "contiguous";
  h["image_size"] = algorithm == "small_cnn" ? 16 : 32;
  h["batch_size"] = 8;
  if (algorithm == "mobilenet_v3_small") h["optimizer"] = "adamw";
  return request;
}

void make_data(const fs::path& home) {
  make_pictures(home / "data", 12);
  std::string table = "x,y,kind\n";
  for (int i = 0; i < 120; ++i) {
    table += fmt::format("{},{},{}\n", i * 7 % 31, i * 13 % 29, i * 7 % 31 > i * 13 % 29);
  }
  put_file(home / "data" / "table.csv", table);
}

// All that a training leaves and that must not depend on its breaks.
struct Traces {
  explicit Traces(const fs::path& folder)
      : last(read_file(folder / "output" / "last.safetensors")),
        best(read_file(folder / "output" / "best.safetensors")),
        evaluation(read_file(folder / "evaluation.json")),
        predictions(read_file(folder / "predictions.jsonl")),
        records(records_in(folder)) {
    for (const Curve& curve : read_event_files(folder)) {
      std::int64_t before = -1;
      for (const ScalarPoint& point : curve.points) {
        REQUIRE(point.step > before);
        before = point.step;
        // Its points are at moments, not at steps.
        if (curve.tag.ends_with("_per_second")) continue;
        curves[curve.tag].emplace_back(point.step, point.value);
      }
    }
  }

  // Records of event files without their times.
  static std::vector<std::string> records_in(const fs::path& folder) {
    constexpr std::size_t kTimeBytes = 9;
    std::vector<std::string> records;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!is_event_file_name(entry.path().filename().string())) continue;
      RecordReader reader(entry.path());
      while (const auto record = reader.next()) {
        const bool is_new = record->find("brain.Event") == std::string_view::npos &&
                            record->find("_per_second") == std::string_view::npos;
        if (is_new) records.emplace_back(record->substr(kTimeBytes));
      }
    }
    return records;
  }

  std::string last, best, evaluation, predictions;
  std::vector<std::string> records;
  std::map<std::string, std::vector<std::pair<std::int64_t, float>>> curves;
};

void check_equal(const Traces& a, const Traces& b) {
  CHECK((a.last == b.last));
  CHECK((a.best == b.best));
  CHECK(a.evaluation == b.evaluation);
  CHECK((a.predictions == b.predictions));
  CHECK(a.curves == b.curves);
  CHECK((a.records == b.records));
}

Traces without_break(TrainRequest request) {
  FilingObserver observer(request.version_folder);
  CHECK(!torch_trainer().train(request, observer).stopped);
  CHECK(observer.restored == 0);
  return Traces(request.version_folder);
}

std::vector<std::string> checkpoints_of(const TrainRequest& request) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(request.version_folder / "checkpoint")) {
    if (entry.path().extension() == ".ckpt") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Trains up to the step and stops there.
void train_until(const TrainRequest& request, std::int64_t step) {
  FilingObserver observer(request.version_folder);
  observer.stop = [&](const RecordingObserver& o) {
    const auto lr = o.metrics.find("lr");
    return lr != o.metrics.end() && lr->second.back().first >= step;
  };
  CHECK(torch_trainer().train(request, observer).stopped);
}

Error error_of_resuming(const TrainRequest& request) {
  FilingObserver observer(request.version_folder);
  try {
    torch_trainer().train(request, observer);
  } catch (const Error& error) {
    CHECK(observer.restored == 0);
    return error;
  }
  throw std::runtime_error("the training did not fail");
}

void flip_a_byte(const fs::path& path, std::size_t place) {
  std::string bytes = read_file(path);
  bytes[place % bytes.size()] ^= 4;
  put_file(path, bytes);
}

const char* const kAlgorithms[] = {"small_cnn", "resnet18", "mobilenet_v3_small", "tabular_mlp"};

}  // namespace

TEST_CASE("A training that is stopped and resumed again and again ends as one that never was") {
  const std::string algorithm =
      GENERATE(from_range(std::begin(kAlgorithms), std::end(kAlgorithms)));
  CAPTURE(algorithm);
  const TempFolder home;
  make_data(home.path());
  // Several threads where they cost the least.
  const int threads = algorithm == "small_cnn" ? 2 : 1;
  TrainRequest whole = small_request(algorithm, home.path(), "V0001");
  whole.threads = threads;
  const Traces expected = without_break(whole);

  TrainRequest request = small_request(algorithm, home.path(), "V0002");
  request.threads = threads;
  std::mt19937 random(Catch::rngSeed());
  bool done = false;
  for (int attempt = 0; !done && attempt < 100; ++attempt) {
    FilingObserver observer(request.version_folder);
    // Not only between steps: validation asks, too.
    int questions = static_cast<int>(random() % 12);
    observer.stop = [&](const RecordingObserver&) { return questions-- <= 0; };
    try {
      done = !torch_trainer().train(request, observer).stopped;
      CHECK(!checkpoints_of(request).empty());
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::interrupted);  // while pictures were read
    }
    CHECK(checkpoints_of(request).size() <= 2);
    request.resume = true;
  }
  REQUIRE(done);
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("The line of an epoch that was broken off has the mean of all of its batches") {
  const TempFolder home;
  make_data(home.path());
  const auto first_epoch = [](const RecordingObserver& observer) {
    for (const std::string& line : observer.lines) {
      // Without the speed at its end.
      if (line.starts_with("epoch 1/3  ")) return line.substr(0, line.find("  loss "));
    }
    return std::string("none");
  };
  const TrainRequest whole = small_request("small_cnn", home.path(), "V0001");
  FilingObserver expected(whole.version_folder);
  torch_trainer().train(whole, expected);
  REQUIRE(first_epoch(expected) != "none");

  TrainRequest request = small_request("small_cnn", home.path(), "V0002");
  train_until(request, 2);
  request.resume = true;
  FilingObserver resumed(request.version_folder);
  torch_trainer().train(request, resumed);
  CHECK(resumed.has_line_with("epoch 1/3 goes on after batch 2 of "));
  CHECK(first_epoch(resumed) == first_epoch(expected));
}

TEST_CASE("A training that breaks off anywhere and is resumed ends as one that never did") {
  const std::string algorithm =
      GENERATE(from_range(std::begin(kAlgorithms), std::end(kAlgorithms)));
  CAPTURE(algorithm);
  const TempFolder home;
  make_data(home.path());
  const Traces expected = without_break(small_request(algorithm, home.path(), "V0001"));

  const CheckpointsEvery often("0");
  TrainRequest request = small_request(algorithm, home.path(), "V0002");
  std::mt19937 random(Catch::rngSeed());
  bool done = false;
  for (int attempt = 0; !done && attempt < 200; ++attempt) {
    FilingObserver observer(request.version_folder);
    observer.crash_after = static_cast<int>(random() % (20 + attempt * 4));
    try {
      torch_trainer().train(request, observer);
      done = true;
      for (const auto& [name, points] : Traces(request.version_folder).curves) {
        CHECK(observer.curve_summaries().at(name).count ==
              static_cast<std::int64_t>(points.size()));
      }
    } catch (const FilingObserver::Crash&) {
    }
    request.resume = true;
  }
  REQUIRE(done);
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("Checkpoints change nothing in a training's results") {
  const TempFolder home;
  make_data(home.path());
  const Traces expected = without_break(small_request("small_cnn", home.path(), "V0001"));
  const CheckpointsEvery often("0");
  const TrainRequest request = small_request("small_cnn", home.path(), "V0002");
  FilingObserver observer(request.version_folder);
  torch_trainer().train(request, observer);
  CHECK(observer.checkpoints > 3);
  CHECK(checkpoints_of(request).size() == 2);
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("A stop before the first batch leaves a checkpoint and the weights as they began") {
  const TempFolder home;
  make_data(home.path());
  const Traces expected = without_break(small_request("small_cnn", home.path(), "V0001"));
  TrainRequest request = small_request("small_cnn", home.path(), "V0002");
  const auto is_reading_done = [](const RecordingObserver& o) {
    return o.has_line_with("computing in");
  };
  {
    FilingObserver observer(request.version_folder);
    observer.stop = is_reading_done;
    CHECK(torch_trainer().train(request, observer).stopped);
  }
  CHECK(checkpoints_of(request) == std::vector<std::string>{"step-000000000.ckpt"});
  CHECK(fs::exists(request.version_folder / "output" / "last.safetensors"));
  request.resume = true;
  FilingObserver observer(request.version_folder);
  CHECK(!torch_trainer().train(request, observer).stopped);
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("A damaged checkpoint is passed over for the one before, or for a new start") {
  const TempFolder home;
  make_data(home.path());
  const Traces expected = without_break(small_request("small_cnn", home.path(), "V0001"));
  TrainRequest request = small_request("small_cnn", home.path(), "V0002");
  train_until(request, 2);
  request.resume = true;
  train_until(request, 6);
  REQUIRE(checkpoints_of(request).size() == 2);
  const fs::path folder = request.version_folder / "checkpoint";
  const auto damage = [&](const std::string& name) {
    const std::uintmax_t size = fs::file_size(folder / name);
    switch (GENERATE(0, 1, 2, 3)) {
      case 0:
        return flip_a_byte(folder / name, size - 100);
      case 1:
        return flip_a_byte(folder / name, 200);
      case 2:
        return fs::resize_file(folder / name, size / 2);
      default:
        return fs::resize_file(folder / name, 0);
    }
  };
  FilingObserver observer(request.version_folder);
  SECTION("the latest") {
    damage("step-000000006.ckpt");
    torch_trainer().train(request, observer);
    CHECK(observer.has_line_with("passed over the checkpoint step-000000006.ckpt: "));
    CHECK(observer.has_line_with("going on from the checkpoint of step "));
  }
  SECTION("all") {
    for (const std::string& name : checkpoints_of(request)) flip_a_byte(folder / name, 5000);
    torch_trainer().train(request, observer);
    CHECK(observer.has_line_with("there is no checkpoint: starting over"));
  }
  CHECK(observer.restored == 1);
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("After going on from an earlier checkpoint the best weights are those of that time") {
  const TempFolder home;
  make_data(home.path());
  TrainRequest request = small_request("small_cnn", home.path(), "V0001");
  train_until(request, 1);
  request.resume = true;
  const std::int64_t per_epoch = without_break(small_request("small_cnn", home.path(), "V0002"))
                                     .curves.at("accuracy")
                                     .front()
                                     .first;
  {
    FilingObserver observer(request.version_folder);
    observer.stop = [&](const RecordingObserver& o) { return o.metrics.count("accuracy") == 1; };
    CHECK(torch_trainer().train(request, observer).stopped);
    CHECK(fs::exists(request.version_folder / "output" / "best.safetensors"));
  }
  for (std::int64_t step = per_epoch; step > 1; --step) {
    fs::remove(request.version_folder / "checkpoint" / fmt::format("step-{:09}.ckpt", step));
  }
  train_until(request, 2);
  CHECK(!fs::exists(request.version_folder / "output" / "best.safetensors"));
  CHECK(!fs::exists(request.version_folder / "evaluation.json"));
}

TEST_CASE("Lost best weights come back from the checkpoint") {
  const TempFolder home;
  make_data(home.path());
  TrainRequest request = small_request("small_cnn", home.path(), "V0001");
  const Traces expected = without_break(request);
  fs::remove(request.version_folder / "output" / "best.safetensors");
  fs::remove(request.version_folder / "output" / "last.safetensors");
  fs::remove(request.version_folder / "evaluation.json");
  request.resume = true;
  FilingObserver observer(request.version_folder);
  CHECK(!torch_trainer().train(request, observer).stopped);
  CHECK(observer.has_line_with("all 3 epochs are done already"));
  CHECK(observer.metrics.empty());
  check_equal(expected, Traces(request.version_folder));
}

TEST_CASE("A checkpoint of other settings or other data is refused, and nothing is changed") {
  const TempFolder home;
  make_data(home.path());
  const std::string algorithm = GENERATE("small_cnn", "tabular_mlp");
  TrainRequest request = small_request(algorithm, home.path(), "V0001");
  train_until(request, 2);
  const std::vector<std::string> before = checkpoints_of(request);
  request.resume = true;
  std::string named;
  SECTION("a hyperparameter") {
    request.hyperparameters["lr"] = 0.0123;
    named = "lr was ";
  }
  SECTION("the seed") {
    request.seed = 77;
    named = "seed was 5 and is 77";
  }
  SECTION("the data") {
    put_file(home / "data" / "noise" / "more.bmp", picture(2, 999));
    put_file(home / "data" / "table.csv",
             read_file(home / "data" / "table.csv") + "1,2,0\n1,3,0\n2,3,0\n");
    named = "fingerprint was ";
  }
  const Error error = error_of_resuming(request);
  CHECK(error.kind() == ErrorKind::conflict);
  CHECK_THAT(error.message(), Catch::Contains("the checkpoint of step 2 belongs to another"));
  CHECK_THAT(error.message(), Catch::Contains(named));
  CHECK(!error.hint().empty());
  CHECK(checkpoints_of(request) == before);
}

TEST_CASE("Precision and layout are the checkpoint's, whatever a trial would find now") {
  const TempFolder home;
  make_data(home.path());
  TrainRequest request = small_request("small_cnn", home.path(), "V0001");
  request.hyperparameters["precision"] = "auto";
  request.hyperparameters["layout"] = "auto";
  train_until(request, 2);
  const auto latest = read_latest_checkpoint(request.version_folder / "checkpoint", nullptr);
  REQUIRE(latest);
  const Json plan = latest->state.at("settings").at("plan");
  for (const auto& entry : fs::directory_iterator(request.cache_folder)) {
    if (entry.path().filename().string().starts_with("plan-")) fs::remove(entry.path());
  }
  request.resume = true;
  FilingObserver observer(request.version_folder);
  torch_trainer().train(request, observer);
  CHECK(!observer.has_line_with("trial of precision"));
  CHECK(observer.recorded("precision") == plan.at("precision"));
  CHECK(observer.recorded("layout") == plan.at("layout"));
}

TEST_CASE("Another number of threads is told to the log and trained with") {
  const TempFolder home;
  make_data(home.path());
  TrainRequest request = small_request("small_cnn", home.path(), "V0001");
  train_until(request, 2);
  request.resume = true;
  request.threads = 2;
  FilingObserver observer(request.version_folder);
  CHECK(!torch_trainer().train(request, observer).stopped);
  CHECK(observer.has_line_with("threads was 1 and is 2"));
}

TEST_CASE("A training that does not resume removes the checkpoints of an earlier one") {
  const TempFolder home;
  make_data(home.path());
  TrainRequest request = small_request("small_cnn", home.path(), "V0001");
  train_until(request, 7);
  train_until(request, 1);
  CHECK(checkpoints_of(request) == std::vector<std::string>{"step-000000001.ckpt"});
}

// Not a test: what the next one starts as a process of its own and kills.
TEST_CASE("training to be killed", "[.]") {
  const char* const home = std::getenv("MAT_TEST_HOME");
  if (home == nullptr) return;
  TrainRequest request = small_request(std::getenv("MAT_TEST_ALGORITHM"), home, "V0002");
  request.resume = true;
  FilingObserver observer(request.version_folder);
  torch_trainer().train(request, observer);
}

TEST_CASE("A training that is killed at any moment and resumed ends as one that never was") {
  const std::string algorithm = GENERATE("small_cnn", "tabular_mlp");
  CAPTURE(algorithm);
  const TempFolder home;
  make_data(home.path());
  const Traces expected = without_break(small_request(algorithm, home.path(), "V0001"));
  const TrainRequest request = small_request(algorithm, home.path(), "V0002");
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  const CheckpointsEvery often("0");
  ::setenv("MAT_TEST_HOME", home.path().c_str(), 1);
  ::setenv("MAT_TEST_ALGORITHM", algorithm.c_str(), 1);
  std::mt19937 random(Catch::rngSeed());
  int kills = 0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(program.c_str(), program.c_str(), "training to be killed", "-o", "/dev/null",
              static_cast<char*>(nullptr));
      ::_exit(127);
    }
    // The moment is to be any, so no event can be waited for.
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % (100 + 50 * attempt)));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (!WIFSIGNALED(status)) {
      REQUIRE(WEXITSTATUS(status) == 0);
      break;
    }
    ++kills;
  }
  ::unsetenv("MAT_TEST_HOME");
  ::unsetenv("MAT_TEST_ALGORITHM");
  // So that it also ends where the machine was too slow.
  TrainRequest rest = request;
  rest.resume = true;
  FilingObserver observer(rest.version_folder);
  torch_trainer().train(rest, observer);
  if (kills == 0) WARN("the training of " << algorithm << " was never killed");
  for (const char* sub : {"checkpoint", "output"}) {
    for (const auto& entry : fs::directory_iterator(request.version_folder / sub)) {
      CHECK(entry.path().extension() != ".part");
    }
  }
  check_equal(expected, Traces(request.version_folder));
}

}  // namespace mat
