#include "core/run/seeds.h"

#include <catch2/catch.hpp>
#include <functional>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/metrics/event_file.h"
#include "core/run/seed_results.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Learns nothing: what its seeds reach is given. Reports two epochs and keeps a checkpoint after
// the first.
class GivenResults final : public Trainer {
 public:
  std::map<std::uint64_t, double> accuracies;
  std::vector<TrainRequest> requests;
  std::function<void(const TrainRequest&)> between_epochs = [](const TrainRequest&) {};

  TrainOutcome train(const TrainRequest& request, TrainObserver& observer) override {
    requests.push_back(request);
    const fs::path& folder = request.version_folder;
    const double accuracy = accuracies.at(request.seed);
    const auto saved = read_file_if_exists(folder / "checkpoint" / "state");
    if (request.resume) observer.restore(saved ? parse_json(*saved, "state") : Json(nullptr));
    observer.record("of_seed", request.seed);
    if (!request.resume || !saved) {
      observer.metric("accuracy", 1, accuracy / 2);
      put_file(folder / "checkpoint" / "state", to_json_text(observer.checkpoint_state()));
      between_epochs(request);
    }
    if (observer.stop_requested()) return {true};
    observer.metric("accuracy", 2, accuracy);
    observer.metric("lr", 2, 0.1);
    put_file(folder / "output" / "best.safetensors", "weights " + std::to_string(request.seed));
    put_file(folder / "predictions.jsonl", "predictions " + std::to_string(request.seed));
    put_file(folder / "evaluation.json",
             to_json_text({{"accuracy", accuracy}, {"samples", 10}, {"intervals", {}}}));
    return {};
  }
  Json describe_file(const fs::path&) override { return Json::object(); }
  std::unique_ptr<PictureModel> open_model(const ModelRequest&) override { return nullptr; }
  std::unique_ptr<TableModel> open_table_model(const TableRequest&) override { return nullptr; }
  ExportOutcome export_model(const ExportRequest&) override { return {}; }
  ExportOutcome export_table_model(const TableExportRequest&) override { return {}; }
  Json describe() override { return Json::object(); }
};

struct Trained {
  Trained() {
    trainer.accuracies = {{7, 0.5}, {8, 0.75}, {9, 0.625}};
    request.version_folder = folder / "V0001";
    request.seed = 7;
    request.hyperparameters = {{"epochs", 2}, {"max_duration", 30}};
    fs::create_directories(request.version_folder);
  }

  // A process of its own.
  TrainOutcome attempt(bool resume, const StopReason& stop = {}) {
    request.resume = resume;
    observer = std::make_unique<RunObserver>(request.version_folder, 1 << 20, display, stop);
    const TrainOutcome outcome = train_seeds(trainer, request, 3, *observer);
    observer->sync();
    return outcome;
  }
  Json evaluation() const {
    return parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation.json");
  }
  // "seed7/accuracy@1 …", in the order of the file.
  std::vector<std::string> points(const std::string& tag) const {
    std::vector<std::string> found;
    for (const Curve& curve : read_event_files(request.version_folder)) {
      if (curve.tag != tag) continue;
      for (const ScalarPoint& point : curve.points) found.push_back(std::to_string(point.step));
    }
    return found;
  }

  TempFolder folder;
  RunDisplay display;
  GivenResults trainer;
  TrainRequest request;
  std::unique_ptr<RunObserver> observer;
};

TEST_CASE("several seeds give one result: means, deviations and the best one's weights", "[run]") {
  Trained t;
  CHECK_FALSE(t.attempt(false).stopped);
  const Json evaluation = t.evaluation();
  CHECK(evaluation["accuracy"] == 0.625);
  CHECK(evaluation["deviation"]["accuracy"] == 0.125);
  CHECK(evaluation["samples"] == 10);
  CHECK(evaluation["best_seed"] == 8);
  CHECK_FALSE(evaluation.contains("intervals"));
  CHECK(to_json_text(evaluation["seeds"]) ==
        R"([{"seed":7,"accuracy":0.5},{"seed":8,"accuracy":0.75},{"seed":9,"accuracy":0.625}])");
  const fs::path& version = t.request.version_folder;
  CHECK(read_file(version / "output" / "best.safetensors") == "weights 8");
  CHECK(read_file(version / "predictions.jsonl") == "predictions 8");
  CHECK(read_file(version / "seeds" / "9" / "predictions.jsonl") == "predictions 9");
  CHECK_FALSE(fs::exists(version / "seeds" / "9" / "checkpoint"));

  CHECK(t.observer->metrics().at("accuracy").best == 0.625);
  CHECK(t.observer->metrics().at("accuracy_deviation").best == 0.125);
  CHECK(t.observer->metrics().at("lr").best == Approx(0.1));
  CHECK(t.observer->metrics().count("lr_deviation") == 0);
  CHECK(t.observer->metrics().size() == 3);
  CHECK(t.observer->facts()["of_seed"] == 8);
  CHECK(t.observer->facts()["best_seed"] == 8);
}

