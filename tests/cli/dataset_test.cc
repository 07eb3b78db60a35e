#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

namespace fs = std::filesystem;

struct Flowers {
  Flowers() : mat(folder) {
    draw_pictures(folder / "data", {"green", "red"}, 10);
    mat.succeed({"dataset", "create", "colours", "data", "--description", "two colours"});
  }

  std::string spec(const std::string& data) const {
    std::string text = small_spec("job", "DATA", 1);
    return text.replace(text.find("DATA"), 4, data);
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("a dataset is made, added to, labelled, published, compared and deleted") {
  const Flowers f;
  const Json made = f.mat.succeed({"dataset", "show", "colours", "--json"}).json();
  CHECK(made["description"] == "two colours");
  CHECK(made["pictures"]["pictures"] == 20);
  CHECK(made["current"] == nullptr);
  CHECK(f.mat.run({"dataset", "create", "colours", "data"}).exit_code == 4);
  CHECK(f.mat.run({"dataset", "show", "colour"}).err.find("did you mean 'colours'?") !=
        std::string::npos);

  const Output published = f.mat.succeed({"dataset", "publish", "colours"});
  CHECK(published.out == "colours@V001: 20 pictures in 2 classes; 16 TRAIN, 4 EVAL\n");
  CHECK(f.mat.run({"dataset", "publish", "colours"}).exit_code == 4);

  draw_pictures(f.folder / "more", {"blue"}, 5);
  CHECK(
      f.mat.succeed({"dataset", "import", "colours", "more", "--json"}).json()["import"]["added"] ==
      5);
  const Json labelled =
      f.mat.succeed({"dataset", "label", "colours", "data/red/0.bmp", "green", "--json"}).json();
  CHECK(labelled["before"] == Json::array({"red"}));
  CHECK(labelled["after"] == Json::array({"green"}));
  CHECK(f.mat.run({"dataset", "label", "colours", "data/red/0.bmp"}).exit_code == 2);
  CHECK(f.mat.run({"dataset", "label", "colours", "data/red/0.bmp", "no label!"}).exit_code == 2);
  f.mat.succeed({"dataset", "label", "colours", "red/1.bmp", "--remove"});

  const Json second =
      f.mat.succeed({"dataset", "publish", "colours", "--name", "with-blue", "--json"}).json();
  CHECK(second["version"] == "V002");
  CHECK(second["counts"]["unlabelled"] == 1);
  const Json diff =
      f.mat.succeed({"dataset", "diff", "colours", "1", "with-blue", "--json"}).json();
  CHECK(diff["before"] == "colours@V001");
  CHECK(diff["added"].size() == 5);
  CHECK(diff["relabelled"].size() == 2);
  CHECK(diff["removed"].empty());
  CHECK(has(f.mat.succeed({"dataset", "diff", "colours", "V001", "V002"}).out, "relabelled"));

  CHECK(f.mat.succeed({"dataset", "show", "colours@current", "--json"}).json()["version"] ==
        "V002");
  f.mat.succeed({"dataset", "set-current", "colours", "V001"});
  CHECK(f.mat.succeed({"dataset", "list", "--json"}).json()["datasets"][0]["current"] == "V001");
  CHECK(f.mat.run({"dataset", "show", "colours@V003"}).exit_code == 3);

  CHECK(f.mat.run({"dataset", "delete", "colours@V002"}).exit_code == 2);  // nobody to ask
  f.mat.succeed({"dataset", "delete", "colours@V002", "-y"});
  f.mat.succeed({"dataset", "publish", "colours"});
  CHECK(f.mat.succeed({"dataset", "show", "colours", "--json"}).json()["current"] == "V003");
  CHECK(f.mat.succeed({"dataset", "delete", "colours", "-y", "--json"}).json()["versions"] == 2);
  CHECK(fs::exists(f.folder / "data/red/0.bmp"));
  CHECK(f.mat.succeed({"dataset", "list"}).err ==
        "mat: no datasets here; 'mat dataset create NAME FOLDER' makes one\n");
}

TEST_CASE("what people see of datasets is as it was accepted") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours", "--description", "all of it"});
  f.mat.succeed({"dataset", "publish", "colours", "--seed", "5", "--name", "other"});
  const auto steady = [&](std::string text) {
    for (auto at = text.find(f.folder.path().string()); at != std::string::npos;
         at = text.find(f.folder.path().string())) {
      text.replace(at, f.folder.path().string().size(), "FOLDER");
    }
    text = std::regex_replace(text, std::regex(R"((\d{4}-)?\d\d-\d\d \d\d:\d\d(:\d\d)?)"), "TIME");
    text = std::regex_replace(text, std::regex("[0-9a-f]{32}"), "HASH");
    return std::regex_replace(text, std::regex(" {2,}"), "  ");
  };
  const auto shown = [&](const std::vector<std::string>& words) {
    return steady(f.mat.succeed(words).out);
  };
  check_golden("dataset_list.txt", shown({"dataset", "list"}));
  check_golden("dataset_show.txt", shown({"dataset", "show", "colours"}));
  check_golden("dataset_show_version.txt", shown({"dataset", "show", "colours@1"}));
  check_golden("dataset_diff.txt", shown({"dataset", "diff", "colours", "1", "2"}));
}

TEST_CASE("names and labels that cannot be are refused with what to do") {
  const Flowers f;
  for (const char* name : {"../evil", "a b", "", ".x", "/abs", "line\nbreak"}) {
    INFO(name);
    const Output refused = f.mat.run({"dataset", "create", name, "data"});
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find('\n') + 1 != refused.err.size());  // a hint follows
  }
  CHECK_FALSE(fs::exists(f.mat.home() / "evil"));
  draw_pictures(f.folder / "odd", {"black t-shirt!", "red"}, 3);
  const Output odd = f.mat.run({"dataset", "create", "odd", "odd"});
  CHECK(odd.exit_code == 2);
  CHECK(has(odd.err, "--map-label 'black t-shirt!=black_t-shirt'"));
  f.mat.succeed({"dataset", "create", "odd", "odd", "--map-label", "black t-shirt!=shirt"});
  CHECK(f.mat.succeed({"dataset", "show", "odd", "--json"})
            .json()["pictures"]["classes"]
            .contains("shirt"));
  CHECK(f.mat.run({"dataset", "publish", "odd", "--train-ratio", "1.5"}).exit_code == 2);
  CHECK(f.mat.run({"dataset", "import", "odd", "odd", "--format", "zip"}).exit_code == 2);
  const Output none = f.mat.run({"dataset", "publish", "nothing"});
  CHECK(none.exit_code == 3);
  CHECK_FALSE(fs::exists(f.mat.home() / "datasets" / ".nothing.lock"));
}

