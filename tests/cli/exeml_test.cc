#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/base/time.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

namespace fs = std::filesystem;

// Twelve seconds: a training that means something, on pictures that are told apart by their colour.
const std::string kShort = "0.2";

struct Project {
  Project() : mat(folder) { draw_pictures(folder / "data", {"blue", "green", "red"}, 12); }

  Output train(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"exeml",   "train",    "data",  "--project",
                                       "colours", "--flavor", "cpu.1", "--short-duration",
                                       kShort};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return mat.run(arguments);
  }

  TemporaryFolder folder;
  MatProcess mat;
};

// A safetensors file with one tensor of zeros, [count].
std::string one_tensor(const std::string& name, std::size_t count) {
  const std::string header =
      Json({{name, {{"dtype", "F32"}, {"shape", {count}}, {"data_offsets", {0, 4 * count}}}}})
          .dump();
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  }
  return bytes + header + std::string(4 * count, '\0');
}

}  // namespace

TEST_CASE("exeml train publishes a folder, keeps its time and shows what came of it") {
  const Project p;
  const double before = monotonic_seconds();
  const Output trained = p.train();
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  // Ten seconds over it are allowed for figures, and the rest is what stands around the search.
  CHECK(monotonic_seconds() - before < 12 + 10 + 20);
  CHECK(has(trained.out, "colours@V0001  Completed"));

  const Json shown = p.mat.succeed({"exeml", "show", "colours", "--json"}).json();
  CHECK(shown["project"] == "colours");
  CHECK(shown["version"] == "V001");
  CHECK(shown["evaluation"]["intervals"]["f1"].size() == 2);
  CHECK(shown["evaluation"]["calibration"]["temperature"].get<double>() > 0);
  CHECK(shown["settings"]["inputs.data_url"]["value"] == "dataset://colours@V001");
  CHECK(shown["facts"]["search"].contains("why"));
  CHECK(shown["facts"]["prepared_s"].get<double>() > 0);

  const std::string text = p.mat.succeed({"exeml", "show", "colours", "V001"}).out;
  for (const char* part : {"project", "colours V001", "accuracy", "calibration error",
                           "after: temperature found on one half of the validation pictures,",
                           "error measured on the other half", "pictures", "CLASS",
                           "training parameters", "max_duration", "LABEL \\ PREDICTED"}) {
    INFO(part);
    CHECK(has(text, part));
  }
  // What a narrow terminal has no room for goes on in the next line.
  MatProcess plain = p.mat;
  plain.environment["NO_COLOR"] = "1";
  const std::string narrow = plain.run_on_terminal({"exeml", "show", "colours"}, 40).out;
  const std::string results = narrow.substr(0, narrow.find("\npictures\n"));
  CHECK(has(results, "how often they are\n"));
  CHECK_FALSE(has(results, "…"));

  SECTION("a second training of the same folder uses the same version of the dataset") {
    REQUIRE(p.train({"--seed", "2"}).exit_code == 0);
    const Json second = p.mat.succeed({"exeml", "show", "colours", "--json"}).json();
    CHECK(second["version"] == "V002");
    CHECK(second["settings"]["inputs.data_url"]["value"] == "dataset://colours@V001");
    // No picture was read for it.
    CHECK(second["facts"]["pictures"]["decoded"] == 0);
    const Json projects = p.mat.succeed({"exeml", "list", "--json"}).json();
    REQUIRE(projects["projects"].size() == 1);
    CHECK(projects["projects"][0]["name"] == "colours");
    CHECK(p.mat.run({"version", "diff", "colours", "V001", "V002"}).exit_code == 0);
  }

  SECTION("weights that lie in a folder are taken without being named, if they can be") {
    const fs::path folder = p.mat.home() / "weights";
    fs::create_directories(folder);
    fs::copy_file(p.mat.home() / "jobs/colours/V0001/output/best.safetensors",
                  folder / "known.safetensors");
    write_text(folder / "torn.safetensors", "no weights");
    write_text(folder / "large.safetensors", one_tensor("conv_stem.weight", 16 * 3 * 3 * 3));
    const auto looked = [&](const std::vector<std::string>& more) {
      std::vector<std::string> words{"exeml", "train", "data", "--project", "next", "--dry-run"};
      words.insert(words.end(), more.begin(), more.end());
      return p.mat.succeed(words);
    };
    const std::string known = (folder / "known.safetensors").string();
    const Output taken = looked({});
    CHECK(has(taken.out, known));
    CHECK(has(taken.err, "starts from the weights in '" + known + "'"));
    CHECK(has(taken.err, "passed over '" + (folder / "torn.safetensors").string()));
    CHECK(has(taken.err, "passed over '" + (folder / "large.safetensors").string() +
                             "': the weights do not fit the network: missing: "));
    CHECK_FALSE(has(looked({"--weights", "none"}).out, "weights_url"));
    fs::remove_all(folder);
    CHECK_FALSE(has(looked({}).out, "weights_url"));
  }

  SECTION("a version of a project is served") {
    const Json service =
        p.mat.succeed({"exeml", "deploy", "colours", "V001", "--detach", "--json"}).json();
    CHECK(service["name"] == "colours");
    CHECK(service["source"] == "colours@V0001");
    fs::path picture;
    for (const auto& entry : fs::directory_iterator(p.folder / "data/red")) picture = entry.path();
    const Json answer =
        p.mat.succeed({"service", "predict", "colours", picture.string(), "--json"}).json();
    const Json alone = p.mat.succeed({"predict", "colours", picture.string(), "--json"}).json();
    REQUIRE(answer["predictions"].size() == 1);
    CHECK(answer["predictions"][0]["predicted"] == alone["predictions"][0]["predicted"]);
    CHECK(p.mat.run({"exeml", "deploy", "colours", "V007"}).exit_code == 3);
    p.mat.succeed({"service", "stop", "colours"});
  }

  SECTION("a training goes on from the weights of a version, with a class more") {
    draw_pictures(p.folder / "data", {"violet"}, 12);
    const Output more = p.train({"--incremental-version", "best"});
    INFO(more.err);
    REQUIRE(more.exit_code == 0);
    const Json second = p.mat.succeed({"exeml", "show", "colours", "--json"}).json();
    CHECK(second["parent"] == "colours@V0001");
    CHECK(second["evaluation"]["classes"].size() == 4);
    CHECK_FALSE(second["facts"].contains("validated_on_learnt"));
    CHECK(second["settings"]["inputs.data_url"]["value"] == "dataset://colours@V002");
  }
}

