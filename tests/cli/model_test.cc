#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

namespace fs = std::filesystem;

// colours@V0001, a completed training of small_cnn.
struct Trained {
  Trained() {
    draw_pictures(folder / "data", {"green", "red"}, 10);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
    mat.succeed({"job", "create", "-f", "spec.yaml"});
  }

  fs::path weights() const { return mat.home() / "jobs/colours/V0001/output/best.safetensors"; }

  // The same as a file of others, which says nothing of itself.
  fs::path bare_weights() const {
    const std::string bytes = read_file(weights());
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
    Json header = Json::parse(bytes.substr(8, length));
    header.erase("__metadata__");
    const std::string text = to_json_text(header);
    std::string whole(8, '\0');
    for (int i = 0; i < 8; ++i) whole[i] = static_cast<char>(text.size() >> (8 * i));
    write_text(folder / "bare.safetensors", whole + text + bytes.substr(8 + length));
    return folder / "bare.safetensors";
  }

  TemporaryFolder folder;
  MatProcess mat{folder};
};

}  // namespace

TEST_CASE("a completed version becomes a model that outlives its job") {
  const Trained t;
  const Output made = t.mat.succeed({"model", "create", "colours", "--name", "flowers"});
  CHECK(has(made.out, "flowers@1.0.0  small_cnn, 2 classes, accuracy "));
  const Json second = t.mat
                          .succeed({"model", "create", "colours@best", "--name", "flowers",
                                    "--description", "again", "--json"})
                          .json();
  CHECK(second["reference"] == "flowers@1.0.1");
  CHECK(second["classes"] == Json::array({"green", "red"}));
  CHECK(second["origin"]["reference"] == "colours@V0001");
  CHECK(second["validation"]["pictures"] == 4);
  CHECK(second["preprocessing"]["image_size"] == 16);
  t.mat.succeed({"model", "create", "colours@1", "--name", "flowers", "--model-version", "2.0.0"});

  CHECK(t.mat.succeed({"model", "alias", "flowers@1.0.0", "champion"}).out ==
        "flowers@champion means flowers@1.0.0 now\n");
  CHECK(t.mat.succeed({"model", "alias", "flowers@1.0.1", "champion"}).out ==
        "flowers@champion means flowers@1.0.1 now, and no longer flowers@1.0.0\n");
  CHECK(t.mat.run({"model", "alias", "flowers@1.0.1", "1.0.7"}).exit_code == 2);

  t.mat.succeed({"job", "delete", "colours", "-y"});
  const Json listed = t.mat.succeed({"model", "list", "--json"}).json();
  REQUIRE(listed["models"].size() == 1);
  CHECK(listed["models"][0]["versions"] == 3);
  CHECK(listed["models"][0]["description"] == "again");
  CHECK(listed["models"][0]["aliases"]["champion"] == "1.0.1");
  CHECK(listed["models"][0]["latest"]["version"] == "2.0.0");
  const Json shown = t.mat.succeed({"model", "show", "flowers@champion", "--json"}).json();
  CHECK(shown["reference"] == "flowers@1.0.1");
  CHECK(shown["services"].empty());
  CHECK(shown["files"].size() == 4);
  CHECK(t.mat.succeed({"model", "show", "flowers", "--json"}).json()["version_list"].size() == 3);
  const std::string text = t.mat.succeed({"model", "show", "flowers"}).out;
  for (const char* part : {"flowers@2.0.0", "colours@V0001, Completed by small_cnn", "green, red",
                           "model.safetensors", "hyperparameters.lr", "champion"}) {
    INFO(part);
    CHECK(has(text, part));
  }
  // What was trained answers still, by any of its names.
  const std::string picture = (t.folder / "data/red/0.bmp").string();
  const Json all = t.mat.succeed({"predict", "flowers", picture, "--json"}).json();
  CHECK(t.mat.succeed({"predict", "model:flowers@champion", picture, "--csv"}).out ==
        t.mat.succeed({"predict", "flowers@2.0.0", picture, "--csv"}).out);
  CHECK(has(to_json_text(all), "red"));

  CHECK(t.mat.succeed({"model", "alias", "--remove", "flowers", "champion"}).out ==
        "flowers@champion is gone; it meant flowers@1.0.1\n");
  CHECK(t.mat.run({"model", "show", "flowers@champion"}).exit_code == 3);
  const Output unasked = t.mat.run({"model", "delete", "flowers"});
  CHECK(unasked.exit_code == 2);
  CHECK(has(unasked.err, "hint: -y"));
  CHECK(t.mat.succeed({"model", "delete", "flowers@2.0.0", "-y", "--json"}).json()["versions"] ==
        1);
  CHECK(has(t.mat.succeed({"model", "delete", "flowers", "-y"}).out,
            "Deleted flowers: 2 versions, "));
  CHECK(t.mat.run({"model", "show", "flowers"}).exit_code == 3);
  CHECK(t.mat.succeed({"model", "list", "--json"}).json()["total"] == 0);
}

