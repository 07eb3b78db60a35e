#include <fmt/format.h>

#include <cstdio>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/dataset/import.h"
#include "core/dataset/write_published.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/image_data.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

Error error_of(const TrainRequest& request) {
  RecordingObserver observer;
  try {
    torch_trainer().train(request, observer);
  } catch (const Error& error) {
    return error;
  }
  throw std::runtime_error("the training did not fail");
}

std::string weights(const TrainRequest& request, const std::string& which = "best") {
  return read_file(request.version_folder / "output" / (which + ".safetensors"));
}

}  // namespace

TEST_CASE("What pictures can teach badly, or nobody can measure, is told in the log") {
  const TempFolder folder;
  make_pictures(folder / "data/train", 4);
  make_pictures(folder / "all", 6);
  fs::create_directories(folder / "data/val/noise");
  fs::rename(folder / "all/noise/5.bmp", folder / "data/val/noise/5.bmp");
  fs::copy_file(folder / "data/train/lying/0.bmp", folder / "data/train/noise/wrong.bmp");
  fs::copy_file(folder / "data/train/lying/1.bmp", folder / "data/train/lying/copy.bmp");
  const TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  RecordingObserver observer;
  const ImageData data = read_image_data(request, image_needs(request.hyperparameters), observer);
  CHECK(observer.has_line_with("no validation pictures of: lying, standing"));
  CHECK(observer.has_line_with(
      "one picture, several labels: train/lying/0.bmp is 'lying', train/noise/wrong.bmp is "
      "'noise'"));
  CHECK_FALSE(observer.has_line_with("copy.bmp"));
  CHECK(data.known.learnt.size() == 12);
  CHECK(data.known.validated.size() == 1);
}

TEST_CASE("A small network learns three kinds of pictures and leaves all its results") {
  const TempFolder folder;
  make_pictures(folder / "data", 60);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 8;
  RecordingObserver observer;
  const TrainOutcome outcome = torch_trainer().train(request, observer);
  CHECK(!outcome.stopped);

  const Json evaluation =
      parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation.json");
  CHECK(evaluation.at("accuracy").get<double>() > 0.9);

  SECTION("the evaluation is that of the predictions and of the curve's best point") {
    const auto lines = split(trim(read_file(request.version_folder / "predictions.jsonl")), '\n');
    REQUIRE(lines.size() == evaluation.at("samples").get<std::size_t>());
    double right = 0;
    for (const std::string& line : lines) {
      const Json prediction = parse_json(line, "predictions.jsonl");
      right += prediction.at("label") == prediction.at("predicted");
      double sum = 0;
      for (const auto& [name, score] : prediction.at("scores").items()) sum += score.get<double>();
      CHECK(sum == Approx(1).margin(1e-4));
      CHECK(prediction.at("file").get<std::string>().starts_with(
          prediction.at("label").get<std::string>() + "/"));
    }
    CHECK(right / static_cast<double>(lines.size()) ==
          Approx(evaluation.at("accuracy").get<double>()));
    double best = 0;
    for (const auto& [step, value] : observer.metrics.at("accuracy")) best = std::max(best, value);
    CHECK(best == evaluation.at("accuracy").get<double>());
    const Weights weights = read_weights(request.version_folder / "output" / "best.safetensors");
    const Json metrics = parse_json(weights.metadata.at("metrics"), "metrics");
    for (const char* name : {"loss", "accuracy", "precision", "recall", "f1"}) {
      INFO(name);
      CHECK(metrics.at(name) == evaluation.at(name));
    }
  }
  SECTION("curves have a point for every step and every validation, at rising steps") {
    const std::int64_t steps = observer.last_progress.steps;
    CHECK(observer.last_progress.step == steps);
    CHECK(observer.metrics.at("train_loss").size() == static_cast<std::size_t>(steps));
    CHECK(observer.metrics.at("lr").size() == static_cast<std::size_t>(steps));
    for (const char* name : {"loss", "accuracy", "precision", "recall", "f1"}) {
      const auto& curve = observer.metrics.at(name);
      REQUIRE(curve.size() == 8);
      CHECK(curve.back().first == steps);
      for (std::size_t i = 1; i < curve.size(); ++i) CHECK(curve[i].first > curve[i - 1].first);
    }
    CHECK(observer.last("train_loss") < observer.metrics.at("train_loss").front().second);
  }
  SECTION("an epoch's line has the mean of the losses of its batches") {
    constexpr std::size_t kEpochs = 8;
    const auto& losses = observer.metrics.at("train_loss");
    const std::size_t batches = losses.size() / kEpochs;
    for (std::size_t epoch = 0; epoch < kEpochs; ++epoch) {
      double sum = 0;
      for (std::size_t i = 0; i < batches; ++i) sum += losses[epoch * batches + i].second;
      CHECK(observer.has_line_with(fmt::format("epoch {}/{}  train_loss {:.4f}  ", epoch + 1,
                                               kEpochs, sum / static_cast<double>(batches))));
    }
  }
  SECTION("the weights fit the network and say what they are") {
    const Weights best = read_weights(request.version_folder / "output" / "best.safetensors");
    const auto network = make_image_network("small_cnn", 3);
    load_weights(*network, best);
    CHECK(best.metadata.at("algorithm") == "small_cnn");
    CHECK(best.metadata.at("classes") == R"(["lying","noise","standing"])");
    const Json preprocessing = parse_json(best.metadata.at("preprocessing"), "");
    CHECK(preprocessing.at("image_size") == 16);
    // The default crops keep 0.35 of the area: 1 / sqrt(0.35) is 1.69, of which 1.75 is cached.
    CHECK(preprocessing.at("short_side") == 28);
    CHECK(parse_json(best.metadata.at("metrics"), "").at("accuracy") == evaluation.at("accuracy"));
    load_weights(*network, read_weights(request.version_folder / "output" / "last.safetensors"));
  }
  SECTION("the record says what it was trained on and how") {
    const Json& dataset = observer.recorded("dataset");
    CHECK(dataset.at("train") == 144);
    CHECK(dataset.at("validation") == 36);
    CHECK(dataset.at("unreadable") == 0);
    CHECK(dataset.at("classes").size() == 3);
    CHECK(observer.recorded("device") == "cpu");
    CHECK(observer.recorded("threads") == 2);
    CHECK(observer.recorded("parameters").get<std::int64_t>() > 1000);
    CHECK(observer.recorded("samples_per_second").get<double>() > 0);
  }
}

