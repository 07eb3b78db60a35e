#include "core/model/export_mark.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/lineage/lineage_graph.h"
#include "core/model/import_model.h"
#include "core/model/models.h"
#include "core/training/model_file.h"
#include "tests/core/model/model_home.h"

namespace mat {
namespace {

ModelVersionRecord import_file(const ModelHome& home, const std::filesystem::path& file) {
  const ModelContent content =
      describe_import(file, {}, [](const std::filesystem::path&) { return Json::object(); });
  Registry registry = home.writer();
  return add_model_version(registry, {"again", std::nullopt, ""}, content, {});
}

bool leads_to_lamps(const ModelHome& home, const ModelVersionRecord& version) {
  Registry registry = home.reader();
  const LineageGraph graph = lineage_of(registry, "model:" + version.reference(), {true, false});
  for (const LineageEdge& edge : graph.edges) {
    if (edge.to == 0 && edge.relation == "export")
      return graph.nodes[edge.from].name == "lamps@1.0.0";
  }
  return false;
}

}  // namespace

TEST_CASE("The import of an export leads to the model that was exported, of this home alone") {
  const ModelHome home;
  const TempFolder folder;
  ModelVersionRecord lamps;
  {
    const VersionRecord trained = home.train("clothes");
    Registry registry = home.writer();
    lamps = add_model_version(registry, {"lamps", std::nullopt, ""},
                              content_of_version(home.home(), trained), {});
  }
  const auto file = [&](const std::string& name, const std::string& mark) {
    auto metadata = metadata_of_classifier();
    if (!mark.empty()) metadata[kExportedFrom] = mark;
    put_file(folder / name, weights_bytes(metadata));
    return folder / name;
  };
  const Json mark = export_mark(lamps.reference(), lamps.origin);
  Json other = mark;
  other["fingerprint"] = std::string(32, '0');
  Json unknown = mark;
  unknown["model"] = "lamps@2.0.0";
  CHECK(leads_to_lamps(home, import_file(home, file("own.safetensors", to_json_text(mark)))));
  for (const std::string& foreign :
       {std::string(), std::string("{"), std::string("[1]"), std::string("{\"model\":3}"),
        to_json_text(other), to_json_text(unknown),
        std::string(R"({"model":"../x@@","fingerprint":"0"})")}) {
    INFO(foreign);
    CHECK_FALSE(leads_to_lamps(home, import_file(home, file("other.safetensors", foreign))));
  }
  // What stands beside a file without a mark says it too, and stays with what was imported.
  const auto beside = file("beside.safetensors", "");
  put_file(description_beside(beside), to_json_text({{"network", "resnet18_w32"},
                                                     {"classes", {"blue", "red"}},
                                                     {"preprocessing", {{"image_size", 64}}},
                                                     {"model", lamps.reference()},
                                                     {"origin", lamps.origin}}));
  const ModelVersionRecord imported = import_file(home, beside);
  CHECK(leads_to_lamps(home, imported));
  CHECK(imported.origin["exported"]["origin"] == lamps.origin);
  home.writer().delete_model("lamps");
  CHECK(leads_to_lamps(home, imported));
}

}  // namespace mat
