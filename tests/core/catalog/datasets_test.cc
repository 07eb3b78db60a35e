#include "core/catalog/datasets.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/core/catalog/catalog_home.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("A dataset is made from a folder, and its list names every picture") {
  const CatalogHome h;
  h.draw("rose", 3);
  h.draw("tulip", 2);
  const DatasetImport made = h.create("flowers");
  CHECK(made.report.added == 5);
  CHECK(made.dataset.pictures["pictures"] == 5);
  CHECK(made.dataset.pictures["classes"]["rose"]["undecided"] == 3);
  const auto list = h.list("flowers");
  REQUIRE(list.size() == 5);
  CHECK(list[0].source == (h.data / "rose" / "0.bmp").string());
  CHECK(list[0].labels == Labels{"rose"});
  CHECK(h.entries_of("flowers") == std::set<std::string>{"pictures.manifest"});
}

TEST_CASE("A dataset that cannot be made leaves nothing") {
  const CatalogHome h;
  Registry registry = h.writer();
  const auto failing = [&](const std::string& name, const fs::path& source) {
    return error_of([&] { create_dataset(registry, name, "", h.request(source), {}); }).kind();
  };
  CHECK(failing("flowers", h.data) == ErrorKind::not_found);
  CHECK_FALSE(fs::exists(h.home.dataset_folder("flowers")));
  for (const char* name : {"../up", "", "a/b", ".hidden", "a\nb", "-x"}) {
    INFO(name);
    CHECK(failing(name, h.data) == ErrorKind::usage);
  }
  h.draw("rose!", 1);
  const Error label =
      error_of([&] { create_dataset(registry, "flowers", "", h.request(h.data), {}); });
  CHECK(label.kind() == ErrorKind::usage);
  CHECK(label.hint().find("--map-label 'rose!=rose'") != std::string::npos);
  CHECK_FALSE(fs::exists(h.home.dataset_folder("flowers")));
  CHECK_FALSE(registry.find_dataset("flowers"));
}

TEST_CASE("A name is taken once, and a folder that a lost registry left is not touched") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.create("flowers");
  CHECK(error_of([&] { h.create("flowers"); }).kind() == ErrorKind::conflict);
  CHECK(h.list("flowers").size() == 2);
  fs::remove(h.home.database());
  const Error lost = error_of([&] { h.create("flowers"); });
  CHECK(lost.kind() == ErrorKind::conflict);
  CHECK(lost.message().find(h.home.dataset_folder("flowers").string()) != std::string::npos);
  CHECK(h.list("flowers").size() == 2);
}

TEST_CASE("What a killed creation has left is begun anew") {
  const CatalogHome h;
  h.draw("rose", 2);
  put_file(h.home.dataset_folder("flowers") / "unfinished", "");
  put_file(h.home.dataset_folder("flowers") / "incoming.work", "half");
  put_file(h.home.dataset_folder("flowers") / "pictures.manifest", "half a line");
  CHECK(h.create("flowers").report.added == 2);
  CHECK(h.entries_of("flowers") == std::set<std::string>{"pictures.manifest"});
  // Killed before it could say that the folder is its own, or while it took it away.
  fs::create_directories(h.home.dataset_folder("trees"));
  CHECK(h.create("trees").report.added == 2);
}

TEST_CASE("An import adds what is new, and leaves labels that are there unless asked") {
  const CatalogHome h;
  h.draw("rose", 2);
  put_file(h.data / "plain.bmp", bmp_of_color(4, 4, 0xFF0000));
  h.create("flowers");
  Registry registry = h.writer();
  h.draw("tulip", 3);
  const ImportReport more = import_into_dataset(registry, "flowers", h.request(h.data), {}).report;
  CHECK(more.added == 3);
  CHECK(more.already_there == 3);
  CHECK(more.changed == 0);

  const std::string rose = (h.data / "rose" / "0.bmp").string();
  const std::string plain = (h.data / "plain.bmp").string();
  put_file(h.folder / "labels.csv",
           "image,label\n" + rose + ",tulip\n" + plain + ",rose\n" + plain + ",tulip\n");
  ImportRequest table = h.request(h.folder / "labels.csv");
  const ImportReport kept = import_into_dataset(registry, "flowers", table, {}).report;
  CHECK(kept.changed == 1);
  CHECK(kept.differing == 1);
  CHECK(kept.repeated == 1);
  table.replace = true;
  const ImportReport taken = import_into_dataset(registry, "flowers", table, {}).report;
  CHECK(taken.changed == 1);
  std::map<std::string, Labels> labels;
  for (const auto& sample : h.list("flowers")) labels[sample.source] = sample.labels;
  CHECK(labels.size() == 6);
  CHECK(labels[rose] == Labels{"tulip"});
  CHECK(labels[plain] == Labels{"rose"});
  CHECK(registry.dataset("flowers").pictures["unlabelled"] == 0);
}