TEST_CASE("The same request gives the same weights bit for bit") {
  const TempFolder folder;
  make_pictures(folder / "data", 20);
  const std::string precision = GENERATE("auto", "fp32", "bf16");
  std::vector<TrainRequest> requests;
  for (const char* version : {"V0001", "V0002", "V0003"}) {
    requests.push_back(request_for(folder / "data", folder / "home", version));
    requests.back().hyperparameters["precision"] = precision;
    requests.back().hyperparameters["epochs"] = 2;
  }
  requests[2].seed = 6;
  std::vector<Json> plans;
  for (const TrainRequest& request : requests) {
    RecordingObserver observer;
    torch_trainer().train(request, observer);
    plans.push_back({observer.recorded("precision"), observer.recorded("layout")});
  }
  CHECK(plans[0] == plans[1]);
  CHECK((weights(requests[0]) == weights(requests[1])));
  CHECK((weights(requests[0], "last") == weights(requests[1], "last")));
  CHECK((read_file(requests[0].version_folder / "predictions.jsonl") ==
         read_file(requests[1].version_folder / "predictions.jsonl")));
  CHECK((weights(requests[0]) != weights(requests[2])));
}

TEST_CASE("A later version finds the trial's choice and decodes no picture") {
  const TempFolder folder;
  make_pictures(folder / "data", 10);
  RecordingObserver first, second;
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 1;
  torch_trainer().train(request, first);
  torch_trainer().train(request, second);
  CHECK(first.has_line_with("trial of precision and layout"));
  CHECK(!second.has_line_with("trial of precision and layout"));
  CHECK(first.has_line_with("30 decoded now"));
  CHECK(second.has_line_with(" 0 decoded now"));
  CHECK(first.recorded("dataset") == second.recorded("dataset"));
}