TEST_CASE("a model is not made of what is no completed classifier, and it is said why") {
  const Trained t;
  write_text(t.folder / "long.yaml", small_spec("long", "./data", 100'000) + "auto_stop: 1s\n");
  CHECK(t.mat.run({"job", "create", "-f", "long.yaml"}).exit_code == 6);
  const Output terminated = t.mat.run({"model", "create", "long", "--name", "n"});
  CHECK(terminated.exit_code == 4);
  CHECK(has(terminated.err, "long@V0001 is Terminated ("));
  CHECK(has(terminated.err, "models are made of Completed versions"));
  write_text(t.folder / "own.yaml", "name: own\nalgorithm: {command: [\"true\"]}\n");
  t.mat.succeed({"job", "create", "-f", "own.yaml"});
  const Output own = t.mat.run({"model", "create", "own", "--name", "n"});
  CHECK(own.exit_code == 2);
  CHECK(has(own.err, "mat model import FILE"));
  CHECK(t.mat.run({"model", "create", "colours@7", "--name", "n"}).exit_code == 3);
  CHECK(t.mat.run({"model", "create", "colours", "--name", "../up"}).exit_code == 2);
  for (const char* number : {"1", "1.0", "1.0.x", "01.0.0", "-1.0.0"}) {
    const Output wrong = t.mat.run(
        {"model", "create", "colours", "--name", "n", std::string("--model-version=") + number});
    INFO(number);
    CHECK(wrong.exit_code == 2);
    CHECK(has(wrong.err, "write three numbers, as 1.0.0"));
  }
  CHECK(t.mat.succeed({"model", "list", "--json"}).json()["total"] == 0);
  t.mat.succeed({"model", "create", "colours", "--name", "n", "--model-version", "1.0.0"});
  const Output taken =
      t.mat.run({"model", "create", "colours", "--name", "n", "--model-version", "1.0.0"});
  CHECK(taken.exit_code == 4);
  CHECK(has(taken.err, "there is n@1.0.0 already"));
}

TEST_CASE("weights are imported once they answer, and refused when they do not fit") {
  const Trained t;
  const std::string file = t.weights().string();
  const Json own = t.mat.succeed({"model", "import", file, "--name", "own", "--json"}).json();
  CHECK(own["reference"] == "own@1.0.0");
  CHECK(own["network"] == "small_cnn");
  CHECK(own["origin"]["file"] == file);
  CHECK(own["metrics"].contains("accuracy"));
  write_text(t.folder / "classes.txt", "\xef\xbb\xbfgreen\r\n red, dark \n\n");
  const std::string bare = t.bare_weights().string();
  const Json described =
      t.mat
          .succeed({"model", "import", bare, "--name", "own", "--classes", "@classes.txt", "--mean",
                    "0.5,0.5,0.5", "--std", "0.2,0.2,0.2", "--image-size", "16", "--json"})
          .json();
  CHECK(described["classes"] == Json::array({"green", "red, dark"}));
  CHECK(described["preprocessing"]["std"][0] == 0.2);
  CHECK(described["metrics"].empty());
  CHECK(t.mat.run({"predict", "own@1.0.1", "data/red/0.bmp"}).exit_code == 0);
  t.mat.succeed({"model", "import", file, "--name", "again", "--classes", "green, red"});

  const auto refused = [&](std::vector<std::string> more, const std::string& why) {
    more.insert(more.begin(), {"model", "import"});
    more.insert(more.end(), {"--name", "other"});
    const Output output = t.mat.run(more);
    INFO(output.err);
    CHECK(output.exit_code == 2);
    CHECK(has(output.err, why));
  };
  refused({bare, "--classes", "a,b,c"}, "fc.weight is [2, 128] instead of [3, 128]");
  refused({bare, "--network", "resnet18", "--classes", "a,b"}, "says: small_cnn");
  refused({file, "--network", "resnet18"}, "says: small_cnn");
  refused({file, "--classes", "red,green"}, "says: green, red");
  refused({file, "--image-size", "32"}, "says: 16");
  refused({file, "--network", "resnet19"}, "did you mean 'resnet18'?");
  refused({file, "--mean", "1,2"}, "is not three numbers");
  refused({file, "--std", "1,0,1"}, "is not three numbers above 0");
  refused({file, "--classes", "a,a"}, "the class 'a' is named twice");
  refused({"spec.yaml"}, "is neither TorchScript nor safetensors");
  CHECK(t.mat.run({"model", "import", "nowhere.pt", "--name", "other"}).exit_code == 3);
  CHECK(t.mat.run({"model", "show", "other"}).exit_code == 3);
  CHECK_FALSE(fs::exists(t.mat.home() / "models/other"));
}

TEST_CASE("a model is exported in each format after it was compared, and comes back from it") {
  const Trained t;
  t.mat.succeed({"model", "create", "colours", "--name", "lamps"});
  // The label and its probability, but for what a program's own arithmetic rounds otherwise.
  const auto answers = [&](const std::string& model) {
    std::vector<std::pair<std::string, double>> found;
    const Json all = t.mat.succeed({"predict", model, "--dir", "data", "--json"}).json();
    for (const Json& one : all["predictions"]) {
      found.emplace_back(one["predicted"].get<std::string>(),
                         one["scores"][0]["score"].get<double>());
    }
    return found;
  };
  const auto asked = answers("lamps");
  for (const std::string format : {"torchscript", "safetensors", "onnx"}) {
    INFO(format);
    const Json done =
        t.mat.succeed({"model", "export", "lamps", "--format", format, "--json"}).json();
    CHECK(done["pictures"] == 4);
    CHECK(done["largest_difference"].get<double>() <= 1e-4);
    const fs::path file = done["file"].get<std::string>();
    CHECK(fs::file_size(file) == done["bytes"]);
    CHECK(read_file(file.string() + ".json").find("colours@V0001") != std::string::npos);
    CHECK(t.mat.run({"model", "export", "lamps", "--format", format}).exit_code == 4);
    t.mat.succeed({"model", "export", "lamps", "--format", format, "--replace"});
    const Output back = t.mat.run({"model", "import", file.string(), "--name", format});
    INFO(back.err);
    CHECK(back.exit_code == (format == "onnx" ? 2 : 0));
    if (back.exit_code != 0) continue;
    const auto answered = answers(format);
    REQUIRE(answered.size() == asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      CHECK(answered[i].first == asked[i].first);
      CHECK(answered[i].second == Approx(asked[i].second).margin(1e-5));
    }
    const Json shown = t.mat.succeed({"model", "show", format, "--json"}).json();
    CHECK(shown["origin"]["exported"]["model"] == "lamps@1.0.0");
    CHECK(shown["metrics"].contains("accuracy"));
    const std::string tree = t.mat.succeed({"lineage", "model:" + format + "@1.0.0", "--up"}).out;
    CHECK(has(tree, "import  model lamps@1.0.0"));
    CHECK(has(tree, "model  colours@V0001"));
    // Alone it says the same.
    fs::remove(file.string() + ".json");
    const Json alone =
        t.mat.succeed({"model", "import", file.string(), "--name", format, "--json"}).json();
    CHECK(alone["classes"] == shown["classes"]);
    CHECK(alone["preprocessing"] == shown["preprocessing"]);
  }
  std::size_t parts = 0;
  for (const auto& entry : fs::directory_iterator(t.folder.path())) {
    if (entry.path().string().find(".part") != std::string::npos) ++parts;
  }
  CHECK(parts == 0);
}

TEST_CASE("an export without the pictures to compare on is refused, and takes others") {
  const Trained t;
  t.mat.succeed({"model", "create", "colours", "--name", "lamps"});
  fs::rename(t.folder / "data", t.folder / "moved");
  const Output gone = t.mat.run({"model", "export", "lamps", "--format", "onnx"});
  CHECK(gone.exit_code == 3);
  CHECK(has(gone.err, "4 of the 4 pictures that lamps@1.0.0 is compared on cannot be read"));
  CHECK(has(gone.err, "--check-data"));
  CHECK_FALSE(fs::exists(t.folder / "lamps-1.0.0.onnx"));
  const Output other = t.mat.succeed({"model", "export", "lamps", "--format", "onnx", "-o",
                                      "a.onnx", "--check-data", (t.folder / "moved/red").string()});
  CHECK(has(other.out, "Wrote a.onnx ("));
  CHECK(has(other.out, "compared on 10 pictures: the same class wins for each"));
  // Where its own pictures are there, others do not stand for them.
  fs::rename(t.folder / "moved", t.folder / "data");
  CHECK(has(t.mat
                .succeed({"model", "export", "lamps", "--format", "onnx", "-o", "b.onnx",
                          "--check-data", (t.folder / "data/red").string()})
                .out,
            "compared on 14 pictures: the same class wins for each"));
  CHECK(t.mat.run({"model", "export", "lamps", "--format", "tflite"}).exit_code == 2);
}

TEST_CASE("names of models are completed, with their versions and aliases") {
  const Trained t;
  t.mat.succeed({"model", "create", "colours", "--name", "flowers"});
  t.mat.succeed({"model", "alias", "flowers", "champion"});
  const auto complete = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"__complete", "--"});
    return t.mat.succeed(words).out;
  };
  CHECK(complete({"model", "show", ""}) == "flowers\n");
  CHECK(complete({"model", "delete", "flowers@"}) ==
        "flowers@1.0.0\nflowers@champion\nflowers@latest\n");
  CHECK(complete({"predict", ""}) == "colours\ncolours@latest\nflowers\n");
  CHECK(complete({"predict", "colours@b"}) == "colours@best\n");
  CHECK(complete({"predict", "flowers@c"}) == "flowers@champion\n");
  CHECK(complete({"model", "create", "col"}) == "colours\ncolours@latest\n");
  CHECK(complete({"model", "import", "x"}) == ":files\n");
}

TEST_CASE("what asks about models makes no home") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  CHECK(mat.succeed({"model", "list"}).out.empty());
  for (const std::vector<std::string>& words : {std::vector<std::string>{"model", "show", "a"},
                                                {"model", "delete", "a", "-y"},
                                                {"model", "alias", "a", "b"},
                                                {"model", "create", "a@1", "--name", "a"},
                                                {"model", "export", "a", "--format", "onnx"}}) {
    CAPTURE(words[1]);
    CHECK(mat.run(words).exit_code == 3);
    CHECK_FALSE(fs::exists(mat.home()));
  }
}