TEST_CASE("exeml refuses too little data with what is missing, also in a dry run") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  const auto refused = [&](const std::string& data, const std::vector<std::string>& why) {
    std::vector<std::string> words{"exeml", "train", data, "--project", "few"};
    const Output real = mat.run(words);
    words.emplace_back("--dry-run");
    const Output dry = mat.run(words);
    INFO(real.err);
    CHECK(real.exit_code == 2);
    CHECK(dry.exit_code == 2);
    CHECK(dry.err == real.err);
    for (const std::string& part : why) CHECK(has(real.err, part));
  };
  draw_pictures(folder / "data", {"green", "red"}, 3);
  refused("data", {"2 more of 'green' (it has 3)", "2 more of 'red' (it has 3)",
                   "at least 2 classes with 5 labelled pictures each are needed"});
  draw_pictures(folder / "one", {"green"}, 8);
  refused("one", {"of one class, 'green'", "a folder for each, DATA/CLASS/picture.jpg"});
  draw_pictures(folder / "above" / "photos", {"green", "red"}, 8);
  refused("above", {"of one class, 'photos'", "mat exeml train 'above/photos' --project few"});
  draw_pictures(folder / "flat", {"."}, 8);
  refused("flat", {"none of its 8 pictures has a label"});
  draw_pictures(folder / "split" / "train", {"green", "red"}, 6);
  draw_pictures(folder / "split" / "val", {"green", "red", "violet"}, 6);
  refused("split", {"some of 'violet' to train with", "--map-label 'violet='"});
  CHECK(mat.run({"exeml", "show", "few"}).exit_code == 3);
  // Nothing is left of what was refused.
  CHECK(mat.succeed({"dataset", "list", "--json"}).json()["datasets"].empty());

  draw_pictures(folder / "messy", {"blue", "green"}, 6);
  draw_pictures(folder / "messy", {"rare", "rare one"}, 1);
  refused("messy", {"--map-label 'rare one=rare_one'"});
  const std::vector<std::string> mapped{"exeml", "train",        "messy",    "--project",
                                        "few",   "--map-labels", "--dry-run"};
  const Output few = mat.run(mapped);
  CHECK(has(few.err, "4 more of 'rare' (it has 1), 4 more of 'rare_one' (it has 1)"));
  CHECK(has(few.err, "train without: --map-label 'rare=' --map-label 'rare one='"));
  // As it says, and with a folder of no pictures beside the classes.
  fs::create_directories(folder / "messy" / "__pycache__");
  std::vector<std::string> without = mapped;
  without.insert(without.end(), {"--map-label", "rare=", "--map-label", "rare one="});
  const Output enough = mat.run(without);
  INFO(enough.err);
  CHECK(enough.exit_code == 0);
  CHECK(mat.succeed({"dataset", "list", "--json"}).json()["datasets"].empty());
}

