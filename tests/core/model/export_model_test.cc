#include "core/model/export_model.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/import_model.h"
#include "tests/core/model/model_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// What is refused before LibTorch is needed.
struct Exporting : ModelHome {
  Exporting() {
    Registry registry = writer();
    const VersionRecord version = train("clothes");
    stored = stored_model(home(), add_model_version(registry, {"flowers", std::nullopt, ""},
                                                    content_of_version(home(), version), {}));
    wanted.format = "onnx";
    wanted.out = home().root.parent_path() / "flowers.onnx";
  }

  Error refusal() const {
    return error_of([&] { export_model(home(), stored, wanted); });
  }

  StoredModel stored;
  ModelExport wanted;
};

}  // namespace

TEST_CASE("An export keeps the files that are there") {
  Exporting e;
  put_file(e.wanted.out, "mine");
  CHECK(e.refusal().kind() == ErrorKind::conflict);
  CHECK(e.refusal().hint().find("--replace") != std::string::npos);
  fs::rename(e.wanted.out, e.wanted.out.string() + ".json");
  CHECK(e.refusal().kind() == ErrorKind::conflict);
  e.wanted.out = e.home().root;
  CHECK(e.refusal().kind() == ErrorKind::usage);
  e.wanted.out = e.home().root / "none" / "x.onnx";
  CHECK(e.refusal().kind() == ErrorKind::not_found);
}

TEST_CASE("An export is refused when the pictures to compare on are gone, and says how many") {
  Exporting e;
  put_file(e.data() / "blue/0.bmp", bmp_of_color(12, 12, 0x0000ff));
  const Error gone = e.refusal();
  CHECK(gone.kind() == ErrorKind::not_found);
  CHECK(gone.message().find("1 of the 2 pictures that flowers@1.0.0 is compared on cannot be "
                            "read: ") == 0);
  CHECK(gone.message().find("red/0.bmp") != std::string::npos);
  CHECK(gone.hint().find("--check-data") != std::string::npos);
  e.wanted.check_data = {e.data() / "none.bmp"};
  CHECK(e.refusal().message().find("1 of the 1 pictures") == 0);
  e.wanted.check_data.clear();
  fs::remove(e.stored.folder / "validation.jsonl");
  CHECK(e.refusal().message().find("it is not known which pictures") == 0);
  CHECK_FALSE(fs::exists(e.wanted.out));
}

TEST_CASE("Another's program is described after its export as before, mat's own as it normalizes") {
  const ModelHome h;
  Registry registry = h.writer();
  const fs::path file = h.home().root.parent_path() / "net.pt";
  put_file(file, "PK\x03\x04 a program");
  ImportDescription given;
  given.classes = {"cat", "dog"};
  const auto describe = [&] {
    return describe_import(file, given, [](const fs::path&) { return Json::object(); });
  };
  const StoredModel stored = stored_model(
      h.home(), add_model_version(registry, {"pets", std::nullopt, ""}, describe(), {}));
  put_file(description_beside(file), to_json_text(export_description(stored, "torchscript")));
  given.classes.clear();
  const ModelContent again = describe();
  CHECK(to_json(again.description) == to_json(stored.description));
  CHECK(again.description.preprocessing.mean[0] == 0.485);
  CHECK(again.origin["exported"]["model"] == "pets@1.0.0");

  const Exporting own;
  const Json described = export_description(own.stored, "torchscript");
  CHECK(described["network"] == kTorchScript);
  CHECK(described["preprocessing"]["std"] == Json({1.0, 1.0, 1.0}));
  CHECK(export_description(own.stored, "onnx")["network"] == "resnet18_w32");
}

TEST_CASE("An export has a name that says what it is") {
  Exporting e;
  CHECK(export_file_name(e.stored.version, "onnx") == "flowers-1.0.0.onnx");
  CHECK(export_file_name(e.stored.version, "torchscript") == "flowers-1.0.0.pt");
}

}  // namespace mat