TEST_CASE("What a source does not say of a picture stays as it is, also when it replaces") {
  const CatalogHome h;
  for (const char* usage : {"train", "val", "test"}) h.draw(std::string(usage) + "/rose", 1);
  h.create("flowers");
  Registry registry = h.writer();
  const std::string tested = (h.data / "test" / "rose" / "0.bmp").string();
  const std::string trained = (h.data / "train" / "rose" / "0.bmp").string();
  const auto take = [&](const std::string& text, bool replace) {
    put_file(h.folder / "more.csv", text);
    ImportRequest request = h.request(h.folder / "more.csv");
    request.replace = replace;
    return import_into_dataset(registry, "flowers", request, {}).report;
  };
  const auto of = [&](const std::string& source) {
    for (const auto& sample : h.list("flowers")) {
      if (sample.source == source) return sample;
    }
    throw std::logic_error("no " + source);
  };
  const std::string labels = "image,label\n" + tested + ",rose\n" + trained + ",tulip\n";
  CHECK(take(labels, false).differing == 1);
  CHECK(take(labels, true).changed == 1);
  CHECK(of(tested).usage == Usage::test);
  CHECK(of(trained).usage == Usage::train);
  CHECK(of(trained).labels == Labels{"tulip"});

  const std::string usages = "image,usage\n" + tested + ",EVAL\n";
  CHECK(take(usages, false).differing == 1);
  CHECK(of(tested).usage == Usage::test);
  CHECK(take(usages, true).changed == 1);
  CHECK(of(tested).usage == Usage::validation);
  CHECK(of(tested).labels == Labels{"rose"});
}

TEST_CASE("A picture given twice is compared with what was given first") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.create("flowers");
  Registry registry = h.writer();
  const std::string rose = (h.data / "rose" / "0.bmp").string();
  const auto contradicted = [&](const std::string& first, const std::string& second) {
    put_file(h.folder / "more.csv",
             "image,label\n" + rose + "," + first + "\n" + rose + "," + second + "\n");
    return import_into_dataset(registry, "flowers", h.request(h.folder / "more.csv"), {})
        .report.first_contradicted;
  };
  CHECK(contradicted("tulip", "tulip").empty());
  CHECK(contradicted("tulip", "rose") == rose + " ('tulip' at first, then 'rose')");
}

TEST_CASE("A label that was removed by hand is not given again by an import") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.draw("tulip", 2);
  h.create("flowers");
  Registry registry = h.writer();
  label_picture(registry, "flowers", "rose/1.bmp", {}, true, {});
  ImportRequest request = h.request(h.data);
  const ImportReport again = import_into_dataset(registry, "flowers", request, {}).report;
  CHECK(again.changed == 0);
  CHECK(again.differing == 1);
  CHECK(registry.dataset("flowers").pictures["unlabelled"] == 1);
  h.publish("flowers");
  CHECK(registry.dataset_version("flowers").counts["unlabelled"] == 1);
  request.replace = true;
  CHECK(import_into_dataset(registry, "flowers", request, {}).report.changed == 1);
  CHECK(registry.dataset("flowers").pictures["unlabelled"] == 0);
  label_picture(registry, "flowers", "rose/1.bmp", {}, true, {});
  label_picture(registry, "flowers", "rose/1.bmp", {"tulip"}, false, {});
  for (const auto& sample : h.list("flowers")) CHECK_FALSE(sample.line.contains("label-removed"));
}

TEST_CASE("A folder's other name through a link is the same folder") {
  const CatalogHome h;
  h.draw("rose", 2);
  fs::create_directory_symlink(h.folder.path(), h.folder / "link");
  h.create("flowers");
  Registry registry = h.writer();
  const fs::path linked = h.folder / "link" / "data" / "rose" / "1.bmp";
  CHECK(label_picture(registry, "flowers", linked.string(), {"tulip"}, false, {}).after ==
        Labels{"tulip"});
  put_file(h.folder / "more.csv", "image,label\n" + linked.string() + ",rose\n");
  ImportRequest request = h.request(h.folder / "more.csv");
  request.replace = true;
  const ImportReport report = import_into_dataset(registry, "flowers", request, {}).report;
  CHECK(report.added == 0);
  CHECK(report.changed == 1);
  CHECK(h.list("flowers").size() == 2);
  h.publish("flowers");
  CHECK(unpublished_pictures(registry, "flowers", (h.folder / "link" / "data").string()) == 0);
}