TEST_CASE("what a training would learn badly from is told when it is published") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "drawn", {"green", "red"}, 10);
  fs::create_directories(folder / "flat");
  fs::copy(folder / "drawn" / "red", folder / "flat");
  mat.succeed({"dataset", "create", "flat", "flat"});
  const Output flat = mat.succeed({"dataset", "publish", "flat"});
  CHECK(has(flat.err, "no picture has one label, which a training needs"));
  CHECK_FALSE(has(flat.err, "train on it"));
  const Output refused = mat.run({"exeml", "train", "flat@V001", "--project", "p"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err,
            "flat@V001 is too little to learn from: none of its 10 pictures has a label"));

  fs::create_directories(folder / "split/val");
  fs::copy(folder / "drawn", folder / "split/train", fs::copy_options::recursive);
  fs::create_directories(folder / "split/val/red");
  fs::rename(folder / "split/train/red/0.bmp", folder / "split/val/red/0.bmp");
  fs::copy_file(folder / "split/train/red/1.bmp", folder / "split/train/green/wrong.bmp");
  write_text(folder / "split/train/green/torn.bmp", "torn");
  mat.succeed({"dataset", "create", "split", "split"});
  const Output split = mat.succeed({"dataset", "publish", "split"});
  CHECK(has(split.err, "no validation pictures of: green"));
  CHECK(has(split.err, "one picture, several labels: "));
  CHECK(has(split.err, "green/wrong.bmp is 'green', "));
  CHECK(has(split.err, "red/1.bmp is 'red'\n"));
  CHECK(has(mat.succeed({"dataset", "show", "split@V001"}).out, "train/green/torn.bmp"));
  CHECK(has(mat.succeed({"dataset", "label", "split", "train/red/2.bmp", "red"}).out,
            "train/red/2.bmp: red already\n"));
}