TEST_CASE("With --dataset-version a dataset is meant, also where a path has its name") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "colours", {"green", "red"}, 6);
  mat.succeed({"dataset", "create", "colours", "colours"});
  mat.succeed({"dataset", "publish", "colours"});
  const auto dry = [&](const std::string& version) {
    return mat.run(
        {"exeml", "train", "colours", "--project", "p", "--dataset-version", version, "--dry-run"});
  };
  CHECK(has(dry("V001").out, "colours@V001"));
  CHECK(dry("V002").exit_code == 3);
}

TEST_CASE("exeml keeps its dataset when a path is refused, and the split when pictures are added") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 12);
  draw_pictures(folder / "few", {"green", "red"}, 3);
  draw_pictures(folder / "torn", {"green", "red"}, 6);
  for (const char* name : {"0.bmp", "1.bmp", "2.bmp"})
    write_text(folder / "torn/red" / name, "torn");
  draw_pictures(folder / "more", {"green"}, 20);
  const auto train = [&](const std::string& data, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"exeml",   "train",    data,    "--project",
                                   "colours", "--flavor", "cpu.1", "--short-duration",
                                   "0.1"};
    words.insert(words.end(), more.begin(), more.end());
    return mat.run(words);
  };
  const auto dataset = [&] { return mat.succeed({"dataset", "show", "colours", "--json"}).json(); };
  REQUIRE(train("data").exit_code == 0);
  const Json before = dataset();
  for (const char* refused : {"few", "torn"}) {
    INFO(refused);
    CHECK(train(refused).exit_code == 2);
    CHECK(dataset() == before);
  }

  // Nothing of what was refused is in the way of the right one.
  for (int i = 12; i < 20; ++i) {
    const std::string name = "green/" + std::to_string(i) + ".bmp";
    fs::copy_file(folder / "more" / name, folder / "data" / name);
  }
  const Output more = train("data", {"--incremental-version", "V001"});
  INFO(more.err);
  REQUIRE(more.exit_code == 0);
  CHECK_FALSE(has(more.err, "learnt from"));
  const Json diff = mat.succeed({"dataset", "diff", "colours", "V001", "V002", "--json"}).json();
  CHECK(diff["added"].size() == 8);
  CHECK(diff["other_usage"].empty());
  const Json search = mat.succeed({"exeml", "show", "colours", "--json"}).json()["facts"]["search"];
  REQUIRE_FALSE(search["rounds"].empty());
  CHECK(search["rounds"][0]["is_base"] == true);
  CHECK(has(mat.succeed({"exeml", "show", "colours"}).out, " as it was "));
  const Output both =
      train("data", {"--incremental-version", "V001", "--weights", "w.safetensors"});
  CHECK(both.exit_code == 2);
  CHECK(has(both.err, "from --weights or from --incremental-version"));

  write_text(folder / "data/red/torn.bmp", "torn");
  mat.succeed({"dataset", "import", "colours", "data"});
  mat.succeed({"dataset", "publish", "colours", "--seed", "9"});
  const Output leaking = train("colours", {"--incremental-version", "V001"});
  REQUIRE(leaking.exit_code == 0);
  CHECK(has(leaking.err, "learnt from by a version that this one goes on from"));
  const Json shown = mat.succeed({"exeml", "show", "colours", "--json"}).json();
  CHECK(shown["facts"]["validated_on_learnt"].get<int>() > 0);
  const std::string last = mat.succeed({"exeml", "show", "colours", "V003"}).out;
  CHECK(has(last, "is too good"));
  CHECK(
      has(last, "left out when colours@V003 was published, since they cannot be read: 1 picture"));
  CHECK(shown["facts"]["datasets"]["data_url"]["left_out"] == 1);
}