TEST_CASE("A fingerprint of the data changes with a picture's content, label or name") {
  const TempFolder folder;
  make_pictures(folder / "data", 6);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 1;
  const auto fingerprint = [&] {
    RecordingObserver observer;
    torch_trainer().train(request, observer);
    return observer.recorded("dataset").at("fingerprint").get<std::string>();
  };
  const std::string before = fingerprint();
  const fs::path file = folder / "data" / "noise" / "1.bmp";
  const std::string bytes = read_file(file);
  pass_file_clock(folder.path());
  put_file(file, picture(2, 999));
  CHECK(fingerprint() != before);
  pass_file_clock(folder.path());
  put_file(file, bytes);
  CHECK(fingerprint() == before);
  fs::rename(file, folder / "data" / "noise" / "x.bmp");
  CHECK(fingerprint() != before);
}

TEST_CASE("Pictures that cannot be read are left out, counted and named") {
  const TempFolder folder;
  make_pictures(folder / "data", 10);
  put_file(folder / "data" / "noise" / "torn.jpg", "\xff\xd8\xff\xe0 nothing more");
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 1;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  CHECK(observer.has_line_with("left out noise/torn.jpg: "));
  CHECK(observer.recorded("dataset").at("unreadable") == 1);
}

TEST_CASE("A class whose pictures cannot be read is an error before training") {
  const TempFolder folder;
  make_pictures(folder / "data", 10);
  put_file(folder / "data" / "broken" / "1.jpg", "not a picture");
  put_file(folder / "data" / "broken" / "2.jpg", "not one either");
  const Error error = error_of(request_for(folder / "data", folder / "home", "V0001"));
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message().find("broken") != std::string::npos);
}

TEST_CASE("A GPU that is not there is a usage error") {
  if (torch::cuda::is_available()) {
    std::puts("WARNING: this machine has a GPU, so wanting one where there is none is not tested");
    return;
  }
  const TempFolder folder;
  make_pictures(folder / "data", 2);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.device = "gpu";
  CHECK(error_of(request).kind() == ErrorKind::usage);
}

TEST_CASE("A loss that becomes NaN or infinite ends the training with a clear error") {
  const TempFolder folder;
  make_pictures(folder / "data", 20);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["lr"] = 1e30;
  request.hyperparameters["precision"] = "fp32";
  const Error error = error_of(request);
  CHECK(error.kind() == ErrorKind::training_failed);
  CHECK(error.message().starts_with("loss became "));
  CHECK(error.message().find(" at epoch 1 step ") != std::string::npos);
  CHECK(error.hint().find("lower lr") != std::string::npos);
}

TEST_CASE("A stop is heard between batches and keeps the last weights") {
  const TempFolder folder;
  make_pictures(folder / "data", 20);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 1000;
  RecordingObserver observer;

  SECTION("before the first validation there is nothing to evaluate") {
    observer.stop = [](const RecordingObserver& o) { return o.last_progress.step >= 1; };
    CHECK(torch_trainer().train(request, observer).stopped);
    CHECK(observer.metrics.count("accuracy") == 0);
    CHECK(!weights(request, "last").empty());
    CHECK(!fs::exists(request.version_folder / "evaluation.json"));
  }
  SECTION("after it, the best weights so far are evaluated") {
    observer.stop = [](const RecordingObserver& o) {
      return o.metrics.count("accuracy") != 0 && o.metrics.at("accuracy").size() >= 2;
    };
    CHECK(torch_trainer().train(request, observer).stopped);
    CHECK(!weights(request, "last").empty());
    CHECK(!weights(request, "best").empty());
    CHECK(fs::exists(request.version_folder / "evaluation.json"));
    CHECK(fs::exists(request.version_folder / "predictions.jsonl"));
  }
}

TEST_CASE("An observer's error ends the training and comes out as it is") {
  struct FullDisk : RecordingObserver {
    void metric(std::string_view, std::int64_t, double) override {
      throw Error(ErrorKind::io, "the disk is full");
    }
  } observer;
  const TempFolder folder;
  make_pictures(folder / "data", 6);
  const TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  CHECK_THROWS_WITH(torch_trainer().train(request, observer), "the disk is full");
}

