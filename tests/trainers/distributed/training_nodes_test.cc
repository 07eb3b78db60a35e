#include "tests/trainers/distributed/training_nodes.h"

#include <cmath>

#include "tests/trainers/catch.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/losses.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A step of the second epoch, which has three of them.
constexpr std::int64_t kInMidEpoch = 4;

TrainRequest request_of_nodes(const fs::path& home, const std::string& version,
                              const std::string& algorithm = "small_cnn") {
  TrainRequest request = request_for(home / "data", home, version, algorithm);
  Json& h = request.hyperparameters;
  h["epochs"] = 2;
  h["precision"] = "fp32";
  h["layout"] = "contiguous";
  h["batch_size"] = 8;
  request.threads = 1;
  return request;
}

Weights last_weights(const TrainRequest& request) {
  return read_weights(request.version_folder / "output" / "last.safetensors");
}

double largest_difference(const Weights& a, const Weights& b) {
  REQUIRE(a.tensors.size() == b.tensors.size());
  double largest = 0;
  for (const auto& [key, tensor] : a.tensors) {
    const torch::Tensor difference =
        (tensor.to(torch::kDouble) - b.tensors.at(key).to(torch::kDouble)).abs();
    largest = std::max(largest, difference.max().item<double>());
  }
  return largest;
}

void require_good(const std::vector<NodeEnd>& ends) {
  for (const NodeEnd& end : ends) {
    REQUIRE(end.has_ended);
    REQUIRE(end.error.empty());
  }
}

std::string last_bytes(const TrainRequest& request) {
  return read_file(request.version_folder / "output" / "last.safetensors");
}

// Those of node 0 are of all nodes' pictures.
void check_metrics(const TrainRequest& together, const TrainRequest& alone, double tolerance) {
  const auto evaluation = [](const TrainRequest& request) {
    return parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation");
  };
  const Json ours = evaluation(together), theirs = evaluation(alone);
  for (const char* name : {"accuracy", "precision", "recall", "f1"}) {
    CAPTURE(name);
    CHECK(ours.at(name) == theirs.at(name));
  }
  CHECK(ours.at("loss").get<double>() ==
        Approx(theirs.at("loss").get<double>()).margin(5 * tolerance));
  CHECK(ours.at("confusion_matrix") == theirs.at("confusion_matrix"));
}

void check_as_alone(TrainRequest together, TrainRequest alone, int nodes, double tolerance) {
  FilingObserver observer(alone.version_folder);
  torch_trainer().train(alone, observer);
  const auto ends = train_on_nodes(together, nodes);
  require_good(ends);
  const double difference = largest_difference(last_weights(together), last_weights(alone));
  CAPTURE(difference);
  CHECK(difference < tolerance);
  check_metrics(together, alone, tolerance);
  REQUIRE_FALSE(ends[1].lines.empty());
  CHECK(ends[1].lines.front() ==
        fmt::format("node 1 of {} is connected to the others; sums by Gloo", nodes));
  const Json& records = ends[0].records;
  REQUIRE(records.at("nodes").size() == static_cast<std::size_t>(nodes));
  for (const Json& node : records.at("nodes")) {
    CHECK(node.at("weights") == records.at("nodes")[0].at("weights"));
    CHECK(node.at("images_per_second").get<double>() > 0);
    CHECK(node.at("waiting").get<double>() >= 0);
    CHECK(node.at("host") == "here");
  }
  // Node 0 alone says and writes what a training says and writes.
  CHECK(records.at("parameters") == observer.recorded("parameters"));
  CHECK(records.at("batches_per_epoch") == observer.recorded("batches_per_epoch"));
  CHECK(fs::exists(together.version_folder / "evaluation.json"));
  CHECK_FALSE(fs::exists(together.version_folder / "nodes" / "1" / "output"));
}

}  // namespace

