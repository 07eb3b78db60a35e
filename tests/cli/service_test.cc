#include <atomic>
#include <thread>

#include "core/http/listen.h"
#include "tests/cli/service_fixture.h"
#include "tests/core/http/raw_client.h"

namespace mat::test {
namespace {

int port_in(const std::string& address) {
  return static_cast<int>(*parse_integer(address.substr(address.rfind(':') + 1)));
}

}  // namespace

TEST_CASE("a service is deployed, asked, stopped, started and deleted") {
  ServiceFixture f;
  const Json deployed = f.deploy("s");
  CHECK(deployed["status"] == "Running");
  CHECK(deployed["source"] == "m@V0001");
  const std::string address = deployed["address"];

  const HttpResponse answer = f.predict(address);
  REQUIRE(answer.status == 200);
  const Json json = Json::parse(answer.body);
  CHECK(json["predicted_label"] == "red");
  CHECK(json["scores"].size() == 2);
  CHECK(json["scores"][0][0] == "red");
  CHECK(json["scores"][0][1].is_string());

  const Output asked = f.mat.succeed({"service", "predict", "s", f.picture("green")});
  CHECK(asked.out.find("  green ") != std::string::npos);
  CHECK(f.mat.run({"service", "predict", "s", f.picture(), "no such file"}).exit_code == 1);
  CHECK(f.mat.succeed({"service", "list"}).out.find("Running") != std::string::npos);
  CHECK(f.mat.run({"service", "deploy", "m", "--name", "s", "-d"}).exit_code == 4);
  CHECK(f.mat.run({"service", "start", "s"}).exit_code == 4);
  CHECK(f.mat.run({"service", "delete", "s", "-y"}).exit_code == 4);

  const Output stopped = f.mat.succeed({"service", "stop", "s"});
  CHECK(stopped.out == "s is Terminated: stopped by the user\n");
  CHECK_THROWS_AS(f.predict(address), Error);
  CHECK(f.mat.run({"service", "stop", "s"}).exit_code == 4);
  const Output ended = f.mat.run({"service", "predict", "s", f.picture()});
  CHECK(ended.exit_code == 4);
  CHECK(ended.err.find("s is Terminated: stopped by the user\nmat: hint: mat service start s\n") !=
        std::string::npos);

  const Output started = f.mat.succeed({"service", "start", "s"});
  CHECK(started.out == "s answers at " + f.show("s")["address"].get<std::string>() + "\n");
  CHECK(started.err.find("it runs in the background") != std::string::npos);
  CHECK(f.predict(f.show("s")["address"]).status == 200);
  f.mat.succeed({"service", "stop", "s"});
  f.mat.succeed({"service", "delete", "s", "-y"});
  CHECK(f.mat.run({"service", "show", "s"}).exit_code == 3);
  CHECK_FALSE(fs::exists(f.mat.home() / "services" / "s"));
}

TEST_CASE("a service answers at the port of the last time, or says that it is in use") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  f.mat.succeed({"service", "stop", "s"});
  f.mat.succeed({"service", "start", "s"});
  CHECK(f.show("s")["address"] == address);
  const std::string narrow = f.mat.run_on_terminal({"service", "list"}, 40).out;
  CHECK(narrow.find(address) != std::string::npos);
  CHECK(split(narrow, '\n').size() == 4);  // the last is empty
  f.mat.succeed({"service", "stop", "s"});
  const FileDescriptor other = listen_on("127.0.0.1", port_in(address));
  const Output started = f.mat.succeed({"service", "start", "s"});
  CHECK(started.err.find("which is in use: it gets another one") != std::string::npos);
  CHECK(f.show("s")["address"] != address);
  CHECK(f.predict(f.show("s")["address"]).status == 200);

  f.mat.succeed({"service", "stop", "s"});
  const Output taken =
      f.mat.run({"service", "start", "s", "--port", std::to_string(port_in(address))});
  CHECK(taken.exit_code == 4);
  CHECK(taken.err.find("--port 0 for any that is free") != std::string::npos);
  const int wanted = port_of(listen_on("127.0.0.1", 0));
  f.mat.succeed({"service", "start", "s", "--port", std::to_string(wanted)});
  CHECK(port_in(f.show("s")["address"]) == wanted);
}

TEST_CASE("what a service computes with can be seen") {
  ServiceFixture f;
  const Json deployed = f.deploy("s");
  CHECK(deployed["facts"]["model"]["precision"] == "fp32");
  CHECK(f.mat.succeed({"service", "show", "s"}).out.find("fp32") != std::string::npos);
  const HttpResponse described = f.ask(deployed["address"], "/v2/models/s");
  CHECK(Json::parse(described.body)["parameters"]["precision"] == "fp32");
}

