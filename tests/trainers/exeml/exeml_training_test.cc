#include "trainers/exeml/exeml_training.h"

#include <algorithm>
#include <cmath>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TrainRequest exeml_request(const TempFolder& folder, double seconds,
                           const std::string& preference = "performance_first") {
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001", "exeml");
  request.hyperparameters = {
      {"max_duration", seconds / 60}, {"preference", preference}, {"validation_ratio", 0.2}};
  return request;
}

std::vector<Json> json_lines_in(const fs::path& file) {
  std::vector<Json> lines;
  for (const std::string& line : split(trim(read_file(file)), '\n')) {
    lines.push_back(parse_json(line, file.string()));
  }
  return lines;
}

// The model that was written has the smallest log loss of all, the base among them.
bool is_no_worse_than_base(const RecordingObserver& observer, const TrainRequest& request) {
  const Json& rounds = observer.recorded("search").at("rounds");
  REQUIRE_FALSE(rounds.empty());
  double least = rounds[0].at("log_loss").get<double>();
  for (const Json& round : rounds) least = std::min(least, round.at("log_loss").get<double>());
  const Json evaluation =
      parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation.json");
  return rounds[0].value("is_base", false) &&
         std::abs(evaluation.at("loss").get<double>() - least) < 1e-3;
}

}  // namespace

TEST_CASE("exeml learns, evaluates, calibrates and looks at labels within its time", "[long]") {
  const TempFolder folder;
  make_pictures(folder / "data", 60);
  const TrainRequest request = exeml_request(folder, 40, "balance");
  RecordingObserver observer;
  const double before = monotonic_seconds();
  const TrainOutcome outcome = torch_trainer().train(request, observer);
  CHECK(monotonic_seconds() - before < 80);
  CHECK_FALSE(outcome.stopped);

  const Json evaluation =
      parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation.json");
  CHECK(evaluation.at("accuracy").get<double>() > 0.85);
  const Json interval = evaluation.at("intervals").at("accuracy");
  CHECK(interval[0].get<double>() <= evaluation.at("accuracy").get<double>());
  CHECK(interval[1].get<double>() >= evaluation.at("accuracy").get<double>());
  CHECK(evaluation.at("calibration").at("temperature").get<double>() > 0);
  CHECK(json_lines_in(request.version_folder / "predictions.jsonl").size() ==
        evaluation.at("samples").get<std::size_t>());

  const Weights weights = read_weights(request.version_folder / "output" / "best.safetensors");
  CHECK(weights.metadata.at("network") == "resnet18_w32");
  CHECK(parse_json(weights.metadata.at("classes"), "").size() == 3);

  // Every training picture is judged, the most suspicious first.
  const auto suspects = json_lines_in(request.version_folder / "label_suspects.jsonl");
  CHECK(suspects.size() == observer.recorded("dataset").at("train").get<std::size_t>());
  for (std::size_t i = 1; i < suspects.size(); ++i) {
    CHECK(suspects[i - 1].at("suspicion").get<double>() >=
          suspects[i].at("suspicion").get<double>());
  }

  const Json& search = observer.recorded("search");
  CHECK(search.at("candidates").size() >= 1);
  CHECK_FALSE(search.at("why").get<std::string>().empty());
  CHECK(search.at("rounds").size() >= 1);
}

TEST_CASE("exeml keeps its limit even when it is too short for anything good") {
  const TempFolder folder;
  make_pictures(folder / "data", 20);
  const TrainRequest request = exeml_request(folder, 3);
  RecordingObserver observer;
  const double before = monotonic_seconds();
  torch_trainer().train(request, observer);
  // Not those of a whole training.
  CHECK(monotonic_seconds() - before < 45);
  CHECK(fs::exists(request.version_folder / "output" / "best.safetensors"));
}

TEST_CASE("exeml that is stopped leaves the model so far, and goes on from there", "[long]") {
  const TempFolder folder;
  make_pictures(folder / "data", 30);
  TrainRequest request = exeml_request(folder, 40, "balance");
  RecordingObserver observer;
  int asked = 0;
  observer.stop = [&](const RecordingObserver&) {
    const bool is_final = observer.last_progress.stage.starts_with("round");
    return is_final && ++asked > 20;
  };
  CHECK(torch_trainer().train(request, observer).stopped);
  REQUIRE(fs::exists(request.version_folder / "output" / "best.safetensors"));
  const std::string first = read_file(request.version_folder / "output" / "best.safetensors");

  request.resume = true;
  RecordingObserver second;
  CHECK_FALSE(torch_trainer().train(request, second).stopped);
  CHECK(read_file(request.version_folder / "output" / "best.safetensors") != first);
  // The trials were not done again.
  for (const std::string& line : second.lines) CHECK_FALSE(line.starts_with("candidate 1"));
}

