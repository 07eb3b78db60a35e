#include "core/run/check_inputs.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/test_files.h"

namespace mat {
namespace {

ErrorKind kind_of_refusal(const TempFolder& folder, const std::string& table,
                          const std::string& hyperparameters) {
  put_file(folder / "data.csv", table);
  const JobSpec spec = resolve(parse_spec(
      "name: t\nalgorithm: tabular_mlp\ninputs: {data_url: data.csv}\nhyperparameters: {" +
          hyperparameters + "}\n",
      "job.yaml", folder.path()));
  try {
    check_inputs({"/nowhere", "a test"}, spec);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::bug;
}

TEST_CASE("a table that cannot be learnt from is refused before a training begins", "[run]") {
  const TempFolder folder;
  const std::string table = "size,colour\n1,red\n2,green\n3,red\n4,green\n";
  CHECK(kind_of_refusal(folder, table, "target: colour") == ErrorKind::bug);
  CHECK(kind_of_refusal(folder, table, "target: nope") == ErrorKind::usage);
  CHECK(kind_of_refusal(folder, "name: t\nkey: value, more\n", "target: key") == ErrorKind::usage);
  CHECK(kind_of_refusal(folder, table, "target: colour, ignore_columns: size") == ErrorKind::usage);
}

}  // namespace
}  // namespace mat