TEST_CASE("a service that is killed is Abnormal, and is started again") {
  ServiceFixture f;
  f.deploy("s");
  ::kill(f.process_of("s"), SIGKILL);
  REQUIRE(f.becomes("s", "Abnormal"));
  CHECK(f.show("s")["reason"] == "its process died");
  f.mat.succeed({"service", "start", "s"});
  CHECK(f.predict(f.show("s")["address"]).status == 200);
}

TEST_CASE("--restart brings a killed service back at its address") {
  ServiceFixture f;
  const std::string address = f.deploy("s", {"--restart"})["address"];
  const int before = f.process_of("s");
  ::kill(before, SIGKILL);
  // Who asks in between waits until it is there again.
  CHECK(f.predict(address).status == 200);
  REQUIRE(f.becomes("s", "Running"));
  CHECK(f.process_of("s") != before);
  CHECK(f.show("s")["address"] == address);
  CHECK(f.show("s")["facts"]["restarts"] == 1);
  CHECK_THAT(f.mat.succeed({"service", "show", "s"}).out,
             Catch::Matchers::Contains("when its process dies: 1 time so far"));
  f.mat.succeed({"service", "stop", "s"});
  CHECK(f.status("s") == "Terminated");
  CHECK_THROWS_AS(f.predict(address), Error);
}

TEST_CASE("--restart gives up a service that a signal ends before it answers") {
  ServiceFixture f;
  const fs::path source = f.folder / "dies.c", module = f.folder / "dies.so";
  write_text(source,
             "#include <signal.h>\n"
             "__attribute__((constructor)) static void die(void) { raise(SIGKILL); }\n");
  REQUIRE(f.mat.run_in_shell("gcc -shared -fPIC -o " + module.string() + " " + source.string())
              .exit_code == 0);
  f.mat.environment["MAT_TRAINERS_MODULE"] = module;
  for (const char* how : {"--detach", "--json"}) {
    const Output tried = f.mat.run({"service", "deploy", "m", "--name", "t", "--restart", how});
    INFO(how);
    CHECK(tried.exit_code == 5);
    CHECK_THAT(tried.err, Catch::Matchers::Contains("was ended by signal 9 before it answered"));
    CHECK(f.mat.run({"service", "show", "t"}).exit_code == 3);
  }
}

TEST_CASE("a stop answers the request that is under way") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  const std::string bytes = read_file(f.picture());
  RawClient client(port_in(address));
  client.send(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/bmp\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(bytes.size()) + "\r\n\r\n");
  client.read_until("100 Continue");
  std::thread stopping([&] { f.mat.succeed({"service", "stop", "s"}); });
  REQUIRE(wait_until([&] {
    return read_file(f.mat.home() / "services" / "s" / "log.txt").find("ends: ") !=
           std::string::npos;
  }));
  client.send(bytes);
  CHECK(client.read_all().find("predicted_label") != std::string::npos);
  stopping.join();
  CHECK(f.status("s") == "Terminated");
}

TEST_CASE("an update swaps the model while requests come, and none fails") {
  ServiceFixture f;
  f.train();
  const std::string address = f.mat
                                  .succeed({"service", "deploy", "m@1", "--name", "s", "-d",
                                            "--precision", "fp32", "--json"})
                                  .json()["address"];
  std::atomic<bool> is_over = false;
  std::atomic<int> asked = 0, failed = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!is_over) {
        try {
          if (f.predict(address).status != 200) ++failed;
        } catch (const Error&) {
          ++failed;
        }
        ++asked;
      }
    });
  }
  for (const char* version : {"m@2", "m@1", "m@2"})
    f.mat.succeed({"service", "update", "s", version});
  CHECK(f.mat.run({"service", "update", "s", "m@9"}).exit_code == 3);
  is_over = true;
  for (std::thread& client : clients) client.join();
  CHECK(failed == 0);
  CHECK(asked > 10);
  CHECK(f.show("s")["source"] == "m@V0002");
  CHECK(f.ask(address, "/metrics").body.find("mat_model_info{model=\"m@V0002\"} 1") !=
        std::string::npos);
}

