#include <functional>
#include <optional>
#include <utility>

#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/life/version_lock.h"
#include "core/registry/registry.h"
#include "core/service/service_settings.h"
#include "tests/cli/service_fixture.h"
#include "tests/test_files.h"

namespace mat::test {
namespace {

// What 'service predict' takes for the service s: a record, Pending, and a server of this process
// that says what it is told to.
struct FakeService {
  FakeService()
      : server(std::move(listening), {},
               [this](HttpRequest&& request, const std::shared_ptr<HttpResponder>& responder) {
                 HttpResponse response;
                 const bool is_asked = request.method == "POST";
                 response.body = to_json_text(is_asked ? answered : described);
                 if (!is_asked) std::exchange(after_description, [] {})();
                 responder->respond(std::move(response));
               }) {
    write_text(picture, bmp_of_color(20, 20, 0xff0000));
    NewVersion version;
    version.job = "m";
    registry.create_versions({version});
    ServiceRecord service;
    service.name = "s";
    service.source = "version:m@V0001";
    service.settings = to_json(ServiceSettings());
    id = registry.create_service(service).id;
    lock.emplace(VersionLock::acquire(home.service_folder("s")));
  }

  void serves(const std::string& model, const Json& classes) {
    described = {{"parameters", {{"classes", classes}, {"model", model}}}};
  }
  void answers(const std::string& model, const Json& probabilities) {
    answered = {{"parameters", {{"model", model}}}, {"outputs", {{{"data", probabilities}}}}};
  }
  void run() {
    Registry::ProcessChange change;
    change.status = Status::running;
    change.address = address;
    REQUIRE(registry.change_service(id, {Status::pending}, change));
  }

  TemporaryFolder folder;
  MatProcess mat{folder};
  Home home{mat.home(), "a test"};
  const std::string picture = (folder / "a.bmp").string();
  Json described, answered;
  std::function<void()> after_description = [] {};
  Registry registry{home, Registry::Mode::write};
  Id id = 0;
  std::optional<VersionLock> lock;
  FileDescriptor listening = listen_on("127.0.0.1", 0);
  const std::string address = http_address("127.0.0.1", port_of(listening));
  HttpServer server;
};

}  // namespace

TEST_CASE("predict, the service and its list of pictures say the same") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  const std::vector<std::string> words{f.picture("red"), f.picture("green"), "--json"};
  std::vector<std::string> alone{"predict", "m"}, served{"service", "predict", "s"};
  alone.insert(alone.end(), words.begin(), words.end());
  served.insert(served.end(), words.begin(), words.end());
  const Json said = f.mat.succeed(alone).json()["predictions"];
  const Json answered = f.mat.succeed(served).json()["predictions"];
  REQUIRE(said.size() == 2);
  REQUIRE(answered.size() == 2);
  for (std::size_t i = 0; i < said.size(); ++i) {
    CHECK(said[i]["file"] == answered[i]["file"]);
    CHECK(said[i]["predicted"] == answered[i]["predicted"]);
    REQUIRE(said[i]["scores"].size() == answered[i]["scores"].size());
    for (std::size_t s = 0; s < said[i]["scores"].size(); ++s) {
      const Json &one = said[i]["scores"][s], &other = answered[i]["scores"][s];
      CHECK(one["label"] == other["label"]);
      // Which pictures are asked about together depends on when they come.
      CHECK(one["score"].get<double>() == Approx(other["score"].get<double>()).margin(1e-5));
    }
  }

