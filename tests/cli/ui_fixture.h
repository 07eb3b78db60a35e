#pragma once

#include <signal.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/http/client.h"
#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

// `mat ui` on a home, asked as its page asks.
class UiFixture : public Fixture {
 public:
  void start_ui(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"ui", "--port", "0"};
    words.insert(words.end(), more.begin(), more.end());
    // Until the new process writes, it holds what another one has written.
    fs::remove(folder / "out");
    pid_ = mat.start(words);
    REQUIRE(wait_until([&] {
      const std::string out = read_file_if_exists(folder / "out").value_or("");
      if (out.find('\n') == out.npos) return false;
      page_address = out.substr(0, out.find('\n'));
      return true;
    }));
    address = page_address.substr(0, page_address.find("/?"));
    token = page_address.substr(page_address.find("token=") + 6);
    cookie = "mat-" + address.substr(address.rfind(':') + 1) + "=" + token;
  }
  int stop_ui() {
    if (pid_ <= 0) return -1;
    ::kill(pid_, SIGTERM);
    return mat.wait_for(std::exchange(pid_, 0)).exit_code;
  }
  ~UiFixture() { stop_ui(); }

  HttpResponse ask(const std::string& method, const std::string& target, HttpHeaders headers,
                   const std::string& body = "") const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = body;
    return send_http(address, request, 60);
  }
  HttpResponse get(const std::string& target) const {
    return ask("GET", target, {{"Cookie", cookie}});
  }
  Json get_json(const std::string& target) const {
    const HttpResponse response = get(target);
    INFO(target << ": " << response.body);
    REQUIRE(response.status == 200);
    return Json::parse(response.body);
  }
  std::pair<int, Json> act(const Json& action) const {
    const HttpResponse response =
        ask("POST", "/api/commands",
            {{"Cookie", cookie}, {"Content-Type", "application/json"}, {"X-Mat", "1"}},
            to_json_text(action));
    return {response.status, Json::parse(response.body)};
  }
  Json done(const Json& action) const {
    const auto [status, answer] = act(action);
    INFO(answer.dump());
    REQUIRE(status == 200);
    return answer["result"];
  }

  std::string page_address;  // with the token
  std::string address, token, cookie;

 private:
  pid_t pid_ = 0;
};

}  // namespace mat::test
