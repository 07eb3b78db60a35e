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

TEST_CASE("a manifest is looked at before a training begins, as a folder is", "[run]") {
  const TempFolder folder;
  const auto check = [&](const std::string& manifest) {
    put_file(folder / "data.manifest", manifest);
    check_inputs(
        Home{folder.path(), "a test"},
        resolve(parse_spec("name: t\nalgorithm: small_cnn\ninputs: {data_url: data.manifest}\n",
                           "job.yaml", folder.path())));
  };
  const auto line = [](const std::string& name, const std::string& label) {
    return R"({"source":")" + name +
           R"(","annotation":[{"type":"modelarts/image_classification","name":")" + label +
           "\"}]}\n";
  };
  check(line("1.jpg", "cat") + line("2.jpg", "dog"));
  CHECK_THROWS_WITH(check(line("1.jpg", "cat") + line("2.jpg", "cat")),
                    Catch::Contains("are of one class, 'cat'"));
  CHECK_THROWS_WITH(check(line("1.jpg", "cat") + "dog\n"),
                    Catch::Contains("data.manifest:2: no JSON object"));
}

}  // namespace
}  // namespace mat