TEST_CASE("two nodes train what one trains with the whole batch") {
  const TempFolder home;
  // 27 training pictures: not a multiple of the batch, so that shares are uneven.
  make_pictures(home.path() / "data", 11);
  TrainRequest alone = request_of_nodes(home.path(), "V0001");
  TrainRequest together = request_of_nodes(home.path(), "V0002");
  int nodes = 2;
  double tolerance = 5e-5;
  SECTION("as it is") {}
  SECTION("three of them, with clipped gradients and another optimizer") {
    nodes = 3;
    for (TrainRequest* request : {&alone, &together}) {
      request->hyperparameters["clip_norm"] = 0.5;
      request->hyperparameters["optimizer"] = "adamw";
      request->hyperparameters["lr"] = 1e-3;
    }
    // Its step has the size of the rate also where the gradient is nothing but rounding.
    tolerance = 2e-3;
  }
  SECTION("an odd batch and weights of classes") {
    fs::remove(home.path() / "data" / "noise" / "1.bmp");
    fs::remove(home.path() / "data" / "noise" / "2.bmp");
    for (TrainRequest* request : {&alone, &together}) {
      request->hyperparameters["batch_size"] = 7;
      request->hyperparameters["class_weights"] = "balanced";
    }
  }
  check_as_alone(together, alone, nodes, tolerance);
}

TEST_CASE("two nodes normalize a batch together, in the fused norms, too") {
  const TempFolder home;
  make_pictures(home.path() / "data", 6);
  const std::string layout = GENERATE("channels_last", "contiguous");
  TrainRequest alone = request_of_nodes(home.path(), "V0001", "resnet18");
  TrainRequest together = request_of_nodes(home.path(), "V0002", "resnet18");
  for (TrainRequest* request : {&alone, &together}) {
    request->hyperparameters["image_size"] = 32;
    request->hyperparameters["epochs"] = 1;
    request->hyperparameters["lr"] = 0.01;
    request->hyperparameters["layout"] = layout;
  }
  // Rounding grows through twenty norms of small batches.
  check_as_alone(together, alone, 2, 2e-3);
}

TEST_CASE("nodes may normalize by themselves, and end with the same weights and statistics") {
  const TempFolder home;
  make_pictures(home.path() / "data", 11);
  TrainRequest shared = request_of_nodes(home.path(), "V0001");
  TrainRequest own = request_of_nodes(home.path(), "V0002");
  TrainRequest again = request_of_nodes(home.path(), "V0003");
  for (TrainRequest* request : {&own, &again}) request->hyperparameters["sync_batchnorm"] = false;
  require_good(train_on_nodes(shared, 2));
  const auto ends = train_on_nodes(own, 2);
  require_good(ends);
  require_good(train_on_nodes(again, 2));
  const Json& nodes = ends[0].records.at("nodes");
  CHECK(nodes[0].at("weights") == nodes[1].at("weights"));
  CHECK((last_bytes(own) == last_bytes(again)));
  CHECK(largest_difference(last_weights(own), last_weights(shared)) > 1e-3);

  TrainRequest small = request_of_nodes(home.path(), "V0004");
  small.hyperparameters["sync_batchnorm"] = false;
  small.hyperparameters["batch_size"] = 4;
  small.hyperparameters["validation_ratio"] = 0.24;
  for (const NodeEnd& end : train_on_nodes(small, 3)) {
    CHECK(end.error.find("leaves a node with one picture") != std::string::npos);
  }
}

TEST_CASE("the same seed on as many nodes gives the same weights bit for bit, dropout included") {
  const TempFolder home;
  make_pictures(home.path() / "data", 6);
  TrainRequest first = request_of_nodes(home.path(), "V0001", "mobilenet_v3_small");
  TrainRequest second = request_of_nodes(home.path(), "V0002", "mobilenet_v3_small");
  for (TrainRequest* request : {&first, &second}) {
    request->hyperparameters["image_size"] = 32;
    request->hyperparameters["epochs"] = 1;
  }
  require_good(train_on_nodes(first, 2));
  require_good(train_on_nodes(second, 2));
  CHECK((last_bytes(first) == last_bytes(second)));
}

