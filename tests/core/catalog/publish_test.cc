#include "core/catalog/publish.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/catalog/picture_counts.h"
#include "core/dataset/published.h"
#include "tests/core/catalog/catalog_home.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> usages(const CatalogHome& h, int number) {
  std::map<std::string, std::string> usages;
  for (const auto& sample : CatalogHome::read(h.home.dataset_manifest("flowers", number))) {
    usages[fs::path(sample.source).lexically_relative(h.data).string()] =
        sample.usage ? usage_text(*sample.usage) : "";
  }
  return usages;
}

}  // namespace

TEST_CASE("A version has a usage for each class's pictures and a hash for each picture") {
  const CatalogHome h;
  h.draw("rose", 10);
  h.draw("tulip", 20);
  h.create("flowers");
  PublishRequest request = by_seed(3);
  request.description = "first";
  const PublishReport report = h.publish("flowers", request);
  CHECK(report.version.reference() == "flowers@V001");
  CHECK(report.version.is_current);
  CHECK(report.version.seed == 3);
  CHECK(report.version.description == "first");
  CHECK(report.version.fingerprint == manifest_fingerprint(h.home.dataset_manifest("flowers", 1)));
  const PictureCounts counts = picture_counts_from_json(report.version.counts);
  CHECK(counts.pictures == 30);
  CHECK(counts.classes.at("rose").train == 8);
  CHECK(counts.classes.at("rose").validation == 2);
  CHECK(counts.classes.at("tulip").train == 16);
  for (const auto& sample : CatalogHome::read(h.home.dataset_manifest("flowers", 1))) {
    CHECK(sample.content.size() == 32);
  }
  struct stat info {};
  REQUIRE(::stat(h.home.dataset_manifest("flowers", 1).c_str(), &info) == 0);
  CHECK((info.st_mode & 0222) == 0);
  CHECK(h.entries_of("flowers") == std::set<std::string>{"V001.manifest", "pictures.manifest"});
}

TEST_CASE("A version keeps the split of the current one where that is asked for, and fits") {
  const CatalogHome h;
  h.draw("rose", 20);
  h.draw("tulip", 20);
  h.create("flowers");
  h.publish("flowers", by_seed(1));
  const auto before = usages(h, 1);
  h.draw("rose", 30);
  Registry registry = h.writer();
  import_into_dataset(registry, "flowers", h.request(h.data), {});
  PublishRequest request = by_seed(2);
  request.keep_split = true;
  CHECK(h.publish("flowers", request).kept_split == 40);
  auto after = usages(h, 2);
  CHECK(after.size() == 50);
  std::erase_if(after, [&](const auto& each) { return !before.contains(each.first); });
  CHECK(after == before);
  // Another ratio is another split.
  request.train_ratio = 0.5;
  CHECK(h.publish("flowers", request).kept_split == 0);
}

TEST_CASE("A version that is not accepted leaves nothing, and the list can be put back") {
  const CatalogHome h;
  h.draw("rose", 10);
  h.create("flowers");
  Registry registry = h.writer();
  const auto list = h.list("flowers");
  h.draw("tulip", 5);
  ImportRequest import = h.request(h.data / "tulip");
  import.only_these = true;
  const DatasetImport unwanted = import_into_dataset(registry, "flowers", import, {});
  PublishRequest request;
  request.accept = [](const PictureCounts& counts) {
    throw Error(ErrorKind::usage, std::to_string(counts.pictures) + " are too few");
  };
  CHECK(error_of([&] { h.publish("flowers", request); }).message() == "5 are too few");
  CHECK(registry.versions_of_dataset("flowers").empty());

  undo_import(registry, unwanted);
  CHECK(h.list("flowers").size() == list.size());
  CHECK(picture_counts_from_json(registry.dataset("flowers").pictures).pictures == 10);
  CHECK(h.entries_of("flowers") == std::set<std::string>{"pictures.manifest"});
  // Somebody has changed it meanwhile: that stays.
  import.only_these = false;
  import_into_dataset(registry, "flowers", import, {});
  undo_import(registry, unwanted);
  CHECK(h.list("flowers").size() == 15);
}

TEST_CASE("Only what differs is published again, and nothing is read twice") {
  const CatalogHome h;
  h.draw("rose", 10);
  h.draw("tulip", 10);
  h.create("flowers");
  pass_file_clock(h.folder.path());
  CHECK(h.publish("flowers").hashed == 20);
  const Error same = error_of([&] { h.publish("flowers"); });
  CHECK(same.kind() == ErrorKind::conflict);
  CHECK(same.message().find("flowers@V001") != std::string::npos);
  const PublishReport again = h.publish("flowers", or_same());
  CHECK_FALSE(again.is_new);
  CHECK(again.version.number == 1);
  const PublishReport other = h.publish("flowers", by_seed(1));
  CHECK(other.hashed == 0);
  CHECK(other.version.number == 2);
  CHECK(usages(h, 1) != usages(h, 2));
  put_file(h.data / "rose" / "0.bmp", bmp_of_color(12, 12, 0x123456));
  const PublishReport changed = h.publish("flowers", by_seed(1));
  CHECK(changed.version.number == 3);
  CHECK(changed.hashed == 1);
}