TEST_CASE("names of datasets and of their versions are completed") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours", "--name", "first"});
  const Output name = f.mat.run({"__complete", "--", "dataset", "show", "col"});
  const Output version = f.mat.run({"__complete", "--", "dataset", "show", "colours@"});
  CHECK(has(name.out, "colours"));
  CHECK(has(version.out, "colours@V001"));
  CHECK(has(version.out, "colours@first"));
}

TEST_CASE("a version is written as a folder, a table and a manifest, and read again") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours"});
  f.mat.succeed({"dataset", "export", "colours@V001", "pictures", "--usage-folders"});
  CHECK(fs::exists(f.folder / "pictures/train/red"));
  CHECK(fs::exists(f.folder / "pictures/val/green"));
  CHECK(f.mat.run({"dataset", "export", "colours", "pictures"}).exit_code == 4);
  for (const char* format : {"csv", "manifest", "text"}) {
    INFO(format);
    const std::string target = std::string("as-") + format;
    f.mat.succeed({"dataset", "export", "colours", target, "--format", format});
    const Json again =
        f.mat.succeed({"dataset", "create", target, target, "--format", format, "--json"}).json();
    CHECK(again["pictures"]["classes"]["red"].is_object());
    CHECK(again["pictures"]["pictures"] == 20);
  }
}

TEST_CASE("a training takes a version of a dataset, pinned when it is recorded") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours", "--name", "first"});
  write_text(f.folder / "job.yaml", f.spec("{dataset: colours}"));
  CHECK(has(f.mat.succeed({"job", "create", "-f", "job.yaml", "--dry-run"}).out,
            "data_url: {dataset: colours@V001}"));
  f.mat.succeed({"job", "create", "-f", "job.yaml"});
  const Json shown = f.mat.succeed({"version", "show", "job", "--json"}).json();
  CHECK(shown["status"] == "Completed");
  CHECK(shown["settings"]["inputs.data_url"]["value"] == "dataset://colours@V001");
  CHECK(shown["facts"]["datasets"]["data_url"]["name"] == "first");
  CHECK(shown["facts"]["dataset"]["train"] == 16);
  CHECK(shown["facts"]["dataset"]["validation"] == 4);
  CHECK(has(read_file(fs::path(shown["folder"].get<std::string>()) / "spec.yaml"),
            "data_url: {dataset: colours@V001}"));
  CHECK(f.mat.succeed({"dataset", "show", "colours@1", "--json"}).json()["trainings"] == 1);

  f.mat.succeed({"dataset", "publish", "colours", "--seed", "3"});
  f.mat.succeed({"version", "modify", "job", "--set", "inputs.data_url.dataset=colours@latest"});
  const Output diff = f.mat.succeed({"version", "diff", "job"});
  CHECK(has(diff.out, "dataset://colours@V001"));
  CHECK(has(diff.out, "dataset://colours@V002"));
  const Json second = f.mat.succeed({"version", "show", "job@2", "--json"}).json();
  CHECK(second["facts"]["pictures"]["decoded"] == 0);

  const Output wrong =
      f.mat.run({"job", "create", "-f", "job.yaml", "--set", "inputs.data_url.dataset=colors"});
  CHECK(wrong.exit_code == 3);
  CHECK(has(wrong.err, "did you mean 'colours'?"));
  write_text(f.folder / "bad.yaml", f.spec("{dataset: colours@V009}"));
  CHECK(has(f.mat.run({"job", "validate", "-f", "bad.yaml"}).err, "bad.yaml:"));

  f.mat.succeed({"dataset", "delete", "colours@V001", "-y"});
  const Output gone = f.mat.run({"version", "modify", "job@1", "--set", "seed=4"});
  CHECK(gone.exit_code == 3);
  CHECK(has(gone.err, "has no version V001"));
  CHECK(f.mat.succeed({"version", "show", "job@1", "--json"})
            .json()["facts"]["datasets"]["data_url"]["fingerprint"]
            .is_string());
}

