#pragma once

#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/http/client.h"
#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

// A home with a trained version, "m@V0001", of the classes red and green, and services of it.
class ServiceFixture : public Fixture {
 public:
  ServiceFixture() {
    draw_pictures(folder / "data", {"red", "green"}, 12);
    train();
  }

  void train() {
    const std::string spec = write_spec("job.yaml", small_spec("m", "./data", 3));
    mat.succeed({"job", "create", "-f", spec});
  }

  // In the background, with the quickest way to open a model.
  Json deploy(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"service",  "deploy",      "m",    "--name", name,
                                   "--detach", "--precision", "fp32", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return mat.succeed(words).json();
  }

  Json show(const std::string& name) const {
    return mat.succeed({"service", "show", name, "--json"}).json();
  }
  std::string status(const std::string& name) const { return show(name)["status"]; }
  bool becomes(const std::string& name, const std::string& wanted) const {
    return wait_until([&] { return status(name) == wanted; });
  }
  int process_of(const std::string& name) const { return show(name)["facts"]["pid"]; }

  std::string picture(const std::string& label = "red") const {
    for (const auto& entry : fs::directory_iterator(folder / "data" / label)) return entry.path();
    throw std::runtime_error("no picture");
  }

  static HttpResponse ask(const std::string& address, const std::string& target,
                          const std::string& body = "", HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.target = target;
    request.body = body;
    request.headers = std::move(headers);
    return send_http(address, request, 30);
  }
  HttpResponse predict(const std::string& address, const std::string& label = "red",
                       HttpHeaders headers = {}) const {
    headers.emplace_back("Content-Type", "image/bmp");
    return ask(address, "/predict", read_file(picture(label)), std::move(headers));
  }

  // Whatever a test has left running would outlive it.
  ~ServiceFixture() {
    const Output listed = mat.run({"service", "list", "--limit", "0", "--json"});
    if (listed.exit_code != 0) return;
    const Json document = listed.json();
    for (const Json& service : document["services"]) {
      mat.run({"service", "stop", service["name"], "--force"});
    }
  }
};

}  // namespace mat::test