  // Many at a time, in order, and a picture that is none is a row of its own.
  write_text(f.folder / "data/red/none.bmp", "no picture");
  const auto all = [&](std::vector<std::string> by) {
    by.insert(by.end(), {"--dir", (f.folder / "data").string(), "--csv", "--top", "1"});
    const Output output = f.mat.run(by);
    CHECK(output.exit_code == 1);
    CHECK(output.err.find("1 of 25 pictures got no answer") != std::string::npos);
    return output.out;
  };
  const std::string rows = all({"service", "predict", "s"});
  const auto served_lines = split(rows, '\n'), own_lines = split(all({"predict", "m"}), '\n');
  REQUIRE(served_lines.size() == 27);
  REQUIRE(own_lines.size() == 27);
  for (std::size_t i = 0; i < served_lines.size(); ++i) {
    const auto served_cells = split(served_lines[i], ','), own_cells = split(own_lines[i], ',');
    REQUIRE(served_cells.size() == own_cells.size());
    for (std::size_t c = 0; c < served_cells.size(); ++c) {
      const auto one = parse_number(served_cells[c]), other = parse_number(own_cells[c]);
      CHECK((served_cells[c] == own_cells[c] ||
             (one && other && *one == Approx(*other).margin(1e-5))));
    }
  }
  const std::string one = f.picture("green");
  const std::string piped = f.mat.run_in_shell("echo '" + one + "' | mat service predict s -").out;
  CHECK(piped == f.mat.succeed({"service", "predict", "s", one}).out);
  CHECK(f.mat.run_in_shell("mat service predict s - <'" + one + "'").out.find("-  green ") == 0);
  // Any picture that a request may be as large as.
  const std::string large = (f.folder / "large.bmp").string();
  write_text(large, bmp_of_color(2500, 2500, 0xff0000));
  REQUIRE(fs::file_size(large) > 18'000'000);
  CHECK(has(f.mat.succeed({"service", "predict", "s", large}).out, "large.bmp  red "));
  CHECK(f.mat.run({"service", "predict", "s"}).exit_code == 2);
  CHECK(f.mat.run({"service", "predict", "s", one, "--json", "--csv"}).exit_code == 2);
}

TEST_CASE("predict notices another model, and what is no service of mat's") {
  FakeService f;
  f.run();
  const auto ask = [&] { return f.mat.run({"service", "predict", "s", f.picture}); };

  f.serves("m@V0001", {"red", "green"});
  f.answers("m@V0001", {0.9, 0.1});
  CHECK(ask().out.find("  red ") != std::string::npos);
  f.answers("m@V0001", {0.2, 0.3, 0.5});
  CHECK(ask().exit_code == 5);
  // An update between the question for the classes and that for the picture.
  f.serves("m@V0001", {"red", "green"});
  f.answers("m@V0002", {0.9, 0.1});
  f.after_description = [&] { f.serves("m@V0002", {"green", "red"}); };
  CHECK(ask().exit_code == 4);
  f.serves("m@V0001", {"red", "green"});
  f.after_description = [&] { f.serves("m@V0002", {"red", "green"}); };
  CHECK(ask().out.find("  red ") != std::string::npos);
  for (const Json& strange : {Json::object(), Json::array(), Json(3), Json{{"outputs", 3}}}) {
    CAPTURE(strange.dump());
    f.serves("m@V0002", {"red", "green"});
    f.answered = strange;
    CHECK(ask().exit_code == 5);
    f.described = strange;
    CHECK(ask().exit_code == 5);
  }
}

TEST_CASE("predict says that a service is being restarted, and waits for it") {
  FakeService f;
  Registry::ProcessChange pause;
  pause.status = Status::pending;
  pause.reason = "attempt 1 was ended by signal 9; starts again in 1.0s";
  REQUIRE(f.registry.change_service(f.id, {Status::pending}, pause));
  f.serves("m@V0001", {"red", "green"});
  f.answers("m@V0001", {0.9, 0.1});
  const pid_t asking = f.mat.start({"service", "predict", "s", f.picture});
  CHECK(wait_until([&] {
    return read_file_if_exists(f.folder / "err").value_or("") ==
           "mat: s is being restarted (attempt 1 was ended by signal 9; starts again in 1.0s); "
           "waiting for it\n";
  }));
  f.run();
  const Output asked = f.mat.wait_for(asking);
  CHECK(asked.exit_code == 0);
  CHECK(asked.out.find("  red ") != std::string::npos);
}

TEST_CASE("predict does not wait for a service that ends instead") {
  FakeService f;
  const pid_t asking = f.mat.start({"service", "predict", "s", f.picture});
  CHECK(wait_until([&] {
    return read_file_if_exists(f.folder / "err").value_or("") ==
           "mat: s opens its model; waiting for it\n";
  }));
  Registry::ProcessChange end;
  end.status = Status::failed;
  end.reason = "no memory";
  REQUIRE(f.registry.change_service(f.id, {Status::pending}, end));
  const Output asked = f.mat.wait_for(asking);
  CHECK(asked.exit_code == 4);
  CHECK(asked.err.find("s is Failed: no memory\nmat: hint: mat service start s\n") !=
        std::string::npos);
}

}  // namespace mat::test