TEST_CASE("A dataset with a damaged list can be deleted") {
  const CatalogHome h;
  h.draw("rose", 3);
  h.create("flowers");
  put_file(list_of_dataset(h.home, "flowers"), "no line of a manifest\n");
  Registry registry = h.writer();
  CHECK(error_of([&] { import_into_dataset(registry, "flowers", h.request(h.data), {}); })
            .message()
            .find("pictures.manifest:1") != std::string::npos);
  delete_dataset(registry, "flowers", {});
  CHECK_FALSE(registry.find_dataset("flowers"));
}

TEST_CASE("No picture gets more labels than a manifest is read with") {
  const CatalogHome h;
  h.draw("rose", 1);
  h.create("flowers");
  Registry registry = h.writer();
  Labels many;
  for (int i = 0; i <= 1000; ++i) many.push_back("x" + std::to_string(i));
  CHECK(error_of([&] { label_picture(registry, "flowers", "0.bmp", many, false, {}); }).kind() ==
        ErrorKind::usage);
  std::string lines;
  for (const std::string& label : many) lines += label + "\n";
  put_file(h.folder / "texts" / "a.bmp", bmp_of_color(4, 4, 1));
  put_file(h.folder / "texts" / "a.txt", lines);
  put_file(h.folder / "texts" / "b.bmp", bmp_of_color(4, 4, 2));
  put_file(h.folder / "texts" / "b.txt", "rose\n");
  const ImportReport report =
      import_into_dataset(registry, "flowers", h.request(h.folder / "texts"), {}).report;
  CHECK(report.added == 1);
  CHECK(report.found.problem_count == 1);
}

TEST_CASE("A picture's own path names it, also where another is the same through a link") {
  const CatalogHome h;
  h.draw("rose", 1);
  fs::create_directory_symlink(h.data, h.folder / "link");
  h.create("flowers");
  const std::string own = (h.data / "rose" / "0.bmp").string();
  const std::string linked = (h.folder / "link" / "rose" / "0.bmp").string();
  {
    ManifestWriter writer(list_of_dataset(h.home, "flowers"));
    for (const std::string& source : {own, linked}) {
      ManifestSample sample;
      sample.source = source;
      writer.write(sample);
    }
    writer.finish();
  }
  Registry registry = h.writer();
  for (const std::string& source : {own, linked}) {
    CHECK(label_picture(registry, "flowers", source, {"rose"}, false, {}).source == source);
  }
}

TEST_CASE("Whoever changes a dataset next counts what a killed process has changed") {
  const CatalogHome h;
  h.draw("rose", 3);
  h.create("flowers");
  Registry registry = h.writer();
  const auto two = h.list("flowers");
  {
    ManifestWriter writer(list_of_dataset(h.home, "flowers"));
    for (std::size_t i = 0; i < 2; ++i) writer.write(two[i]);
    writer.finish();
  }
  put_file(h.home.dataset_folder("flowers") / "uncounted", "");
  label_picture(registry, "flowers", "rose/0.bmp", {"rose"}, false, {});  // changes nothing
  CHECK(registry.dataset("flowers").pictures["pictures"] == 2);
  CHECK(h.entries_of("flowers") == std::set<std::string>{"pictures.manifest"});
}

TEST_CASE("Pictures of another dataset's own folder, and those still far away, are refused") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.create("flowers");
  Registry registry = h.writer();
  const auto refused = [&](const fs::path& source) {
    return error_of([&] { create_dataset(registry, "more", "", h.request(source), {}); });
  };
  CHECK(refused(list_of_dataset(h.home, "flowers")).message().find("own folder") !=
        std::string::npos);
  put_file(h.home.dataset_folder("flowers") / "files" / "a.bmp", bmp_of_color(4, 4, 1));
  put_file(
      h.folder / "list.manifest",
      "{\"source\":\"" + (h.home.dataset_folder("flowers") / "files" / "a.bmp").string() + "\"}\n");
  CHECK(refused(h.folder / "list.manifest").message().find("own folder") != std::string::npos);
  put_file(h.folder / "far.manifest", "{\"source\":\"s3://bucket/a.jpg\"}\n");
  const Error far = refused(h.folder / "far.manifest");
  CHECK(far.message() == "1 of the pictures is still in an object store: s3://bucket/a.jpg");
  CHECK(far.hint().find("--map-source") != std::string::npos);
  CHECK_FALSE(registry.find_dataset("more"));
}

