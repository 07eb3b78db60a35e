#include <poll.h>
#include <sys/socket.h>

#include "core/base/file.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/query.h"
#include "core/life/version_lock.h"
#include "core/registry/registry.h"
#include "core/service/service_settings.h"
#include "tests/cli/ui_fixture.h"
#include "tests/core/http/raw_client.h"

namespace mat::test {
namespace {

std::string header(const HttpResponse& response, const char* name) {
  return std::string(header_of(response.headers, name));
}

int port_of_address(const std::string& address) {
  return std::stoi(address.substr(address.rfind(':') + 1));
}

}  // namespace

TEST_CASE("mat ui lets in whoever has its token, and no page of another site") {
  UiFixture f;
  f.start_ui();
  CHECK(f.ask("GET", "/", {}).status == 401);
  CHECK(f.ask("GET", "/api/jobs", {}).status == 401);
  CHECK(f.ask("GET", "/?token=wrong", {}).status == 401);
  const HttpResponse let_in = f.ask("GET", "/jobs?token=" + f.token, {});
  CHECK(let_in.status == 303);
  CHECK(header(let_in, "location") == "/jobs");
  CHECK(header(let_in, "set-cookie") == f.cookie + "; Path=/; HttpOnly; SameSite=Strict");
  const HttpResponse elsewhere = f.ask("GET", "//evil.example.com/x?token=" + f.token, {});
  CHECK(header(elsewhere, "location") == "/");
  const HttpResponse page = f.get("/jobs/anything");
  CHECK(page.status == 200);
  CHECK(page.body.find("<!doctype html>") == 0);
  CHECK(header(page, "content-security-policy").find("default-src 'none'; script-src 'self'") == 0);
  CHECK(header(page, "x-frame-options") == "DENY");

  CHECK(f.ask("GET", "/api/jobs", {{"Cookie", f.cookie}, {"Host", "evil.example.com"}}).status ==
        403);
  CHECK(
      f.ask("GET", "/api/jobs", {{"Cookie", f.cookie}, {"Origin", "http://example.com"}}).status ==
      403);
  CHECK(
      f.ask("GET", "/api/jobs", {{"Cookie", f.cookie}, {"Sec-Fetch-Site", "cross-site"}}).status ==
      403);
  CHECK(f.ask("GET", "/api/jobs", {{"Authorization", "Bearer " + f.token}}).status == 200);
  CHECK(f.ask("DELETE", "/api/jobs", {{"Cookie", f.cookie}}).status == 405);
}

TEST_CASE("mat ui changes nothing by a form, a link or a request of another site") {
  UiFixture f;
  f.write_spec("j.yaml", command_spec("j", "[echo, hello]"));
  f.mat.succeed({"job", "create", "-f", (f.folder / "j.yaml").string()});
  f.start_ui();
  const std::string body = R"({"action":"delete_version","reference":"j@V0001"})";
  const HttpHeaders cookie{{"Cookie", f.cookie}};
  const auto with = [&](HttpHeaders more) {
    more.insert(more.begin(), cookie.begin(), cookie.end());
    return f.ask("POST", "/api/commands", more, body).status;
  };
  CHECK(with({{"Content-Type", "application/json"}}) == 403);
  CHECK(with({{"Content-Type", "text/plain"}, {"X-Mat", "1"}}) == 403);
  CHECK(with({{"Content-Type", "application/json"}, {"X-Mat", "1"}, {"Origin", "null"}}) == 403);
  CHECK(f.ask("POST", "/api/commands", {{"Content-Type", "application/json"}, {"X-Mat", "1"}}, body)
            .status == 401);
  CHECK(f.get("/api/commands").status == 404);
  CHECK(f.status("j@V0001") == "Completed");
}

TEST_CASE("mat ui shows what the commands say") {
  UiFixture f;
  f.start_ui();
  CHECK(f.get_json("/api/jobs")["total"] == 0);
  f.write_spec("j.yaml", command_spec("j", "[sh, -c, 'echo accuracy: 0.5; echo accuracy: 0.75']"));
  f.mat.succeed({"job", "create", "-f", (f.folder / "j.yaml").string()});
  CHECK(f.get_json("/api/jobs")["jobs"][0]["name"] == "j");
  CHECK(f.get_json("/api/home")["counts"]["versions"] == 1);
  CHECK(f.get_json("/api/versions?job=j&limit=5&filter=accuracy+%3E+0.7")["total"] == 1);
  CHECK(f.get_json("/api/versions?job=j&offset=1")["versions"].empty());
  const HttpResponse bad = f.get("/api/versions?filter=%29");
  CHECK(bad.status == 400);
  CHECK(Json::parse(bad.body)["exit_code"] == 2);
  const HttpResponse none = f.get("/api/job?name=k");
  CHECK(none.status == 404);
  CHECK(Json::parse(none.body)["error"] == "there is no job 'k'");
  // What looks like an option is a name.
  CHECK(f.get("/api/job?name=--help").status == 404);

  const Json version = f.get_json("/api/version?ref=j");
  CHECK(version["status"] == "Completed");
  CHECK(version["log_bytes"] > 0);
  CHECK(version["artifacts"].dump().find("spec.yaml") != std::string::npos);
  CHECK(version["artifacts"].dump().find("environment.private") == std::string::npos);
  CHECK(f.get_json("/api/version-fields")["fields"].dump().find("accuracy") != std::string::npos);

  const Json curves = f.get_json("/api/curves?ref=j");
  REQUIRE(curves["curves"].size() == 1);
  CHECK(curves["curves"][0]["metric"] == "accuracy");
  CHECK(curves["curves"][0]["y"] == Json{0.5, 0.75});

  const Json log = f.get_json("/api/log?ref=j&offset=0");
  CHECK(log["text"].get<std::string>().find("accuracy: 0.75") != std::string::npos);
  CHECK(log["end"] == log["size"]);
  CHECK(f.get_json("/api/log?ref=j&offset=-3")["text"].get<std::string>().size() == 3);

  const HttpResponse lineage = f.get("/api/lineage.svg?node=version:j@V0001");
  CHECK(lineage.content_type == "image/svg+xml");
  CHECK(lineage.body.find("href=\"/versions/j%40V0001\"") != std::string::npos);

  const HttpResponse spec = f.get("/api/artifact?ref=j&path=spec.yaml");
  CHECK(spec.status == 200);
  CHECK(header(spec, "content-disposition") == "attachment; filename=\"spec.yaml\"");
  for (const char* path : {"../../../mat.db", "/etc/passwd", "lock", "output", "none", ""}) {
    CHECK(f.get(std::string("/api/artifact?ref=j&path=") + path).status == 404);
  }
}

TEST_CASE("mat ui does what the commands do, and says which") {
  UiFixture f;
  const std::string spec = f.write_spec("j.yaml", command_spec("j", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(f.becomes("j@V0001", "Running"));
  f.start_ui();
  const auto [dry_status, dry] =
      f.act({{"action", "stop_version"}, {"reference", "j@V0001"}, {"dry", true}});
  CHECK(dry["command"] == "mat version stop j@V0001");
  CHECK(f.status("j@V0001") == "Running");
  CHECK(f.done({{"action", "stop_version"}, {"reference", "j@V0001"}})["status"] == "Terminated");

  const auto [status, answer] = f.act({{"action", "stop_version"}, {"reference", "j@V0001"}});
  CHECK(status == 409);
  CHECK(answer["exit_code"] == 4);
  CHECK(answer["command"] == "mat version stop j@V0001");
  CHECK_FALSE(answer["error"].get<std::string>().empty());

  f.done({{"action", "save_params"}, {"reference", "j@V0001"}, {"name", "mine"}});
  CHECK(f.get_json("/api/params")["total"] == 1);
  f.done({{"action", "modify_version"},
          {"reference", "j@V0001"},
          {"set", {{"environment.TZ", "UTC"}, {"auto_stop", "1s"}}}});
  CHECK(f.becomes("j@V0002", "Terminated"));
  CHECK(f.get_json("/api/version?ref=j@2")["parent"] == "j@V0001");
  f.done({{"action", "delete_version"}, {"reference", "j@V0001"}});
  CHECK(f.get("/api/version?ref=j@V0001").status == 404);
  f.done({{"action", "delete_job"}, {"name", "j"}});
  CHECK(f.get_json("/api/jobs")["total"] == 0);

  CHECK(f.act({{"action", "format_disk"}}).first == 400);
  CHECK(f.act({{"action", "stop_version"}}).second["error"] == "stop_version needs 'reference'");
  CHECK(f.act({{"action", "stop_version"}, {"reference", "j"}, {"home", "x"}}).first == 400);
  CHECK(f.act({{"action", "stop_version"}, {"reference", "--force"}}).first == 400);
}

TEST_CASE("answers of mat ui that take long hold up no others") {
  UiFixture f;
  f.mat.succeed({"job", "create", "-f", f.write_spec("j.yaml", command_spec("j", R"(["true"])"))});
  // A service that takes connections and says nothing.
  const FileDescriptor silent = listen_on("127.0.0.1", 0);
  const Home home{f.mat.home(), "a test"};
  Registry registry(home, Registry::Mode::write);
  ServiceRecord service;
  service.name = "silent";
  service.source = "version:j@V0001";
  service.settings = to_json(ServiceSettings());
  service = registry.create_service(service);
  const VersionLock lock = VersionLock::acquire(registry.home().service_folder("silent"));
  Registry::ProcessChange change;
  change.status = Status::running;
  change.address = http_address("127.0.0.1", port_of(silent));
  REQUIRE(registry.change_service(service.id, {Status::pending}, change));
  f.start_ui();
  // It waits for two seconds.
  bool is_in_time = false;
  for (int trial = 0; trial < 10 && !is_in_time; ++trial) {
    const double begin_s = monotonic_seconds();
    std::vector<RawClient> pages;
    std::vector<FileDescriptor> taken;
    for (int i = 0; i < 4; ++i) {
      pages.emplace_back(port_of_address(f.address));
      pages.back().send(
          "GET /api/service-counts?name=silent HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + f.cookie +
          "\r\n\r\n");
      pollfd waiting{silent.get(), POLLIN, 0};
      REQUIRE(::poll(&waiting, 1, 20'000) == 1);
      taken.emplace_back(::accept(silent.get(), nullptr, nullptr));
    }
    CHECK(f.get_json("/api/jobs")["total"] == 1);
    std::string early;
    for (RawClient& page : pages) early += page.read_until("HTTP/", 0);
    is_in_time = monotonic_seconds() - begin_s < 1.5;
    if (is_in_time) CHECK(early.empty());
    taken.clear();
    for (RawClient& page : pages) {
      CHECK(page.read_until("}").find("{\"metrics\":null}") != std::string::npos);
    }
  }
  CHECK(is_in_time);
}

TEST_CASE("mat ui tells its pages what happens") {
  UiFixture f;
  f.start_ui();
  RawClient page(port_of_address(f.address));
  page.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + f.cookie + "\r\n\r\n");
  CHECK(page.read_until("event: live").find("text/event-stream") != std::string::npos);
  const std::string spec = f.write_spec("j.yaml", command_spec("j", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  CHECK(page.read_until("\"status\":\"Running\"").find("j@V0001") != std::string::npos);
  CHECK(page.read_until("event: changed").find("event: changed") != std::string::npos);
  f.mat.succeed({"version", "stop", "j"});
  // A page that is open keeps nobody waiting.
  CHECK(f.stop_ui() == 0);
  CHECK(page.is_closed());
}

TEST_CASE("mat ui notices that a runner was killed") {
  UiFixture f;
  const std::string spec = f.write_spec("j.yaml", command_spec("j", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(f.becomes("j@V0001", "Running"));
  f.start_ui();
  RawClient page(port_of_address(f.address));
  page.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + f.cookie + "\r\n\r\n");
  page.read_until("\"status\":\"Running\"");
  ::kill(f.runner_of("j", "V0001"), SIGKILL);
  CHECK(page.read_until("{\"versions\":[]}").find("{\"versions\":[]}") != std::string::npos);
  CHECK(f.get_json("/api/version?ref=j")["status"] == "Abnormal");
}

TEST_CASE("mat ui exports a model, hands out its files, and moves its aliases") {
  UiFixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 12);
  f.mat.succeed({"job", "create", "-f", f.write_spec("job.yaml", small_spec("m", "./data", 3))});
  f.mat.succeed({"model", "create", "m", "--name", "n"});
  f.start_ui();
  CHECK(
      f.done({{"action", "set_alias"}, {"reference", "n@1.0.0"}, {"alias", "champion"}})["alias"] ==
      "n@champion");
  CHECK(f.get_json("/api/model?name=n@champion")["reference"] == "n@1.0.0");
  f.done({{"action", "remove_alias"}, {"model", "n"}, {"alias", "champion"}});
  CHECK(f.get("/api/model?name=n@champion").status == 404);

  const std::string out = (f.folder / "n.safetensors").string();
  const std::string target = "/api/export?file=" + percent_encoded(out);
  CHECK(f.get(target).status == 404);
  const Json made = f.done(
      {{"action", "export_model"}, {"reference", "n"}, {"format", "safetensors"}, {"output", out}});
  CHECK(made["file"] == out);
  const HttpResponse file = f.get(target);
  CHECK(file.status == 200);
  CHECK(header(file, "content-disposition") == "attachment; filename=\"n.safetensors\"");
  CHECK(f.get("/api/export?file=" + percent_encoded((f.folder / "job.yaml").string())).status ==
        404);
  // It is there now.
  CHECK(f.act({{"action", "export_model"},
               {"reference", "n"},
               {"format", "safetensors"},
               {"output", out}})
            .first != 200);

  const Json files = f.get_json("/api/model?name=n")["files"];
  REQUIRE_FALSE(files.empty());
  for (const Json& each : files) {
    CHECK(f.get("/api/model-file?name=n&path=" + each["name"].get<std::string>()).status == 200);
  }
  CHECK(f.get("/api/model-file?name=n&path=../../../mat.db").status == 404);
}

TEST_CASE("mat ui shows the log of a service, what it counts, and gives it another model") {
  UiFixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 12);
  f.mat.succeed({"job", "create", "-f", f.write_spec("job.yaml", small_spec("m", "./data", 3))});
  for (int i = 0; i < 2; ++i) f.mat.succeed({"model", "create", "m", "--name", "n"});
  const Json deployed =
      f.mat.succeed({"service", "deploy", "n@1.0.0", "--detach", "--precision", "fp32", "--json"})
          .json();
  f.start_ui();
  const auto counts = [&] { return f.get_json("/api/service-counts?name=n")["metrics"]; };
  CHECK(counts().get<std::string>().find("mat_model_info{model=\"n@1.0.0\"}") != std::string::npos);
  const Json log = f.get_json("/api/log?service=n&offset=0");
  CHECK(log["text"].get<std::string>().find("opens n@1.0.0") != std::string::npos);
  // To be looked at leaves no line.
  CHECK(log["text"].get<std::string>().find("/metrics") == std::string::npos);
  const auto [refused, why] = f.act({{"action", "delete_model"}, {"name", "n@1.0.0"}});
  CHECK(refused == 409);
  CHECK(why["error"].get<std::string>().find("service") != std::string::npos);
  CHECK(f.done({{"action", "update_service"}, {"name", "n"}, {"source", "n@1.0.1"}})["source"] ==
        "n@1.0.1");
  CHECK(counts().get<std::string>().find("model=\"n@1.0.1\"") != std::string::npos);
  f.done({{"action", "stop_service"}, {"name", "n"}, {"force", true}});
  CHECK(counts().is_null());
}

TEST_CASE("mat ui shows pictures of a dataset and of predictions") {
  UiFixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 12);
  f.mat.succeed({"dataset", "create", "colours", (f.folder / "data").string()});
  f.mat.succeed({"dataset", "publish", "colours"});
  const std::string spec = f.write_spec("job.yaml", small_spec("m", "./data", 3));
  f.mat.succeed({"job", "create", "-f", spec});
  f.start_ui();
  const Json pictures = f.get_json("/api/dataset-pictures?name=colours&class=red&limit=5");
  CHECK(pictures["total"] == 12);
  CHECK(pictures["rows"].size() == 5);
  CHECK(pictures["classes"][0] == Json{{"name", "green"}, {"pictures", 12}});
  const std::string index = to_json_text(pictures["rows"][4]["index"]);
  const HttpResponse picture = f.get("/api/picture?dataset=colours&size=16&index=" + index);
  CHECK(picture.status == 200);
  CHECK(picture.content_type == "image/jpeg");
  CHECK(picture.body.starts_with("\xFF\xD8"));
  CHECK(f.get("/api/picture?dataset=colours@V001&index=3").status == 200);
  CHECK(f.get("/api/picture?dataset=colours&index=24").status == 404);
  CHECK(f.get("/api/picture?dataset=other&index=0").status == 404);

  const Json predictions = f.get_json("/api/predictions?ref=m&label=red&order=surest");
  CHECK(predictions["total"] > 0);
  CHECK(predictions["rows"][0]["label"] == "red");
  const std::string first = to_json_text(predictions["rows"][0]["index"]);
  CHECK(f.get("/api/picture?ref=m&list=predictions&size=24&index=" + first).status == 200);

  const Json change = f.done({{"action", "label_picture"},
                              {"dataset", "colours"},
                              {"picture", pictures["rows"][0]["file"]},
                              {"label", "blue"}});
  CHECK(change.dump().find("blue") != std::string::npos);
  CHECK(f.get_json("/api/dataset-pictures?name=colours&class=blue")["total"] == 1);
  const Json form = f.get_json("/api/version?ref=m")["form"];
  CHECK(form["algorithm"] == "small_cnn");
  CHECK(form["parameters"].dump().find("hyperparameters.lr") != std::string::npos);
}

}  // namespace mat::test
