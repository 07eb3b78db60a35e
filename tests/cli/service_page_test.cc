#include "tests/cli/service_fixture.h"
#include "tests/run_python.h"

namespace mat::test {

TEST_CASE("the page of a service works in a browser") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  run_python("cli/service_page.py", {address, f.picture("green"), "green"}, "MAT_TEST_PYTHON");
}

TEST_CASE("the form of a service for tables works in a browser, also with a token") {
  ServiceFixture f;
  std::string csv = "size,colour,kind,price\n";
  for (int i = 0; i < 120; ++i) {
    const int size = (i * 37) % 100;
    csv += std::to_string(size) + (i % 2 == 0 ? ",red," : ",blue,") +
           (size < 50 ? "small," : "large,") + std::to_string(10 + 3 * size) + "\n";
  }
  write_text(f.folder / "things.csv", csv);
  const auto deploy = [&](const std::string& target, const std::string& other,
                          std::vector<std::string> more) -> std::string {
    const std::string spec = f.write_spec(
        target + ".yaml", "name: " + target +
                              "\nalgorithm: tabular_mlp\ninputs: {data_url: "
                              "./things.csv}\nhyperparameters: {target: " +
                              target + ", ignore_columns: " + other +
                              ", epochs: 40, lr: 0.02, hidden: '16', dropout: 0, batch_size: 16}\n"
                              "resources: {type: cpu, flavor: cpu.1}\nseed: 7\n");
    f.mat.succeed({"job", "create", "-f", spec});
    more.insert(more.begin(), {"service", "deploy", target, "--detach", "--json"});
    return f.mat.succeed(more).json()["address"];
  };
  run_python("cli/service_table_page.py", {deploy("price", "kind", {}), "price", "295"},
             "MAT_TEST_PYTHON");
  run_python("cli/service_table_page.py",
             {deploy("kind", "price", {"--token", "token-of-the-form"}), "kind", "large",
              "token-of-the-form"},
             "MAT_TEST_PYTHON");
}

}  // namespace mat::test