TEST_CASE("exeml with weights from elsewhere fits a last layer and says so", "[long]") {
  const TempFolder folder;
  make_pictures(folder / "data", 30);
  torch::manual_seed(1);
  save_weights(weights_of(*make_image_network("resnet18_w16", 1000)), folder / "given.safetensors");
  TrainRequest request = exeml_request(folder, 30, "balance");
  request.inputs["weights_url"] = folder / "given.safetensors";
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  for (const std::string& line : observer.lines) UNSCOPED_INFO(line);
  CHECK(observer.recorded("network") == "resnet18_w16");
  CHECK(fs::exists(request.version_folder / "label_suspects.jsonl"));
  REQUIRE(observer.recorded("search").at("candidates").size() == 1);
  CHECK(observer.recorded("search").at("candidates")[0].at("name") ==
        "resnet18_w16, pretrained and frozen");
  const auto says = [&](const char* what) {
    return std::any_of(observer.lines.begin(), observer.lines.end(), [&](const std::string& line) {
      return line.find(what) != std::string::npos;
    });
  };
  CHECK(says("fine-tuning: "));

  observer.lines.clear();
  request = exeml_request(folder, 120, "performance_first");
  request.inputs["weights_url"] = folder / "given.safetensors";
  torch_trainer().train(request, observer);
  CHECK(says("the frozen network stays"));
  CHECK_FALSE(says("fine-tuning: "));

  // What goes on from that is looked at as before, tuned with care, and no worse.
  const fs::path base = folder / "base.safetensors";
  fs::copy_file(request.version_folder / "output" / "best.safetensors", base);
  const Weights before = read_weights(base);
  request = exeml_request(folder, 30, "balance");
  request.inputs["weights_url"] = base;
  RecordingObserver next;
  torch_trainer().train(request, next);
  for (const std::string& line : next.lines) UNSCOPED_INFO(line);
  CHECK(next.has_line_with("fine-tuning: resnet18_w16, pretrained and fine-tuned"));
  const Json search = next.recorded("search");
  REQUIRE(search.at("rounds").size() == 3);
  CHECK(search.at("rounds")[0].at("name") == "resnet18_w16 as it was");
  CHECK(search.at("rounds")[0].at("is_base") == true);
  const auto size_in = [](const std::string& preprocessing) {
    return parse_json(preprocessing, "").at("image_size").get<int>();
  };
  CHECK(search.at("candidates")[0].at("sizes")[0].at("pixels") ==
        size_in(before.metadata.at("preprocessing")));
  CHECK(is_no_worse_than_base(next, request));
  const Weights after = read_weights(request.version_folder / "output" / "best.safetensors");
  CHECK(after.metadata.at("pretrained") == "true");
}

TEST_CASE(
    "exeml that goes on from a version is no worse, and says so where it knows other classes") {
  const TempFolder folder;
  make_pictures(folder / "data", 30);
  TrainRequest request = exeml_request(folder, 8);
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  const fs::path base = folder / "base.safetensors";
  fs::copy_file(request.version_folder / "output" / "best.safetensors", base);
  CHECK(read_weights(base).metadata.at("pretrained") == "false");

  request = exeml_request(folder, 8);
  request.inputs["weights_url"] = base;
  RecordingObserver next;
  torch_trainer().train(request, next);
  CHECK(next.recorded("search").at("rounds").size() == 2);
  CHECK(is_no_worse_than_base(next, request));

  for (unsigned i = 0; i < 10; ++i) {
    put_file(folder / "data" / "red" / (std::to_string(i) + ".bmp"),
             bmp_of_color(9, 9, 0xff0000 + i));
  }
  request = exeml_request(folder, 8);
  request.inputs["weights_url"] = base;
  RecordingObserver other;
  torch_trainer().train(request, other);
  CHECK(other.has_line_with("knows other classes"));
  CHECK(other.recorded("search").at("rounds").size() == 1);
}

}  // namespace mat
