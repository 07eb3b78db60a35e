#include "trainers/answering/torch_model.h"

#include <future>
#include <map>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/pixel_cache.h"
#include "core/image/decode_shrunk.h"
#include "core/metrics/calibration.h"
#include "core/model/evaluate.h"
#include "core/service/batcher.h"
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

struct Trained {
  explicit Trained(const std::string& algorithm, const Json& more = Json::object()) {
    make_pictures(folder / "data" / "train", 30);
    make_pictures(folder / "data" / "val", 8);
    request = request_for(folder / "data", folder / "home", "V0001", algorithm);
    if (algorithm == "exeml") {
      request.hyperparameters = {
          {"max_duration", 20.0 / 60}, {"preference", "balance"}, {"validation_ratio", 0.2}};
    }
    request.hyperparameters.update(more);
    torch_trainer().train(request, observer);
    open.file = request.version_folder / "output" / "best.safetensors";
    open.description = describe_weights(open.file);
    open.cache_folder = request.cache_folder;
    open.threads = request.threads;
    open.device = "cpu";
    open.precision = observer.recorded("precision").get<std::string>();
    open.layout = observer.recorded("layout").get<std::string>();
  }

  TempFolder folder;
  TrainRequest request;
  RecordingObserver observer;
  ModelRequest open;
};

// What the training itself said of its validation pictures.
std::map<std::string, Json> predictions_of(const fs::path& file) {
  std::map<std::string, Json> predictions;
  for (const std::string& line : split(trim(read_file(file)), '\n')) {
    const Json json = parse_json(line, file.string());
    const std::string name = json.at("file").get<std::string>();
    predictions[name.substr(name.find('/') + 1)] = json.at("scores");
  }
  return predictions;
}

}  // namespace

TEST_CASE("Training, its evaluation, evaluate, predict and a service agree to the last bit") {
  const auto algorithm = GENERATE(as<std::string>(), "small_cnn", "exeml");
  CAPTURE(algorithm);
  Trained trained(algorithm);
  const double temperature = trained.open.description.temperature;
  CHECK(temperature != 1);
  ModelDescription description = trained.open.description;
  description.temperature = trained.open.description.temperature = 1;
  const auto model = torch_trainer().open_model(trained.open);

  EvaluateRequest request;
  request.cache_folder = trained.request.cache_folder;
  const auto labelled =
      read_labelled(trained.folder / "data", description.classes, Asked::validation, "");
  const EvaluateResult evaluated = evaluate(*model, description, labelled, request);
  const Json said =
      parse_json(read_file(trained.request.version_folder / "evaluation.json"), "evaluation");
  for (const char* figure : {"accuracy", "f1", "precision", "recall"}) {
    CHECK(evaluated.document.at(figure) == said.at(figure));
  }
  CHECK(said.at("calibration").at("temperature").get<double>() == temperature);

  // Files that are read anew, each asked about with others beside it.
  const auto theirs = predictions_of(trained.request.version_folder / "predictions.jsonl");
  std::vector<Image> pictures;
  for (const PictureSample& sample : labelled.set.samples) {
    const std::string bytes = read_file(sample.file);
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    DecodeResult decoded = decode_shrunk(copy, description.preprocessing.short_side);
    REQUIRE(decoded.ok());
    pictures.push_back(std::move(decoded.image));
  }
  const std::vector<float> answers =
      model->answer(std::vector<ImageView>(pictures.begin(), pictures.end()));
  const std::size_t classes = description.classes.size();
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Json& scores = theirs.at(labelled.set.samples[i].name);
    for (std::size_t c = 0; c < classes; ++c) {
      REQUIRE(std::round(double{answers[i * classes + c]} * 1e6) / 1e6 ==
              scores.at(description.classes[c]).get<double>());
    }
  }

  // The temperature comes last.
  trained.open.description.temperature = temperature;
  std::vector<float> expected = answers;
  temper(expected, static_cast<int>(classes), temperature);
  const auto tempered = torch_trainer().open_model(trained.open);
  CHECK(tempered->answer(std::vector<ImageView>(pictures.begin(), pictures.end())) == expected);

  // A service reads the bytes and answers in a thread of its own; each picture alone, since who is
  // asked about together is summed up in another order.
  Batcher service([&] { return torch_trainer().open_model(trained.open); },
                  trained.open.description, {});
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    std::promise<std::vector<PictureAnswer>> answered;
    REQUIRE(service.ask({read_file(labelled.set.samples[i].file)},
                        [&](auto some) { answered.set_value(std::move(some)); }));
    CHECK(answered.get_future().get().at(0).probabilities ==
          tempered->answer(std::vector<ImageView>{pictures[i]}));
  }
}

TEST_CASE("A model answers in any number, also about nothing") {
  const Trained trained("small_cnn", {{"epochs", 1}});
  const auto model = torch_trainer().open_model(trained.open);
  const Image picture{20, 18, std::vector<std::uint8_t>(20 * 18 * 3, 90)};
  CHECK(model->answer({}).empty());
  const std::vector<float> one = model->answer({picture});
  REQUIRE(one.size() == 3);
  CHECK(one[0] + one[1] + one[2] == Approx(1));
  const std::vector<float> many = model->answer(std::vector<ImageView>(70, picture));
  REQUIRE(many.size() == 210);
  for (std::size_t i = 0; i < many.size(); ++i) CHECK(many[i] == Approx(one[i % 3]).margin(1e-6));
  CHECK(model->facts().at("precision") == trained.open.precision);
}

TEST_CASE("Weights that do not fit their description are refused") {
  Trained trained("small_cnn", {{"epochs", 1}});
  trained.open.description.classes.emplace_back("one more");
  CHECK_THROWS_AS(torch_trainer().open_model(trained.open), Error);
  trained.open.file = trained.folder / "absent.safetensors";
  CHECK_THROWS_AS(torch_trainer().open_model(trained.open), Error);
}

}  // namespace mat