TEST_CASE("A split that pictures came with is kept, and the same pictures are on one side") {
  const CatalogHome h;
  h.draw("train/rose", 6);
  h.draw("train/tulip", 6);
  h.draw("val/rose", 1);
  h.draw("val/tulip", 1);
  h.create("flowers");
  const PublishReport kept = h.publish("flowers");
  CHECK(kept.already_split == 14);
  for (const auto& [name, usage] : usages(h, 1)) {
    CHECK(usage == (name.starts_with("train/") ? "TRAIN" : "EVAL"));
  }
  fs::remove_all(h.data);
  h.draw("rose", 12);
  for (int i = 0; i < 6; ++i) {
    fs::copy_file(h.data / "rose" / (std::to_string(i) + ".bmp"),
                  h.data / "rose" / ("copy" + std::to_string(i) + ".bmp"));
  }
  h.draw("tulip", 4);
  {
    Registry registry = h.writer();
    delete_dataset(registry, "flowers", {});
  }
  h.create("flowers");
  for (int seed = 0; seed < 5; ++seed) {
    const PublishReport report = h.publish("flowers", or_same(by_seed(seed, 0.5)));
    CHECK(report.duplicates == 6);
    auto sides = usages(h, static_cast<int>(report.version.number));
    for (int i = 0; i < 6; ++i) {
      const std::string number = std::to_string(i) + ".bmp";
      CHECK(sides["rose/" + number] == sides["rose/copy" + number]);
    }
  }
}

TEST_CASE("One picture with several labels is told with each of them") {
  const CatalogHome h;
  h.draw("rose", 5);
  h.draw("tulip", 5);
  fs::copy_file(h.data / "rose" / "0.bmp", h.data / "tulip" / "wrong.bmp");
  fs::copy_file(h.data / "rose" / "0.bmp", h.data / "rose" / "copy.bmp");
  h.create("flowers");
  const PublishReport report = h.publish("flowers");
  CHECK(report.duplicates == 2);
  CHECK(report.contradictory_count == 1);
  // Its copy with the same label says nothing new.
  REQUIRE(report.contradictory.size() == 1);
  const auto& pictures = report.contradictory.front();
  REQUIRE(pictures.size() == 2);
  CHECK(pictures[0].source == (h.data / "rose" / "0.bmp").string());
  CHECK(pictures[0].labels == std::vector<std::string>{"rose"});
  CHECK(pictures[1].source == (h.data / "tulip" / "wrong.bmp").string());
  CHECK(pictures[1].labels == std::vector<std::string>{"tulip"});
}

TEST_CASE("Pictures that cannot be read are left out with the reason, and none is an error") {
  const CatalogHome h;
  h.draw("rose", 5);
  h.draw("tulip", 5);
  put_file(h.data / "rose" / "torn.jpg", "\xFF\xD8\xFF nothing more");
  put_file(h.data / "rose" / "gone.bmp", "x");
  h.create("flowers");
  fs::remove(h.data / "rose" / "gone.bmp");
  const PublishReport report = h.publish("flowers");
  CHECK(report.left_out.size() == 2);
  CHECK_FALSE(report.left_out.at((h.data / "rose" / "torn.jpg").string()).empty());
  CHECK(report.version.counts["left_out"] == 2);
  CHECK(report.version.counts["left_out_files"].size() == 2);
  CHECK(report.version.counts["pictures"] == 10);
  fs::remove_all(h.data);
  CHECK(error_of([&] { h.publish("flowers"); }).kind() == ErrorKind::usage);
}