TEST_CASE("A picture's labels are set and removed, by its path or the last parts of it") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.draw("tulip", 2);
  h.create("flowers");
  Registry registry = h.writer();
  const auto label = [&](const std::string& picture, const Labels& labels, bool remove = false) {
    return label_picture(registry, "flowers", picture, labels, remove, {});
  };
  const LabelChange change = label("rose/1.bmp", {"tulip", "red", "red"});
  CHECK(change.before == Labels{"rose"});
  CHECK(change.after == Labels{"tulip", "red"});
  CHECK(registry.dataset("flowers").pictures["several_labels"] == 1);
  CHECK(label((h.data / "rose" / "1.bmp").string(), {"red"}, true).after == Labels{"tulip"});
  CHECK(label("rose/1.bmp", {}, true).after.empty());
  CHECK(registry.dataset("flowers").pictures["unlabelled"] == 1);
  CHECK(h.list("flowers").size() == 4);

  const Error several = error_of([&] { label("1.bmp", {"rose"}); });
  CHECK(several.message() == "2 pictures are called '1.bmp'");
  CHECK(several.hint().find((h.data / "tulip" / "1.bmp").string()) != std::string::npos);
  CHECK(error_of([&] { label("se/1.bmp", {"rose"}); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { label("rose/0.bmp", {"a b"}); }).hint() == "for example 'a_b'");
  CHECK(error_of([&] { label("rose/0.bmp", {"rise"}, true); }).hint() == "did you mean 'rose'?");
  CHECK(error_of([&] { label_picture(registry, "flower", "x", {"y"}, false, {}); }).kind() ==
        ErrorKind::not_found);
}

TEST_CASE("Processes that label at once lose nothing") {
  const CatalogHome h;
  h.draw("rose", 12);
  h.create("flowers");
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int part = 0; part < 3; ++part) {
      children.push_back(std::make_unique<Child>([&h, part] {
        Registry registry = h.writer();
        for (int i = part; i < 12; i += 3) {
          label_picture(registry, "flowers", "rose/" + std::to_string(i) + ".bmp",
                        {"class-" + std::to_string(i)}, false, {});
        }
      }));
    }
    for (auto& child : children) CHECK(child->wait().problem == "");
  }
  for (const auto& sample : h.list("flowers")) {
    CHECK(sample.labels == Labels{"class-" + fs::path(sample.source).stem().string()});
  }
}

TEST_CASE("Deleting a dataset or a version touches no picture") {
  const CatalogHome h;
  h.draw("rose", 4);
  h.draw("tulip", 4);
  h.create("flowers");
  h.publish("flowers");
  h.publish("flowers", by_seed(1));
  Registry registry = h.writer();
  delete_dataset_version(registry, registry.dataset_version("flowers@2"), {});
  CHECK(registry.dataset("flowers").current_number == 1);
  CHECK(h.entries_of("flowers") == std::set<std::string>{"V001.manifest", "pictures.manifest"});

  put_file(h.home.dataset_folder("flowers") / "holiday.jpg", "a person's own");
  CHECK(error_of([&] { delete_dataset(registry, "flowers", {}); }).kind() == ErrorKind::conflict);
  CHECK(registry.dataset("flowers").version_count == 1);
  fs::remove(h.home.dataset_folder("flowers") / "holiday.jpg");
  CHECK(delete_dataset(registry, "flowers", {}).versions == 1);
  CHECK_FALSE(fs::exists(h.home.dataset_folder("flowers")));
  for (const char* label : {"rose", "tulip"}) {
    for (int i = 0; i < 4; ++i) CHECK(fs::exists(h.data / label / (std::to_string(i) + ".bmp")));
  }
  CHECK(h.create("flowers").report.added == 8);
}

TEST_CASE("A link in a dataset's folder does not lead its deletion elsewhere") {
  const CatalogHome h;
  h.draw("rose", 2);
  h.create("flowers");
  fs::create_directory_symlink(h.data, h.home.dataset_folder("flowers") / "files");
  Registry registry = h.writer();
  delete_dataset(registry, "flowers", {});
  CHECK(fs::exists(h.data / "rose" / "1.bmp"));
}

}  // namespace mat
