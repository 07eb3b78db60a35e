#include "core/model/import_model.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "core/base/error.h"
#include "tests/core/model/model_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

ImportDescription of_two_classes() {
  ImportDescription given;
  given.classes = {"cat", "dog"};
  return given;
}

ImportDescription resnet() {
  ImportDescription given = of_two_classes();
  given.network = "resnet18";
  return given;
}

// A file that tells nothing of itself but what is `said`.
ModelContent describe(const fs::path& file, const ImportDescription& given,
                      const Json& said = Json::object()) {
  return describe_import(file, given, [&](const fs::path&) { return said; });
}

}  // namespace

TEST_CASE("Weights that mat has written say themselves what they are") {
  const TempFolder folder;
  const fs::path file = folder / "w.safetensors";
  put_file(file, weights_bytes(metadata_of_classifier()));
  const ModelContent content = describe(file, {});
  CHECK(content.description.network == "resnet18_w32");
  CHECK(content.description.temperature == 1.5);
  CHECK(content.metrics["accuracy"] == 0.9);
  CHECK(content.origin["kind"] == "file");
  CHECK(content.origin["file"] == file.string());
}

TEST_CASE("What is said of a file otherwise than it says itself is refused with what it says") {
  const TempFolder folder;
  const fs::path file = folder / "w.safetensors";
  put_file(file, weights_bytes(metadata_of_classifier()));
  const auto refused = [](const fs::path& about, const std::function<void(ImportDescription&)>& say,
                          const std::string& by, const std::string& why) {
    ImportDescription given;
    say(given);
    const Error error = error_of([&] { describe(about, given); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() ==
          why.substr(0, why.find('@')) + "'" + by + "'" + why.substr(why.find('@') + 1));
    CHECK(error.hint().find("leave --") == 0);
  };
  const std::string own = file.string();
  using Given = ImportDescription;
  refused(
      file, [](Given& g) { g.network = "resnet18"; }, own,
      "--network resnet18 is not what @ says: resnet18_w32");
  refused(
      file,
      [](Given& g) {
        g.classes = {"cat", "dog"};
      },
      own, "--classes cat, dog is not what @ says: blue, red");
  refused(
      file, [](Given& g) { g.image_size = 96; }, own, "--image-size 96 is not what @ says: 64");
  refused(
      file,
      [](Given& g) {
        g.mean = {0.1, 0.2, 0.4};
      },
      own, "--mean 0.1, 0.2, 0.4 is not what @ says: 0.1, 0.2, 0.3");
  refused(
      file,
      [](Given& g) {
        g.deviation = {1, 1, 1};
      },
      own, "--std 1.0, 1.0, 1.0 is not what @ says: 0.4, 0.5, 0.6");
  // The same again is no contradiction, and leaves what goes with it.
  Given same;
  same.network = "resnet18_w32";
  same.classes = {"blue", "red"};
  same.image_size = 64;
  same.mean = {0.1, 0.2, 0.3000000001};
  const ModelContent content = describe(file, same);
  CHECK(content.description.preprocessing.short_side == 144);
  CHECK(content.metrics["accuracy"] == 0.9);

  // What stands beside a file speaks for it.
  const fs::path program = folder / "net.pt", beside = description_beside(program);
  put_file(program, "PK\x03\x04 a program");
  put_file(beside, to_json_text(to_json(content.description)));
  refused(
      program, [](Given& g) { g.image_size = 96; }, beside.string(),
      "--image-size 96 is not what @ says: 64");
  refused(
      program, [](Given& g) { g.network = "resnet18"; }, program.string(),
      "--network resnet18 is not what @ says: torchscript");
}

TEST_CASE("Weights of others need a network and classes, and get what is usual for the rest") {
  const TempFolder folder;
  const fs::path file = folder / "w.safetensors";
  put_file(file, weights_bytes({{"format", "pt"}}));
  const Error network = error_of([&] { describe(file, of_two_classes()); });
  CHECK(network.kind() == ErrorKind::usage);
  CHECK(network.message() == "'" + file.string() + "' does not say which network it is of");
  CHECK(network.hint().find("--network NAME, one of") == 0);
  ImportDescription unnamed = resnet();
  unnamed.classes.clear();
  CHECK(error_of([&] { describe(file, unnamed); }).hint().find("--classes a,b,c") == 0);
  const ModelContent content = describe(file, resnet());
  CHECK(content.description.network == "resnet18");
  CHECK(content.description.preprocessing.image_size == 224);
  CHECK(content.description.preprocessing.mean == std::vector<double>{0.485, 0.456, 0.406});
  CHECK(content.description.preprocessing.views == std::vector<std::string>{"margin"});
  ImportDescription all = resnet();
  all.network = "resnet34_w32";
  all.mean = {0.5, 0.5, 0.5};
  all.deviation = {0.25, 0.25, 0.25};
  CHECK(describe(file, all).description.preprocessing.deviation == all.deviation);
  // The network is known by its keys.
  CHECK(describe(file, of_two_classes(), {{"network", "resnet50"}}).description.network ==
        "resnet50");
  CHECK(error_of([&] {
          describe(file, resnet(), {{"network", "resnet50"}});
        }).kind() == ErrorKind::usage);
  for (const char* unknown :
       {"resnet81", "resnet18_w", "resnet18_w0", "small_cnn_w3", "tabular_mlp", "exeml", "../x"}) {
    INFO(unknown);
    ImportDescription wrong = resnet();
    wrong.network = unknown;
    CHECK(error_of([&] { describe(file, wrong); }).kind() == ErrorKind::usage);
  }
}

TEST_CASE("Classes that cannot be are refused") {
  const TempFolder folder;
  const fs::path file = folder / "w.safetensors";
  put_file(file, weights_bytes({}));
  for (const std::vector<std::string>& classes :
       std::vector<std::vector<std::string>>{{"one"}, {"a", "a"}, {"a", ""}}) {
    ImportDescription wrong = resnet();
    wrong.classes = classes;
    CHECK(error_of([&] { describe(file, wrong); }).kind() == ErrorKind::usage);
  }
}

TEST_CASE("TorchScript is described by what stands beside it, or by options") {
  const TempFolder folder;
  const fs::path file = folder / "net.pt";
  put_file(file, "PK\x03\x04 a program");
  const Error bare = error_of([&] { describe(file, {}); });
  CHECK(bare.kind() == ErrorKind::usage);
  CHECK(bare.message().find("does not say what its outputs mean") != std::string::npos);
  const ModelContent given = describe(file, of_two_classes());
  CHECK(given.description.network == kTorchScript);

  ModelDescription description = given.description;
  description.classes = {"rose", "tulip", "aster"};
  description.preprocessing.image_size = 32;
  Json document = to_json(description);
  document["metrics"] = {{"f1", 0.7}};
  document["model"] = "flowers@1.0.0";
  document["origin"] = {{"job", "clothes"}};
  put_file(description_beside(file), to_json_text(document));
  const ModelContent beside = describe(file, {});
  CHECK(beside.description.classes.size() == 3);
  CHECK(beside.description.preprocessing.image_size == 32);
  CHECK(beside.metrics["f1"] == 0.7);
  CHECK(beside.origin["exported"]["model"] == "flowers@1.0.0");
  CHECK(beside.origin["exported"]["origin"]["job"] == "clothes");
  put_file(description_beside(file), "{\"classes\": 3}");
  CHECK(error_of([&] { describe(file, {}); }).message().find("net.pt.json") != std::string::npos);
}

TEST_CASE("What a program and what stands beside it say is taken together, key by key") {
  const TempFolder folder;
  const fs::path file = folder / "net.pt", beside = description_beside(file);
  put_file(file, "PK\x03\x04 a program");
  put_file(beside, R"({"network":"torchscript","classes":["a","b"],"temperature":null,)"
                   R"("preprocessing":{"image_size":32,"std":[0.5,0.25,0.5]}})");
  // A number that programs of others often have.
  const Json program{{"preprocessing", {{"image_size", 32}}}};
  const ModelContent content = describe(file, {}, program);
  CHECK(content.description.preprocessing.image_size == 32);
  CHECK(content.description.preprocessing.deviation == std::vector<double>{0.5, 0.25, 0.5});
  // What nobody says is what is usual, and may be said.
  CHECK(content.description.preprocessing.mean == std::vector<double>{0.485, 0.456, 0.406});
  ImportDescription given;
  given.mean = {0.1, 0.2, 0.3};
  CHECK(describe(file, given, program).description.preprocessing.mean == given.mean);

  const auto refused = [&](const Json& said, const std::string& why) {
    const Error error = error_of([&] { describe(file, {}, said); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == "'" + beside.string() + "' says " + why);
    CHECK(error.hint().find("correct 'net.pt.json'") == 0);
  };
  const std::string itself = ", and '" + file.string() + "' itself ";
  refused({{"classes", {"b", "a"}}}, "classes a, b" + itself + "b, a");
  refused({{"preprocessing", {{"image_size", 8}}}}, "image_size 32" + itself + "8");
}

TEST_CASE("A file out of a model's folder is described by its model.json") {
  const TempFolder folder;
  put_file(folder / "model.pt", "PK\x03\x04");
  put_file(folder / "model.json",
           R"({"network":"torchscript","classes":["a","b"],"preprocessing":{"image_size":8}})");
  CHECK(describe(folder / "model.pt", {}).description.classes.size() == 2);
}

TEST_CASE("What is no model is told apart by its first bytes") {
  const TempFolder folder;
  CHECK(error_of([&] { describe(folder / "none", resnet()); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { describe(folder.path(), resnet()); }).kind() == ErrorKind::usage);
  for (const std::string& bytes :
       {std::string(), std::string("P"), std::string("\x80\x02}q"), std::string(100, 'x')}) {
    put_file(folder / "x", bytes);
    const Error error = error_of([&] { describe(folder / "x", resnet()); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("is neither TorchScript nor safetensors") != std::string::npos);
  }
  put_file(folder / "torn.safetensors", weights_bytes({}).substr(0, 40));
  CHECK(error_of([&] { describe(folder / "torn.safetensors", resnet()); }).kind() == ErrorKind::io);
}

TEST_CASE("What is of a model for tables is not imported, and the way to such a model is told") {
  const TempFolder folder;
  const fs::path weights = folder / "t.safetensors", program = folder / "t.pt";
  put_file(weights, weights_bytes(metadata_of_table()));
  put_file(program, "PK\x03\x04 and so on");
  put_file(folder / "t.pt.json", kTableOfPrices);
  for (const fs::path& file : {weights, program}) {
    const Error refused = error_of([&] { describe(file, ImportDescription()); });
    CHECK(refused.kind() == ErrorKind::conflict);
    CHECK(refused.hint().find("mat model create") != std::string::npos);
  }
}

}  // namespace mat