TEST_CASE("a node that dies ends the other, and the training goes on to the same weights") {
  const TempFolder home;
  make_pictures(home.path() / "data", 11);
  TrainRequest whole = request_of_nodes(home.path(), "V0001");
  whole.hyperparameters["epochs"] = 3;
  require_good(train_on_nodes(whole, 2));

  TrainRequest broken = request_of_nodes(home.path(), "V0002");
  broken.hyperparameters["epochs"] = 3;
  ::setenv("MAT_CHECKPOINT_SECONDS", "0", 1);
  const double begun_s = monotonic_seconds();
  const auto ends = train_on_nodes(broken, 2, [](int node, const RecordingObserver& observer) {
    if (node == 1 && observer.last_progress.step >= kInMidEpoch) ::kill(::getpid(), SIGKILL);
    return false;
  });
  ::unsetenv("MAT_CHECKPOINT_SECONDS");
  CHECK_FALSE(ends[1].has_ended);
  REQUIRE(ends[0].has_ended);
  CHECK(ends[0].lost_nodes);
  CHECK(ends[0].error.find("the connection to another node was lost") == 0);
  CHECK(monotonic_seconds() - begun_s < 30);

  broken.resume = true;
  SECTION("with as many nodes") {
    const auto rest = train_on_nodes(broken, 2);
    require_good(rest);
    CHECK((last_bytes(whole) == last_bytes(broken)));
  }
  SECTION("with more") {
    const auto rest = train_on_nodes(broken, 3);
    require_good(rest);
    CHECK(largest_difference(last_weights(whole), last_weights(broken)) < 2e-3);
    const auto has_note = [](const std::string& line) {
      return line.find("nodes was 2 and is 3") != std::string::npos;
    };
    CHECK(std::any_of(rest[0].lines.begin(), rest[0].lines.end(), has_note));
  }
  SECTION("alone") {
    FilingObserver observer(broken.version_folder);
    torch_trainer().train(broken, observer);
    CHECK(largest_difference(last_weights(whole), last_weights(broken)) < 2e-3);
  }
}

TEST_CASE("a stop that one node sees stops all at the same step, and they go on to the same") {
  const TempFolder home;
  make_pictures(home.path() / "data", 11);
  TrainRequest whole = request_of_nodes(home.path(), "V0001");
  require_good(train_on_nodes(whole, 2));
  TrainRequest stopped = request_of_nodes(home.path(), "V0002");
  const auto ends = train_on_nodes(stopped, 2, [](int node, const RecordingObserver& observer) {
    return node == 1 && observer.last_progress.step >= kInMidEpoch;
  });
  require_good(ends);
  CHECK(ends[0].stopped);
  CHECK(ends[1].stopped);
  stopped.resume = true;
  require_good(train_on_nodes(stopped, 2));
  CHECK((last_bytes(whole) == last_bytes(stopped)));
}

TEST_CASE("a node that hangs is given up after a while, with a word on it") {
  const TempFolder home;
  make_pictures(home.path() / "data", 11);
  TrainRequest request = request_of_nodes(home.path(), "V0001");
  ::setenv("MAT_NODES_PATIENCE", "2", 1);
  const auto ends = train_on_nodes(request, 2, [](int node, const RecordingObserver& observer) {
    if (node == 1 && observer.last_progress.step >= kInMidEpoch) {
      std::this_thread::sleep_for(std::chrono::seconds(4));
      ::_exit(1);
    }
    return false;
  });
  ::unsetenv("MAT_NODES_PATIENCE");
  REQUIRE(ends[0].has_ended);
  CHECK(ends[0].lost_nodes);
  CHECK(ends[0].error == "another node has not answered for 2.0s");
}

TEST_CASE("fewer training pictures than nodes are refused") {
  const TempFolder home;
  make_pictures(home.path() / "data", 2);
  TrainRequest request = request_of_nodes(home.path(), "V0001");
  const auto ends = train_on_nodes(request, 5);
  CHECK(ends[0].error == "3 training pictures are too few for 5 nodes");
}

TEST_CASE("the shares of a loss add up to that of the whole batch") {
  torch::manual_seed(3);
  const auto logits = torch::randn({9, 3});
  const auto targets = torch::tensor({0, 1, 2, 2, 2, 1, 0, 2, 2}, torch::kLong);
  const std::string weights = GENERATE("none", "balanced");
  const ClassLoss loss({0, 1, 1, 2, 2, 2, 2}, 3,
                       {{"label_smoothing", 0.1}, {"class_weights", weights}}, torch::kCPU);
  const auto share = [&](std::int64_t begin, std::int64_t end) {
    return loss.share(logits.slice(0, begin, end), targets.slice(0, begin, end), targets);
  };
  const double sum = (share(0, 2) + share(2, 9)).item<double>();
  CHECK(sum == Approx(loss.training(logits, targets).item<double>()).epsilon(1e-6));
}

}  // namespace mat