TEST_CASE("a model in service stays, until the service serves another") {
  ServiceFixture f;
  f.mat.succeed({"model", "create", "m", "--name", "flowers"});
  f.mat.succeed({"model", "create", "m", "--name", "flowers", "--model-version", "1.0.1"});
  const Json deployed =
      f.mat.succeed({"service", "deploy", "flowers@1.0.0", "-d", "--precision", "fp32", "--json"})
          .json();
  CHECK(deployed["name"] == "flowers");
  CHECK(deployed["source"] == "flowers@1.0.0");
  CHECK(f.predict(deployed["address"]).status == 200);
  CHECK(f.mat.run({"model", "delete", "flowers@1.0.0", "-y"}).exit_code == 4);
  f.mat.succeed({"service", "update", "flowers", "flowers@1.0.1"});
  CHECK(f.ask(deployed["address"], "/v2/models/flowers/versions/1.0.1").status == 200);
  f.mat.succeed({"model", "delete", "flowers@1.0.0", "-y"});
  CHECK(f.mat.run({"model", "delete", "flowers", "-y"}).exit_code == 4);
}

TEST_CASE("a token is wanted for all but the page and the health of the service") {
  ServiceFixture f;
  const Json deployed = f.deploy("s", {"--host", "0.0.0.0"});
  CHECK(deployed["address"].get<std::string>().find("http://127.0.0.1:") == 0);
  CHECK(f.mat.succeed({"service", "show", "s"}).out.find(", and this machine's other addresses") !=
        std::string::npos);
  const std::string token = deployed["token"];
  const std::string address = deployed["address"];
  CHECK(f.predict(address).status == 401);
  CHECK(f.predict(address, "red", {{"Authorization", "Bearer wrong"}}).status == 401);
  CHECK(f.predict(address, "red", {{"Authorization", "Bearer " + token}}).status == 200);
  CHECK(f.ask(address, "/metrics").status == 401);
  CHECK(f.ask(address, "/nothing").status == 401);
  CHECK(f.ask(address, "/").status == 200);
  CHECK(f.ask(address, "/v2/health/ready").status == 200);
  CHECK(f.mat.succeed({"service", "predict", "s", f.picture()}).out.find("red") !=
        std::string::npos);
  const fs::path file = f.mat.home() / "services" / "s" / "token";
  CHECK((fs::status(file).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(f.mat.run({"service", "show", "s"}).out.find(token) == std::string::npos);
  CHECK(read_file(f.mat.home() / "services" / "s" / "log.txt").find(token) == std::string::npos);
  for (const char* bad : {"short", ""}) {
    CHECK(f.mat.run({"service", "deploy", "m", "--name", "t", "--token", bad}).exit_code == 2);
  }
}

TEST_CASE("what listens on all addresses says where it is reached, here and from elsewhere") {
  ServiceFixture f;
  const Output deployed = f.mat.succeed({"service", "deploy", "m", "--name", "s", "--detach",
                                         "--precision", "fp32", "--host", "0.0.0.0"});
  CHECK(deployed.out.find("s answers at http://127.0.0.1:") == 0);
  CHECK(deployed.err.find("others reach it at this machine's address in place of 127.0.0.1") !=
        std::string::npos);
}

TEST_CASE("a token comes from a file or the environment too, where nobody else sees it") {
  ServiceFixture f;
  write_text(f.folder / "secret", "token-of-the-file\n");
  const auto answers_to = [&](const std::string& name, const std::string& token) {
    return f.predict(f.show(name)["address"], "red", {{"Authorization", "Bearer " + token}})
               .status == 200;
  };
  f.mat.environment["MAT_SERVICE_TOKEN"] = "token-of-the-environment";
  f.deploy("file", {"--token-file", f.folder / "secret"});
  f.deploy("environment");
  f.deploy("option", {"--token", "token-of-the-option"});
  CHECK(answers_to("file", "token-of-the-file"));
  CHECK_FALSE(answers_to("file", "token-of-the-environment"));
  CHECK(answers_to("environment", "token-of-the-environment"));
  CHECK(answers_to("option", "token-of-the-option"));
  CHECK(f.mat.run({"service", "stop", "file", "nothing"}).exit_code == 3);
  CHECK(f.status("file") == "Running");
  CHECK(f.mat.succeed({"service", "stop", "file", "option"}).out ==
        "file is Terminated: stopped by the user\noption is Terminated: stopped by the user\n");
  CHECK(f.mat.run({"service", "delete", "file", "environment", "-y"}).exit_code == 4);
  CHECK(f.mat.succeed({"service", "delete", "file", "option", "-y", "--json"}).json()["deleted"] ==
        Json{"file", "option"});
  write_text(f.folder / "empty", "\n");
  const auto refused = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"service", "deploy", "m", "--name", "t", "-d"};
    words.insert(words.end(), more.begin(), more.end());
    return f.mat.run(words).exit_code;
  };
  CHECK(refused({"--token-file", f.folder / "empty"}) == 2);
  CHECK(refused({"--token-file", f.folder / "secret", "--token", "another-token"}) == 2);
  CHECK(refused({"--token-file", f.folder / "absent"}) == 3);
  f.mat.environment["MAT_SERVICE_TOKEN"] = "short";
  CHECK(refused({}) == 2);
}