TEST_CASE("exeml maps labels that are none, as it offers to") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 6);
  fs::rename(folder / "data" / "red", folder / "data" / "red rose");
  const Output refused = mat.run({"exeml", "train", "data", "--project", "p"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err, "--map-label 'red rose=red_rose'"));
  const Output trained = mat.run({"exeml", "train", "data", "--project", "p", "--map-label",
                                  "red rose=rose", "--flavor", "cpu.1", "--short-duration", "0.1"});
  INFO(trained.err);
  CHECK(trained.exit_code == 0);
  const Json classes =
      mat.succeed({"dataset", "show", "p", "--json"}).json()["pictures"]["classes"];
  CHECK(classes.size() == 2);
  CHECK(classes.contains("rose"));
  CHECK(mat.run({"exeml", "train", "p", "--project", "p", "--map-labels"}).exit_code == 2);
}

TEST_CASE("exeml replaces no pictures but those of its own project") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "mine", {"green", "red"}, 6);
  draw_pictures(folder / "other", {"blue", "violet"}, 6);
  const auto pictures = [&] {
    return mat.succeed({"dataset", "show", "colours", "--json"}).json();
  };
  const auto train = [&](const std::string& data, const std::vector<std::string>& more) {
    std::vector<std::string> words{"exeml",   "train",    data,    "--project",
                                   "colours", "--flavor", "cpu.1", "--short-duration",
                                   "0.1"};
    words.insert(words.end(), more.begin(), more.end());
    return mat.run(words);
  };
  // To look at what would be done makes nothing.
  CHECK(train("mine", {"--dry-run"}).exit_code == 0);
  CHECK(mat.succeed({"dataset", "list", "--json"}).json()["datasets"].empty());

  mat.succeed({"dataset", "create", "colours", "mine"});
  mat.succeed({"dataset", "publish", "colours"});
  const Json before = pictures();
  const Output refused = train("other", {});
  CHECK(refused.exit_code == 4);
  CHECK(has(refused.err, "the dataset colours is not of the project colours"));
  CHECK(pictures() == before);

  // Of a project that trains on it, only what was published may go.
  REQUIRE(train("colours", {}).exit_code == 0);
  const std::string relabelled =
      fs::directory_iterator(folder / "mine" / "red")->path().filename().string();
  mat.succeed({"dataset", "label", "colours", "red/" + relabelled, "green"});
  const Output unpublished = train("other", {});
  CHECK(unpublished.exit_code == 4);
  CHECK(has(unpublished.err, "1 picture of the dataset colours would be lost"));
  CHECK(has(unpublished.err, "mat dataset publish colours"));
  mat.succeed({"dataset", "publish", "colours"});
  CHECK(train("other", {}).exit_code == 0);
  CHECK(pictures()["current"] == "V003");
}

