#include "core/model/models.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "core/model/validation_list.h"
#include "tests/core/model/model_home.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

ModelVersionRecord make(const ModelHome& h, const VersionRecord& from,
                        const std::string& name = "flowers") {
  Registry registry = h.writer();
  return add_model_version(registry, {name, std::nullopt, ""}, content_of_version(h.home(), from),
                           {});
}

const std::set<std::string> kFiles{"contents.txt", "model.json", "model.safetensors",
                                   "validation.jsonl"};

// Whether all that the registry knows is whole, and nothing else is there.
void check_whole(const ModelHome& h) {
  std::set<std::string> numbers;
  for (const auto& v : h.writer().versions_of_model("flowers")) {
    const StoredModel model = stored_model(h.home(), v);
    CHECK(h.entries_of(model.folder) == kFiles);
    CHECK(fs::file_size(model.file) > 8);
    numbers.insert(v.number.text());
  }
  CHECK(h.entries_of(h.home().models() / "flowers") == numbers);
  CHECK(h.entries_of(h.home().models()) == std::set<std::string>{".flowers.lock", "flowers"});
}

}  // namespace

TEST_CASE("A model has copies of its own of all that is needed to answer, and says its origin") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  const ModelVersionRecord made = make(h, version);
  CHECK(made.reference() == "flowers@1.0.0");
  CHECK(made.network == "resnet18_w32");
  // Of the weights, not of the version, which may be the mean of several seeds.
  CHECK(made.metrics["accuracy"] == 0.9);
  const Json& origin = made.origin;
  CHECK(origin["reference"] == "clothes@V0001");
  CHECK(origin["status"] == "Completed");
  CHECK(origin["dataset"]["name"] == "colours@V002");
  CHECK(origin["dataset"]["fingerprint"] == "ab12");
  CHECK(origin["git"] == Json{{"commit", "c0ffee"}, {"dirty", false}});
  CHECK(origin["settings"] == Json{{"hyperparameters.lr", 0.1}});

  const StoredModel stored = stored_model(h.home(), made);
  CHECK(stored.description.classes == std::vector<std::string>{"blue", "red"});
  CHECK(stored.description.temperature == 1.5);
  CHECK(stored.description.preprocessing.views == std::vector<std::string>{"whole", "first"});
  CHECK(stored.description.preprocessing.deviation == std::vector<double>{0.4, 0.5, 0.6});
  CHECK(validation_pictures(h.home(), stored.validation, stored.folder) ==
        std::vector<fs::path>{h.data() / "blue/0.bmp", h.data() / "red/0.bmp"});
  CHECK(h.entries_of(stored.folder) == kFiles);
  for (const std::string& name : kFiles) {
    struct stat info {};
    REQUIRE(::stat((stored.folder / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0222) == 0);
    CHECK(info.st_nlink == 1);
  }
  const fs::path weights = h.home().version_folder("clothes", 1) / "output/best.safetensors";
  const std::string before = read_file(weights);
  put_file(weights, "something else");
  CHECK(read_file(stored.file) == before);
}

TEST_CASE("Deleting the version that a model was made from keeps the model") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  const ModelVersionRecord made = make(h, version);
  Registry registry = h.writer();
  registry.delete_job("clothes");
  CHECK_FALSE(fs::exists(h.home().jobs() / "clothes"));
  CHECK(registry.model_version("flowers").origin["job"] == "clothes");
  CHECK(stored_model(h.home(), made).description.classes.size() == 2);
  check_whole(h);
}

TEST_CASE("A model for tables has its columns, its target and the rows that it was validated on") {
  const ModelHome h;
  const ModelVersionRecord made = make(h, h.train_table("prices"), "rents");
  CHECK(made.network == "tabular_mlp");
  CHECK(made.metrics["rmse"] == 3.5);
  CHECK(made.origin["algorithm"] == "tabular_mlp");
  Registry registry = h.writer();
  registry.delete_job("prices");
  const StoredModel stored = stored_model(h.home(), registry.model_version("rents"));
  REQUIRE(stored.table);
  CHECK(to_json_text(to_json(*stored.table)) == kTableOfPrices);
  CHECK(stored.table->delimiter == '\t');
  CHECK(h.entries_of(stored.folder) == kFiles);
  CHECK(stored.validation == Json{{"root", (h.data() / "prices.csv").string()}, {"rows", 2}});
  const auto rows = validation_rows(h.home(), stored.validation, stored.folder);
  REQUIRE(rows);
  CHECK(rows->table == h.data() / "prices.csv");
  CHECK(rows->rows == std::vector<std::size_t>{2, 0});
  CHECK(validation_pictures(h.home(), stored.validation, stored.folder).empty());
}