TEST_CASE("a port in use is an error that leaves nothing behind") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  const std::string port = std::to_string(port_in(address));
  for (const char* how : {"--detach", "--json"}) {
    const Output refused =
        f.mat.run({"service", "deploy", "m", "--name", "t", "--port", port, how});
    CHECK(refused.exit_code == 4);
    CHECK(refused.err.find("in use") != std::string::npos);
    CHECK(f.mat.run({"service", "show", "t"}).exit_code == 3);
  }
}

TEST_CASE("of two deploys with one name at a time one wins") {
  ServiceFixture f;
  std::vector<int> codes(4);
  std::vector<std::thread> deploys;
  for (int& code : codes) {
    deploys.emplace_back([&f, &code] {
      code = f.mat.run({"service", "deploy", "m", "--name", "s", "-d", "--precision", "fp32"})
                 .exit_code;
    });
  }
  for (std::thread& deploy : deploys) deploy.join();
  std::sort(codes.begin(), codes.end());
  CHECK(codes == std::vector<int>{0, 4, 4, 4});
  CHECK(f.status("s") == "Running");
}

TEST_CASE("auto-stop ends a service, and Ctrl-C one in the foreground") {
  ServiceFixture f;
  const pid_t limited = f.mat.start({"service", "deploy", "m", "--name", "a", "--auto-stop", "1s"});
  CHECK(f.mat.wait_for(limited).exit_code == 6);
  CHECK(f.show("a")["reason"] == "auto_stop after 1.0s");
  const pid_t pid = f.mat.start({"service", "deploy", "m", "--name", "s"});
  // Another command would write into the same file.
  REQUIRE(wait_until(
      [&] { return read_file_if_exists(f.folder / "out").value_or("").find("s answers") == 0; }));
  ::kill(pid, SIGINT);
  const Output ended = f.mat.wait_for(pid);
  CHECK(ended.exit_code == 130);
  CHECK(ended.out.find("s answers at http://127.0.0.1:") == 0);
  CHECK(f.show("s")["reason"] == "interrupted by Ctrl-C");

  const pid_t again = f.mat.start({"service", "start", "s", "--foreground"});
  REQUIRE(wait_until(
      [&] { return read_file_if_exists(f.folder / "out").value_or("").find("s answers") == 0; }));
  ::kill(again, SIGINT);
  CHECK(f.mat.wait_for(again).exit_code == 130);
  CHECK(f.mat.run({"service", "start", "s", "--foreground", "-d"}).exit_code == 2);
}

TEST_CASE("Ctrl-C while a service is started in the background takes it back") {
  ServiceFixture f;
  const pid_t pid = f.mat.start({"service", "deploy", "m", "--name", "s", "--detach"});
  REQUIRE(wait_until([&] {
    return read_file_if_exists(f.mat.home() / "services" / "s" / "log.txt")
               .value_or("")
               .find("opens m@V0001") != std::string::npos;
  }));
  ::kill(pid, SIGINT);
  const Output ended = f.mat.wait_for(pid);
  CHECK(ended.exit_code == 130);
  CHECK(ended.out == "");
  CHECK(ended.err.find("s is not served: interrupted by Ctrl-C") != std::string::npos);
  CHECK(f.mat.run({"service", "show", "s"}).exit_code == 3);
}

TEST_CASE("hostile names and sources are refused before anything is made") {
  ServiceFixture f;
  for (const char* name : {"..", "../x", "/x", "a\nb", "a b", ".hidden", "-"}) {
    CAPTURE(name);
    CHECK(f.mat.run({"service", "deploy", "m", "--name", name, "-d"}).exit_code == 2);
  }
  CHECK(f.mat.run({"service", "deploy", "nothing", "-d"}).exit_code == 3);
  CHECK(f.mat.run({"service", "show", "../m"}).exit_code == 3);
  for (const char* no_time : {"never", "3"}) {
    CHECK(f.mat.run({"service", "deploy", "m", "--auto-stop", no_time}).exit_code == 2);
  }
  CHECK(f.mat.run({"service", "deploy", "m", "--max-body", "2TB"}).exit_code == 2);
  CHECK(f.mat.run({"service", "deploy", "m", "--host", "192.0.2.7"}).exit_code == 2);
  CHECK_FALSE(fs::exists(f.mat.home() / "services"));
}

}  // namespace mat::test
