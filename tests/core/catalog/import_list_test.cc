#include "core/catalog/import_list.h"

#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "tests/core/catalog/catalog_home.h"

namespace mat {

TEST_CASE("A look at an import finds what the import finds, and changes nothing") {
  const CatalogHome h;
  h.draw("rose", 3);
  h.draw("tulip", 2);
  h.create("flowers");
  Registry registry = h.writer();
  label_picture(registry, "flowers", "rose/0.bmp", {"tulip"}, false, {});
  h.draw("tulip", 4);
  ImportRequest request = h.request(h.data);
  request.only_these = true;
  const std::string before = read_file(list_of_dataset(h.home, "flowers"));
  const ImportPreview preview = preview_import(h.home, "flowers", request, {});
  CHECK(preview.report.added == 2);
  CHECK(preview.report.differing == 1);
  CHECK(preview.pictures.classes.at("tulip").total() == 5);
  CHECK(read_file(list_of_dataset(h.home, "flowers")) == before);
  CHECK(import_into_dataset(registry, "flowers", request, {}).dataset.pictures ==
        to_json(preview.pictures));

  CHECK(preview_import(h.home, "others", request, {}).pictures.classes.at("rose").total() == 3);
  CHECK_FALSE(std::filesystem::exists(h.home.dataset_folder("others")));
}

}  // namespace mat