TEST_CASE("Rows are found in the part of a folder that they are of") {
  const ModelHome h;
  put_file(h.data() / "val.csv", "");
  put_file(h.data() / "predictions.jsonl", "{\"row\":\"val row 4\",\"label\":\"yes\"}\n");
  const fs::path folder = h.data() / "model";
  fs::create_directories(folder);
  const Json validation =
      write_validation_list(h.home(), h.data() / "predictions.jsonl", h.data(), folder);
  const auto rows = validation_rows(h.home(), validation, folder);
  REQUIRE(rows);
  CHECK(rows->is_val);
  CHECK(rows->table == h.data() / "val.csv");
  CHECK(rows->rows == std::vector<std::size_t>{3});
  CHECK_FALSE(validation_rows(h.home(), Json::object(), folder));
  CHECK_FALSE(validation_rows(h.home(), validation, h.data()));
}

TEST_CASE("Only a completed training becomes a model") {
  const ModelHome h;
  const auto refused = [&](const VersionRecord& version) {
    return error_of([&] { content_of_version(h.home(), version); });
  };
  const Error failed = refused(h.train("a", Status::failed));
  CHECK(failed.kind() == ErrorKind::conflict);
  CHECK(failed.message() == "a@V0001 is Failed; models are made of Completed versions");
  CHECK(refused(h.train("b", Status::terminated)).message().find("Terminated") !=
        std::string::npos);
  // A table's, with weights of a classifier of pictures.
  const Error table = refused(h.train("c", Status::completed, "tabular_mlp"));
  CHECK(table.kind() == ErrorKind::usage);
  CHECK(refused(h.train("f", Status::failed, "command")).kind() == ErrorKind::conflict);
  const Error command = refused(h.train("d", Status::completed, "command"));
  CHECK(command.kind() == ErrorKind::usage);
  CHECK(command.hint().find("mat model import FILE") != std::string::npos);
  CHECK(command.message().find("a command of your own") != std::string::npos);
  const VersionRecord gone = h.train("e");
  fs::remove(h.home().version_folder("e", 1) / "output/best.safetensors");
  CHECK(refused(gone).kind() == ErrorKind::conflict);
  CHECK_FALSE(fs::exists(h.home().models()));
}

TEST_CASE("A taken number is refused before anything is copied") {
  const ModelHome h;
  const ModelContent content = content_of_version(h.home(), h.train("clothes"));
  Registry registry = h.writer();
  add_model_version(registry, {"flowers", ModelNumber{2, 0, 0}, "first"}, content, {});
  const Error taken = error_of([&] {
    add_model_version(registry, {"flowers", ModelNumber{2, 0, 0}, "again"}, content, {});
  });
  CHECK(taken.kind() == ErrorKind::conflict);
  CHECK(registry.model("flowers").description == "first");
  CHECK(error_of([&] {
          add_model_version(registry, {"..", {}, ""}, content, {});
        }).kind() == ErrorKind::usage);
  check_whole(h);
}

TEST_CASE("A model still knows its pictures after its home was moved, where these lie in it") {
  const ModelHome h;
  const fs::path predictions = h.data() / "predictions.jsonl";
  put_file(predictions, "{\"file\":\"red/0.bmp\",\"label\":\"red\"}\n{\"row\":1}\n");
  const Json validation = write_validation_list(
      h.home(), predictions, h.home().datasets() / "colours" / "files", h.data());
  CHECK(validation == Json{{"root", "datasets/colours/files"}, {"pictures", 1}});
  const Home moved{"/elsewhere/home", "a test"};
  CHECK(validation_pictures(moved, validation, h.data()) ==
        std::vector<fs::path>{"/elsewhere/home/datasets/colours/files/red/0.bmp"});
  CHECK(validation_pictures(moved, Json(), h.data()).empty());
}

TEST_CASE("What is missing of a model is named") {
  const ModelHome h;
  const ModelVersionRecord made = make(h, h.train("clothes"));
  const StoredModel model = stored_model(h.home(), made);
  fs::remove(model.file);
  const Error weights = error_of([&] { stored_model(h.home(), made); });
  CHECK(weights.kind() == ErrorKind::io);
  CHECK(weights.message().find("model.safetensors") != std::string::npos);
  fs::permissions(model.folder / "model.json", fs::perms(0644));
  put_file(model.folder / "model.json", "[]");
  CHECK(error_of([&] { stored_model(h.home(), made); }).message().find("no JSON object") !=
        std::string::npos);
  fs::remove(model.folder / "model.json");
  CHECK(error_of([&] { stored_model(h.home(), made); }).hint().find("mat model delete") !=
        std::string::npos);
}