TEST_CASE("Wrong ratios and names are refused before any work") {
  const CatalogHome h;
  h.draw("rose", 4);
  h.draw("tulip", 4);
  h.create("flowers");
  for (const double ratio : {-0.1, 0.0, 1.0, 1.1, std::nan("")}) {
    CHECK(error_of([&] { h.publish("flowers", by_seed(0, ratio)); }).kind() == ErrorKind::usage);
  }
  for (const char* name : {"V007", "7", "latest", "a b", "../x", "ü"}) {
    INFO(name);
    CHECK(error_of([&] { h.publish("flowers", called(name)); }).kind() == ErrorKind::usage);
  }
  h.publish("flowers", called("clean"));
  CHECK(error_of([&] { h.publish("flowers", called("clean", 9)); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { h.publish("trees"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Two that publish at once make two versions, one after the other") {
  const CatalogHome h;
  h.draw("rose", 10);
  h.draw("tulip", 10);
  h.create("flowers");
  {
    Child one([&h] { h.publish("flowers", by_seed(1)); });
    Child two([&h] { h.publish("flowers", by_seed(2)); });
    CHECK(one.wait().problem == "");
    CHECK(two.wait().problem == "");
  }
  const auto versions = h.writer().versions_of_dataset("flowers");
  REQUIRE(versions.size() == 2);
  for (const auto& version : versions) {
    CHECK(version.fingerprint == manifest_fingerprint(manifest_of(h.home, version)));
  }
  CHECK(h.entries_of("flowers") ==
        std::set<std::string>{"V001.manifest", "V002.manifest", "pictures.manifest"});
}

TEST_CASE("What a killed publication has left is taken away by the next one") {
  const CatalogHome h;
  h.draw("rose", 4);
  h.draw("tulip", 4);
  h.create("flowers");
  const fs::path folder = h.home.dataset_folder("flowers");
  put_file(folder / "V001.unfinished", "");
  put_file(folder / "V001.manifest", "whole, and yet of no version");
  put_file(folder / "version.work.12.0.part", "half");
  CHECK(h.publish("flowers").version.number == 1);
  // This time the row was written.
  put_file(folder / "V001.unfinished", "");
  CHECK(h.publish("flowers", by_seed(1)).version.number == 2);
  CHECK(h.entries_of("flowers") ==
        std::set<std::string>{"V001.manifest", "V002.manifest", "pictures.manifest"});
}

TEST_CASE("A publication that is killed at any moment leaves what was there, and the next works") {
  const CatalogHome h;
  h.draw("rose", 30);
  h.draw("tulip", 30);
  h.create("flowers");
  h.publish("flowers");
  std::int64_t versions = 1;
  for (int round = 0; round < 12; ++round) {
    {
      Child child([&] { h.publish("flowers", by_seed(100 + round)); });
      ::usleep(static_cast<unsigned>(round) * 1500);
      ::kill(child.pid(), SIGKILL);
      child.wait();
    }
    const auto now = h.writer().versions_of_dataset("flowers");
    const auto count = static_cast<std::int64_t>(now.size());
    CHECK((count == versions || count == versions + 1));
    versions = count;
    for (const auto& version : now) {
      CHECK(version.fingerprint == manifest_fingerprint(manifest_of(h.home, version)));
    }
  }
  const PublishReport last = h.publish("flowers", by_seed(7));
  CHECK(last.version.is_current);
  for (const std::string& name : h.entries_of("flowers")) CHECK(name.ends_with(".manifest"));
}

TEST_CASE("A full disk leaves the dataset as it was") {
  const CatalogHome h;
  h.draw("rose", 40);
  h.draw("tulip", 40);
  fs::create_directories(h.home.root);
  if (::mount("mat-test", h.home.root.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("not tested: only root may mount a small disk");
    return;
  }
  {
    h.create("flowers");
    h.publish("flowers");
    Registry registry = h.writer();
    const fs::path filler = h.home.root / "filler";
    const auto fill = [&] {
      std::ofstream file(filler, std::ios::binary);
      while (file << std::string(512, 'x') && file.flush()) {
      }
    };
    fill();
    const Error full = error_of([&] { h.publish("flowers", by_seed(1)); });
    CHECK(full.kind() == ErrorKind::io);
    CHECK(error_of([&] {
            label_picture(registry, "flowers", "rose/1.bmp", {"tulip"}, false, {});
          }).kind() == ErrorKind::io);
    fs::remove(filler);
    CHECK(h.list("flowers").size() == 80);
    CHECK(registry.versions_of_dataset("flowers").size() == 1);
    CHECK(h.publish("flowers", by_seed(1)).version.number == 2);
    CHECK(h.entries_of("flowers") ==
          std::set<std::string>{"V001.manifest", "V002.manifest", "pictures.manifest"});
  }
  ::umount2(h.home.root.c_str(), MNT_DETACH);
}

TEST_CASE("A version is still read after its home was moved") {
  const CatalogHome h;
  h.draw("rose", 5);
  h.draw("tulip", 5);
  h.create("flowers");
  h.publish("flowers");
  const Home moved{h.folder / "elsewhere", "a test"};
  fs::rename(h.home.root, moved.root);
  Registry registry(moved, Registry::Mode::write);
  const DatasetVersionRecord version = registry.dataset_version("flowers");
  CHECK(read_published(manifest_of(moved, version), {}).samples.size() == 10);
  CHECK(publish_dataset(registry, "flowers", by_seed(4), {}).version.number == 2);
}

}  // namespace mat