TEST_CASE("each seed has its curves, and a share of a limit of time", "[run]") {
  Trained t;
  t.attempt(false);
  for (const char* tag : {"seed7/accuracy", "seed8/accuracy", "seed9/accuracy"}) {
    CHECK(t.points(tag) == std::vector<std::string>{"1", "2"});
  }
  CHECK(t.points("accuracy") == std::vector<std::string>{"2"});
  REQUIRE(t.trainer.requests.size() == 3);
  for (const TrainRequest& request : t.trainer.requests) {
    CHECK(request.hyperparameters["max_duration"] == 10);
    CHECK(request.hyperparameters["epochs"] == 2);
  }
  // Of a run that did not live to record its metrics, single seeds are none.
  CHECK(summarize_curves(t.request.version_folder).count("seed7/accuracy") == 0);
}

TEST_CASE("a run that was killed trains only what is missing, to the same result", "[run]") {
  Trained whole;
  whole.attempt(false);
  for (const std::uint64_t killed : {7, 8, 9}) {
    CAPTURE(killed);
    Trained t;
    t.trainer.between_epochs = [&](const TrainRequest& request) {
      if (request.seed == killed) throw Error(ErrorKind::training_failed, "killed");
    };
    CHECK_THROWS_AS(t.attempt(false), Error);
    t.trainer.requests.clear();
    t.attempt(true);
    CHECK(t.trainer.requests.front().seed == killed);
    CHECK(t.trainer.requests.front().resume);
    CHECK(t.trainer.requests.size() == 10 - killed);
    CHECK(to_json_text(t.evaluation()) == to_json_text(whole.evaluation()));
    for (const char* tag : {"seed7/accuracy", "seed8/accuracy", "seed9/accuracy"}) {
      CHECK(t.points(tag) == whole.points(tag));
    }
    CHECK(t.points("accuracy") == whole.points("accuracy"));
    CHECK(t.observer->metrics().size() == whole.observer->metrics().size());
  }
}

TEST_CASE("a seed that had no checkpoint yet begins anew behind the others", "[run]") {
  Trained t;
  t.trainer.between_epochs = [&](const TrainRequest& request) {
    fs::remove_all(request.version_folder / "checkpoint");
    if (request.seed == 8) throw Error(ErrorKind::training_failed, "killed");
  };
  CHECK_THROWS_AS(t.attempt(false), Error);
  t.trainer.between_epochs = [](const TrainRequest&) {};
  t.attempt(true);
  CHECK(t.points("seed7/accuracy") == std::vector<std::string>{"1", "2"});
  CHECK(t.points("seed8/accuracy") == std::vector<std::string>{"1", "2"});
}

TEST_CASE("a run that was killed when everything was trained trains nothing again", "[run]") {
  Trained t;
  t.attempt(false);
  fs::remove(t.request.version_folder / "evaluation.json");
  t.trainer.requests.clear();
  t.attempt(true);
  CHECK(t.trainer.requests.empty());
  CHECK(t.evaluation()["accuracy"] == 0.625);
  CHECK(t.points("accuracy") == std::vector<std::string>{"2"});
}

TEST_CASE("a stop ends the seed under way, and what is done counts", "[run]") {
  Trained t;
  bool is_stopped = false;
  t.trainer.between_epochs = [&](const TrainRequest& request) { is_stopped = request.seed == 9; };
  const StopReason stop = [&] { return is_stopped ? "enough" : ""; };
  CHECK(t.attempt(false, stop).stopped);
  CHECK(t.evaluation()["accuracy"] == 0.625);
  CHECK(t.evaluation()["seeds"].size() == 2);
  CHECK(t.observer->facts()["seeds_done"] == 2);
  CHECK_FALSE(t.attempt(true).stopped);
  CHECK(t.evaluation()["seeds"].size() == 3);
  CHECK(t.trainer.requests.size() == 4);
}

TEST_CASE("a stop before any seed is done leaves no result but keeps the checkpoint", "[run]") {
  Trained t;
  CHECK(t.attempt(false, [] { return "enough"; }).stopped);
  CHECK(t.trainer.requests.size() == 1);
  CHECK_FALSE(fs::exists(t.request.version_folder / "evaluation.json"));
  t.attempt(true);
  CHECK(t.evaluation()["seeds"].size() == 3);
}

TEST_CASE("without an accuracy the lowest loss is the best, the first of equals", "[run]") {
  const auto result = [](std::uint64_t seed, std::map<std::string, double> metrics) {
    SeedResult made;
    made.seed = seed;
    made.metrics = std::move(metrics);
    return made;
  };
  CHECK(best_seed({result(1, {{"loss", 2}}), result(2, {{"loss", 1}}), result(3, {{"loss", 1}})})
            .seed == 2);
  CHECK(best_seed({result(1, {{"accuracy", 0.5}, {"loss", 2}}),
                   result(2, {{"accuracy", 0.5}, {"loss", 1}})})
            .seed == 2);
}

TEST_CASE("a damaged result of a seed is an error that names it", "[run]") {
  Trained t;
  t.attempt(false);
  put_file(t.request.version_folder / "seeds" / "8" / "result.json", "{}");
  try {
    t.attempt(true);
    FAIL("no error");
  } catch (const Error& e) {
    CHECK_THAT(e.message(), Catch::Contains("seeds/8/result.json' is damaged"));
  }
}

}  // namespace
}  // namespace mat