TEST_CASE("a picture that was changed after it was published is refused on use") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours"});
  write_text(f.folder / "job.yaml", f.spec("{dataset: colours}"));
  const fs::path picture = f.folder / "data/red/0.bmp";
  const auto time = fs::last_write_time(picture);
  std::string bytes = read_file(picture);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  write_text(picture, bytes);
  fs::last_write_time(picture, time);
  const Output refused = f.mat.run({"job", "create", "-f", "job.yaml"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err, "red/0.bmp"));
}

TEST_CASE("a dataset that is not what was recorded is refused on use") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours"});
  write_text(f.folder / "own.yaml",
             "name: own\nalgorithm: {command: [sh, -c, 'test -s \"$2\" && exit 3', own]}\n"
             "inputs: {data_url: {dataset: colours}}\n");
  CHECK(f.mat.run({"job", "create", "-f", "own.yaml"}).exit_code == 1);
  // The same name and number, and another split.
  f.mat.succeed({"dataset", "delete", "colours", "-y"});
  f.mat.succeed({"dataset", "create", "colours", "data"});
  f.mat.succeed({"dataset", "publish", "colours", "--seed", "8"});
  const Output resumed = f.mat.run({"version", "resume", "own"});
  CHECK(resumed.exit_code == 2);
  CHECK(has(resumed.err, "colours@V001 is not what it was when own@V0001 was made"));
  const fs::path manifest = f.mat.home() / "datasets/colours/V001.manifest";
  const std::string before = read_file(manifest);
  fs::permissions(manifest, fs::perms::owner_write, fs::perm_options::add);
  write_text(manifest, before + "\n");
  const Output refused = f.mat.run({"job", "create", "-f", "own.yaml"});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.err, "colours@V001 is not what it was"));
}

TEST_CASE("an own command gets the path of the manifest, also when the home has moved") {
  const Flowers f;
  f.mat.succeed({"dataset", "publish", "colours"});
  write_text(
      f.folder / "own.yaml",
      "name: own\nalgorithm: {command: [sh, -c, 'echo \"$2\"; grep -c source \"$2\"', own]}\n"
      "inputs: {data_url: {dataset: colours}}\n");
  f.mat.succeed({"job", "create", "-f", "own.yaml"});
  CHECK(has(f.mat.succeed({"version", "logs", "own"}).out,
            (f.mat.home() / "datasets/colours/V001.manifest").string() + "\n20\n"));
  fs::rename(f.mat.home(), f.folder / "moved");
  MatProcess moved = f.mat;
  moved.environment["MAT_HOME"] = (f.folder / "moved").string();
  moved.succeed({"version", "modify", "own", "--set", "seed=3"});
  CHECK(has(moved.succeed({"version", "logs", "own"}).out,
            (f.folder / "moved/datasets/colours/V001.manifest").string() + "\n20\n"));
}

TEST_CASE("a publication that is killed can be made again") {
  const Flowers f;
  draw_pictures(f.folder / "data", {"green", "red"}, 400);
  f.mat.succeed({"dataset", "import", "colours", "data"});
  for (int round = 0; round < 4; ++round) {
    const pid_t pid =
        f.mat.start({"dataset", "publish", "colours", "--seed", std::to_string(round)});
    ::usleep(20'000 * static_cast<unsigned>(round));
    ::kill(pid, SIGKILL);
    f.mat.wait_for(pid);
  }
  f.mat.succeed({"dataset", "publish", "colours", "--seed", "99"});
  for (const auto& entry : fs::directory_iterator(f.mat.home() / "datasets/colours")) {
    CHECK(entry.path().extension() == ".manifest");
  }
  CHECK(f.mat.succeed({"dataset", "show", "colours@current", "--json"})
            .json()["counts"]["pictures"] == 800);
}