TEST_CASE("exeml says what is wrong with its options before it does anything") {
  const Project p;
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    std::vector<std::string> arguments{"exeml", "train", "data", "--project", "colours"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Output output = p.mat.run(arguments);
    INFO(output.err);
    CHECK(output.exit_code == 2);
    CHECK(has(output.err, why));
  };
  refused({"--max-duration", "5"}, "--max-duration is 6 to 6000 minutes, not 5");
  refused({"--max-duration", "6001"}, "6 to 6000");
  refused({"--short-duration", "6"}, "--short-duration is above 0 and below 6 minutes, not 6");
  refused({"--train-ratio", "1"}, "--train-ratio is above 0 and below 1");
  refused({"--max-duration", "10", "--short-duration", "2"}, "excludes --short-duration");
  refused({"--label-column", "zzz", "--delimiter", ";", "--dry-run"},
          "--label-column, --delimiter are of no use");
  write_text(p.folder / "export.pt", std::string("PK\3\4\0\0\10\10", 8) + "and so on");
  refused({"--weights", "export.pt"}, "mat model export MODEL --format safetensors");
  refused({"--preference", "best"}, "--preference");
  refused({"--dataset-version", "V001"}, "--dataset-version is of a dataset");
  CHECK(p.mat.run({"exeml", "train", "nothing", "--project", "colours"}).exit_code == 3);
  CHECK_FALSE(fs::exists(p.mat.home()));
}

TEST_CASE("A training job is no ExeML project, and is told apart by name") {
  const Project p;
  write_text(p.folder / "job.yaml", small_spec("colours", "data", 1));
  p.mat.succeed({"job", "create", "-f", "job.yaml"});
  const Output refused = p.train();
  CHECK(refused.exit_code == 4);
  CHECK(has(refused.err, "colours is a training job (small_cnn), not an ExeML project"));
  CHECK(has(p.mat.run({"exeml", "show", "colours"}).err, "not by exeml"));
  const Output deployed = p.mat.run({"exeml", "deploy", "colours"});
  CHECK(deployed.exit_code == 2);
  CHECK(has(deployed.err,
            "colours@V0001 was trained by small_cnn, not by exeml\n"
            "mat: hint: mat service deploy colours@V0001\n"));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"exeml", "show", "colour"}, {"exeml", "deploy", "colour", "V001"}}) {
    const Output missing = p.mat.run(words);
    CHECK(missing.exit_code == 3);
    CHECK(missing.err == "mat: error: there is no project 'colour'\n");
  }
}

TEST_CASE("A version of a project that is stopped keeps the model so far") {
  const Project p;
  Output detached = p.mat.succeed({"exeml", "train", "data", "--project", "colours", "--flavor",
                                   "cpu.1", "--max-duration", "6", "--detach"});
  CHECK(detached.out == "colours@V0001\n");
  // Its first progress of a training says that there are weights.
  bool is_training = false;
  for (int i = 0; i < 600 && !is_training; ++i) {
    const Json shown = p.mat.succeed({"version", "show", "colours", "--json"}).json();
    REQUIRE(shown["status"] != "Failed");
    is_training = shown["progress"].is_object() && shown["progress"].contains("stage");
    if (!is_training) p.mat.run({"version", "wait", "colours", "--timeout", "0.1"});
  }
  REQUIRE(is_training);
  p.mat.succeed({"version", "stop", "colours"});
  const Json shown = p.mat.succeed({"version", "show", "colours", "--json"}).json();
  CHECK(shown["status"] == "Terminated");
  CHECK(fs::exists(p.mat.home() / "jobs/colours/V0001/checkpoint"));
}