TEST_CASE("What a killed creation has left is taken away by the next one") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  put_file(h.home().models() / ".flowers.new" / "model.safetensors", "half");
  // Killed between the files and the row.
  put_file(h.home().model_folder("flowers", "1.0.0") / "unfinished", "");
  put_file(h.home().model_folder("flowers", "1.0.0") / "model.safetensors", "of no version");
  CHECK(make(h, version).number.text() == "1.0.0");
  // Killed after the row.
  put_file(h.home().model_folder("flowers", "1.0.0") / "unfinished", "");
  CHECK(make(h, version).number.text() == "1.0.1");
  check_whole(h);
}

TEST_CASE("A creation that is killed at any moment leaves a whole version or none") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  put_file(h.home().version_folder("clothes", 1) / "output/best.safetensors",
           weights_bytes(metadata_of_classifier(), 1 << 20));
  const double begin_s = monotonic_seconds();
  make(h, version);
  const double took_s = monotonic_seconds() - begin_s;
  std::size_t count = 1;
  for (int round = 0; round < 24; ++round) {
    {
      Child child([&] { make(h, version); });
      ::usleep(static_cast<unsigned>(took_s * 1e6 * round / 16));
      ::kill(child.pid(), SIGKILL);
      child.wait();
    }
    const auto versions = h.writer().versions_of_model("flowers");
    CHECK((versions.size() == count || versions.size() == count + 1));
    count = versions.size();
    for (const auto& v : versions) CHECK(fs::file_size(stored_model(h.home(), v).file) > 4 << 20);
  }
  make(h, version);
  check_whole(h);
}

TEST_CASE("Two that make versions of a model at once wait for each other") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  {
    const auto work = [&] {
      for (int i = 0; i < 10; ++i) make(h, version);
    };
    Child one(work), two(work);
    CHECK(one.wait().problem == "");
    CHECK(two.wait().problem == "");
  }
  CHECK(h.writer().model("flowers").latest->number.text() == "1.0.19");
  check_whole(h);
}

TEST_CASE("A full disk leaves the models as they were") {
  const ModelHome h;
  fs::create_directories(h.home().root);
  if (::mount("mat-test", h.home().root.c_str(), "tmpfs", 0, "size=3m") != 0) {
    WARN("not tested: only root may mount a small disk");
    return;
  }
  {
    const VersionRecord version = h.train("clothes");
    put_file(h.home().version_folder("clothes", 1) / "output/best.safetensors",
             weights_bytes(metadata_of_classifier(), 100'000));
    make(h, version);
    const fs::path filler = h.home().root / "filler";
    // Room for none of the weights, for half of them, and for all of them but not for the row.
    for (const std::size_t room : {0, 200'000, 404'000}) {
      {
        std::ofstream file(filler, std::ios::binary);
        while (file << std::string(512, 'x') && file.flush()) {
        }
      }
      fs::resize_file(filler, fs::file_size(filler) - room);
      const Error full = error_of([&] { make(h, version); });
      CHECK(full.kind() == ErrorKind::io);
      fs::remove(filler);
      CHECK(h.writer().versions_of_model("flowers").size() == 1);
      CHECK(h.entries_of(h.home().models() / "flowers") == std::set<std::string>{"1.0.0"});
    }
    CHECK(make(h, version).number.text() == "1.0.1");
    check_whole(h);
  }
  ::umount2(h.home().root.c_str(), MNT_DETACH);
}

TEST_CASE("Models are read in a home that may not be written") {
  const ModelHome h;
  make(h, h.train("clothes"));
  const fs::path root = h.home().root.parent_path();
  const ChildEnd end = run_as_nobody(root, [&] {
    fs::permissions(h.home().root, fs::perms(0555));
    fs::permissions(h.home().models(), fs::perms(0555));
    Registry registry = h.reader();
    expect(registry.list_models({}).rows.size() == 1, "a list");
    const StoredModel model = stored_model(h.home(), registry.model_version("flowers"));
    expect(model.description.classes.size() == 2, "its classes");
    fs::permissions(h.home().root, fs::perms(0755));
  });
  CHECK(end.problem == "");
}

}  // namespace mat
