#include "core/catalog/fetched_pictures.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/export.h"
#include "core/dataset/published.h"
#include "tests/core/catalog/catalog_home.h"
#include "tests/core/storage/s3_server.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("Pictures of an object store are fetched and kept, and move with the home",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  const CatalogHome h;
  h.draw("rose", 5);
  h.draw("tulip", 5);
  const std::string bucket = server->make_bucket();
  const auto upload = [&] {
    server->rclone({"sync", h.data.string(), "remote:" + bucket + "/pics"});
  };
  upload();
  ImportRequest request = h.request("s3://" + bucket + "/pics");
  request.environment = server->environment();
  std::string phases;
  CatalogHooks hooks;
  hooks.progress = [&](std::string_view phase, std::int64_t, std::int64_t) {
    phases += phase;
    return true;
  };
  Registry registry = h.writer();
  CHECK(create_dataset(registry, "flowers", "", request, hooks).report.added == 10);
  CHECK(phases.find("fetching pictures") != std::string::npos);
  const fs::path copy = h.home.dataset_folder("flowers") / "files/s3" / bucket / "pics/rose/0.bmp";
  CHECK(read_file(copy) == read_file(h.data / "rose/0.bmp"));
  CHECK(read_file(list_of_dataset(h.home, "flowers")).find("\"source\":\"files/s3/") !=
        std::string::npos);
  h.publish("flowers");
  // The cache may go: the dataset has what it needs.
  fs::remove_all(h.home.cache());

  SECTION("an object that changed is another picture at the same address") {
    put_file(h.data / "rose/0.bmp", bmp_of_color(12, 12, 0x445566));
    h.draw("lily", 2);
    upload();
    const ImportReport again = import_into_dataset(registry, "flowers", request, {}).report;
    CHECK(again.added == 2);
    CHECK(again.already_there == 10);
    request.replace = true;
    const ImportReport taken = import_into_dataset(registry, "flowers", request, {}).report;
    CHECK(taken.changed == 1);
    CHECK(h.list("flowers").size() == 12);
    h.publish("flowers");
    // What the first version was made of is still there.
    const auto first = read_published(h.home.dataset_manifest("flowers", 1), {});
    for (const PictureSample& sample : first.samples) CHECK(fs::exists(sample.file));
    CHECK(read_file(copy) != read_file(h.data / "rose/0.bmp"));
  }
  SECTION("a moved home and an export have all of it") {
    const Home moved{h.folder / "elsewhere", "a test"};
    fs::rename(h.home.root, moved.root);
    const fs::path manifest = moved.dataset_manifest("flowers", 1);
    for (const PictureSample& sample : read_published(manifest, {}).samples) {
      CHECK(fs::exists(sample.file));
      CHECK(sample.file.string().starts_with(moved.root.string()));
    }
    export_pictures(manifest, h.folder / "out.manifest", {});
    CHECK(read_file(h.folder / "out.manifest").find("s3://" + bucket + "/pics/rose/0.bmp") !=
          std::string::npos);
  }
  SECTION("copies go with the dataset, and the store is not touched") {
    delete_dataset(registry, "flowers", {});
    CHECK_FALSE(fs::exists(copy));
    CHECK(server->rclone({"lsf", "-R", "--files-only", "remote:" + bucket}).find("rose/0.bmp") !=
          std::string::npos);
  }
  SECTION("what is not there leaves nothing") {
    ImportRequest wrong = request;
    wrong.source = "s3://" + bucket + "/nothing";
    CHECK(error_of([&] { create_dataset(registry, "more", "", wrong, {}); }).kind() ==
          ErrorKind::not_found);
    CHECK_FALSE(fs::exists(h.home.dataset_folder("more")));
  }
}

}  // namespace mat
