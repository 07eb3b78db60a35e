#include "core/model/export_rows.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/error.h"
#include "tests/core/model/model_home.h"

namespace mat {
namespace {

struct RowsHome : ModelHome {
  RowsHome() {
    Registry registry = writer();
    model = stored_model(home(),
                         add_model_version(registry, {"rents", std::nullopt, ""},
                                           content_of_version(home(), train_table("prices")), {}));
  }

  Error refused() const {
    TableExportRequest request;
    return error_of([&] { add_rows_to_compare(home(), model, nullptr, request); });
  }

  StoredModel model;
};

CsvTable other_rows() { return CsvTable::parse("kind,size\nflat,1\n", "other.csv", {}); }

}  // namespace

TEST_CASE("An export is compared on the rows that the model was validated on, and on others") {
  const RowsHome h;
  TableExportRequest request;
  CHECK(add_rows_to_compare(h.home(), h.model, nullptr, request) == 2);
  REQUIRE(request.numbers.size() == 4);
  CHECK(std::isnan(request.numbers[0]));
  CHECK(request.numbers[1] == 2);
  CHECK(request.numbers[2] == 2);
  CHECK(request.numbers[3] == 0);
  // The missing size, and a text beside the categories; then a standardized size, and the first.
  CHECK(request.inputs == std::vector<float>{0, 1, 0, 0, 1, -1, 0, 1, 0, 0});

  const CsvTable other = other_rows();
  TableExportRequest both;
  CHECK(add_rows_to_compare(h.home(), h.model, &other, both) == 3);
  CHECK(both.numbers.back() == 0);
  CHECK(both.inputs.size() == 15);
}

TEST_CASE("Rows of a table that is gone or has changed are not compared on") {
  const RowsHome h;
  const std::filesystem::path table = h.data() / "prices.csv";
  put_file(table, "size\tkind\tprice\n9\tflat\t90\n3\thouse\t110\n\tcastle\t120\n");
  CHECK(h.refused().kind() == ErrorKind::not_found);
  CHECK(h.refused().message().find("has changed since") != std::string::npos);
  CHECK(h.refused().hint().find("--check-data") != std::string::npos);
  std::filesystem::remove(table);
  CHECK(h.refused().kind() == ErrorKind::not_found);
  std::filesystem::remove(h.model.folder / "validation.jsonl");
  CHECK(h.refused().message().find("not known which rows") != std::string::npos);
  // Others are enough then.
  const CsvTable other = other_rows();
  TableExportRequest request;
  CHECK(add_rows_to_compare(h.home(), h.model, &other, request) == 1);
}

}  // namespace mat