TEST_CASE("Validation happens every so many epochs and always after the last") {
  const TempFolder folder;
  make_pictures(folder / "data", 6);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 5;
  request.hyperparameters["validate_every"] = 2;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  std::vector<std::int64_t> steps;
  const std::int64_t per_epoch = observer.last_progress.steps / 5;
  for (const auto& [step, value] : observer.metrics.at("accuracy")) steps.push_back(step);
  CHECK(steps == std::vector<std::int64_t>{2 * per_epoch, 4 * per_epoch, 5 * per_epoch});
}

TEST_CASE("The smallest batch trains the deepest layers of the smallest picture") {
  const TempFolder folder;
  make_pictures(folder / "data", 2);
  const std::string algorithm = GENERATE("resnet18", "mobilenet_v3_small");
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001", algorithm);
  for (const Hyperparameter& h : find_builtin_algorithm(algorithm)->hyperparameters) {
    if (h.name == "batch_size" || h.name == "image_size") {
      request.hyperparameters[h.name] = static_cast<int>(*h.min);
    }
  }
  CHECK(request.hyperparameters.at("batch_size") == 2);
  request.hyperparameters["epochs"] = 1;
  request.hyperparameters["precision"] = "fp32";
  request.hyperparameters["layout"] = "contiguous";
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  CHECK(observer.last_progress.step >= 1);
  CHECK(std::isfinite(observer.last("train_loss")));
}

TEST_CASE("A stop is heard while precision and layout are chosen") {
  const TempFolder folder;
  make_pictures(folder / "data", 6);
  const TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  RecordingObserver observer;
  observer.stop = [](const RecordingObserver& o) {
    return !o.phases.empty() && o.phases.back() == "choosing precision and layout";
  };
  try {
    torch_trainer().train(request, observer);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(fs::is_empty(request.version_folder));
}

TEST_CASE("Every way to train is accepted") {
  const TempFolder folder;
  make_pictures(folder / "data", 10);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  const auto [name, value] = GENERATE(std::pair<const char*, Json>{"optimizer", "adamw"},
                                      std::pair<const char*, Json>{"clip_norm", 1.0},
                                      std::pair<const char*, Json>{"class_weights", "balanced"},
                                      std::pair<const char*, Json>{"schedule", "constant"},
                                      std::pair<const char*, Json>{"best_metric", "loss"},
                                      std::pair<const char*, Json>{"layout", "contiguous"},
                                      std::pair<const char*, Json>{"layout", "channels_last"},
                                      std::pair<const char*, Json>{"batch_size", 4096});
  INFO(name);
  request.hyperparameters[name] = value;
  request.hyperparameters["epochs"] = 1;
  if (std::string(name) == "optimizer") request.hyperparameters["lr"] = 1e-3;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  CHECK(std::isfinite(observer.last("loss")));
}

TEST_CASE("A published version is trained with as long as its pictures are what they were") {
  const TempFolder folder;
  make_pictures(folder / "data", 20);
  std::vector<Content> contents;
  {
    ManifestWriter writer(folder / "current.manifest");
    import_pictures(folder / "data", {}, [&](ManifestSample&& sample) {
      std::string bytes = read_file(sample.source);
      contents.push_back(content_of(bytes.data(), bytes.size()));
      writer.write(sample);
    });
    writer.finish();
  }
  write_published(folder / "current.manifest", folder / "V001.manifest", contents, {}, {0.75, 1});
  pass_file_clock(folder.path());
  const TrainRequest request = request_for(folder / "V001.manifest", folder / "home", "V0001");
  RecordingObserver observer;
  const ImageData first = read_image_data(request, image_needs(request.hyperparameters), observer);
  CHECK(first.train.size() == 45);
  CHECK(first.validation.size() == 15);
  CHECK(first.loaded.unread == 0);
  CHECK(read_image_data(request, image_needs(request.hyperparameters), observer).loaded.unread ==
        60);

  put_file(folder / "data/lying/3.bmp", picture(2, 77));
  CHECK_THROWS_WITH(read_image_data(request, image_needs(request.hyperparameters), observer),
                    Catch::Contains("1 picture has changed: lying/3.bmp"));
}

}  // namespace mat
