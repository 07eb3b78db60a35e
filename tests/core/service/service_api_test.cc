#include "core/service/service_api.h"

#include <catch2/catch.hpp>
#include <thread>

#include "core/http/base64.h"
#include "core/image/encode.h"
#include "tests/core/http/raw_client.h"
#include "tests/core/service/fake_service.h"
#include "tests/test_files.h"

namespace mat {
namespace {

const std::string kRed = bmp_of_color(20, 20, 0xff0000);
const std::string kBlue = bmp_of_color(20, 20, 0x0000ff);

std::string label(const HttpResponse& response) {
  CAPTURE(response.status, response.body);
  REQUIRE(response.status == 200);
  return Json::parse(response.body)["predicted_label"];
}

std::string form(const std::vector<std::string>& pictures, const std::string& fields = {}) {
  std::string body = fields;
  for (const std::string& picture : pictures) {
    body += "--b\r\nContent-Disposition: form-data; name=\"p\"; filename=\"p.bmp\"\r\n\r\n" +
            picture + "\r\n";
  }
  return body + "--b--\r\n";
}

std::string form_field(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

std::string infer(const std::string& type, const Json& shape, const Json& data) {
  Json input{{"name", "image"}, {"datatype", type}, {"shape", shape}, {"data", data}};
  Json document{{"id", "7"}};
  document["inputs"] = Json::array({input});
  return to_json_text(document);
}

}  // namespace

TEST_CASE("a picture is the body, a part of a form, or base64 in JSON") {
  FakeService service;
  CHECK(label(service.post("/predict", "image/bmp", kRed)) == "red");
  CHECK(label(service.post("/predict", "", kBlue)) == "blue");
  CHECK(label(service.post("/predict", "application/x-www-form-urlencoded", kRed)) == "red");
  CHECK(label(service.post("/predict", "multipart/form-data; boundary=b", form({kBlue}))) ==
        "blue");
  // What a form says beside it is no picture, and a picture needs no file name.
  for (const std::string& body :
       {form({kBlue}, form_field("user", "anna")),
        form_field("user", "anna") + form_field("picture", kBlue) + "--b--\r\n"}) {
    CHECK(label(service.post("/predict", "multipart/form-data; boundary=b", body)) == "blue");
  }
  CHECK(service.post("/predict", "multipart/form-data; boundary=b", form({}, form_field("a", "b")))
            .status == 400);
  const std::string json = R"({"image": ")" + encode_base64(kRed) + "\"}";
  CHECK(label(service.post("/predict", "application/json", json)) == "red");
  const std::string url = R"({"image": "data:image/bmp;base64,)" + encode_base64(kRed) + "\"}";
  CHECK(label(service.post("/predict", "application/json; charset=utf-8", url)) == "red");
}

TEST_CASE("what is odd about a picture that was answered stands in the answer") {
  FakeService service;
  constexpr int kSide = 128;
  Image red{kSide, kSide, {}};
  for (int i = 0; i < kSide * kSide; ++i) {
    const auto noise = static_cast<std::uint8_t>(i * i % 61);
    red.pixels.insert(red.pixels.end(), {static_cast<std::uint8_t>(180 + noise), noise, 0});
  }
  const std::vector<std::uint8_t> whole = to_jpeg(red, 90);
  const auto end = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * 9 / 10);
  const std::string cut(whole.begin(), end);
  Json answer = Json::parse(service.post("/predict", "image/jpeg", cut).body);
  CHECK(answer["predicted_label"] == "red");
  REQUIRE(answer["warnings"].size() == 1);
  CHECK_FALSE(answer["warnings"][0].get<std::string>().empty());
  const std::string good(whole.begin(), whole.end());
  CHECK_FALSE(Json::parse(service.post("/predict", "image/jpeg", good).body).contains("warnings"));
  const auto infer_of = [&](const std::vector<std::string>& pictures) {
    Json data = Json::array();
    for (const std::string& picture : pictures) data.push_back(encode_base64(picture));
    return Json::parse(service
                           .post("/v2/models/colours/infer", "application/json",
                                 infer("BYTES", {pictures.size()}, data))
                           .body)["parameters"];
  };
  CHECK_FALSE(infer_of({good}).contains("warnings"));
  const Json both = infer_of({good, cut});
  REQUIRE(both.contains("warnings"));
  CHECK(both["warnings"][0].is_null());
  CHECK(both["warnings"][1] == answer["warnings"][0]);
}

TEST_CASE("an answer has ModelArts' form") {
  FakeService service;
  const HttpResponse response =
      service.post("/predict", "image/bmp", bmp_of_color(20, 20, 0xc08000));
  CHECK(response.content_type == "application/json");
  CHECK(
      response.body ==
      R"({"predicted_label":"red","scores":[["red","0.6000"],["green","0.4000"],["blue","0.0000"]]})"
      "\n");
}

TEST_CASE("several pictures get a list, with each bad one's own error") {
  FakeService service;
  const HttpResponse forms = service.post("/predict", "multipart/form-data; boundary=b",
                                          form({kRed, "no picture", kBlue}));
  REQUIRE(forms.status == 200);
  const Json list = Json::parse(forms.body);
  REQUIRE(list.size() == 3);
  CHECK(list[0]["predicted_label"] == "red");
  CHECK(list[1]["error"].is_string());
  CHECK(list[2]["predicted_label"] == "blue");
  const std::string json = R"({"images": [")" + encode_base64(kRed) + R"(", "%%%"]})";
  const Json two = Json::parse(service.post("/predict", "application/json", json).body);
  CHECK(two[0]["predicted_label"] == "red");
  CHECK(two[1]["error"] == "not base64");
  const std::string mixed = R"({"images": [5, null, ")" + encode_base64(kRed) + R"("]})";
  const Json three = Json::parse(service.post("/predict", "application/json", mixed).body);
  REQUIRE(three.size() == 3);
  CHECK(three[0]["error"] == "not base64");
  CHECK(three[1]["error"] == "not base64");
  CHECK(three[2]["predicted_label"] == "red");
  CHECK(service.post("/predict", "application/json", R"({"images": []})").body == "[]\n");
}

TEST_CASE("what is no picture, or no request, has its own status") {
  FakeService service;
  CHECK(service.post("/predict", "image/jpeg", "no picture").status == 422);
  CHECK(service.post("/predict", "text/html", "x").status == 415);
  CHECK(service.post("/predict", "application/x-www-form-urlencoded", "a=b").status == 415);
  CHECK(service.post("/predict", "application/json", "{").status == 400);
  CHECK(service.post("/predict", "application/json", "{}").status == 400);
  CHECK(service.post("/predict", "application/json", R"({"image": 3})").status == 400);
  CHECK(service.post("/predict", "multipart/form-data; boundary=x", "junk").status == 400);
  CHECK(service.send("GET", "/predict").status == 405);
  CHECK(header_of(service.send("GET", "/predict").headers, "allow") == "POST, OPTIONS");
  CHECK(service.send("OPTIONS", "/").status == 204);
  CHECK(service.send("GET", "/nothing").status == 404);
  CHECK(service.send("DELETE", "/v2").status == 405);
  service.control->fails = true;
  CHECK(service.post("/predict", "image/bmp", kRed).status == 500);
}

TEST_CASE("a JSON of a million fields is answered, and kept nowhere") {
  FakeService service;
  std::string many = "{";
  for (int i = 0; i < 1'000'000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  many += R"("image": ")" + encode_base64(kRed) + "\"}";
  CHECK(label(service.post("/predict", "application/json", many)) == "red");
}

TEST_CASE("too many requests are turned away until some are answered") {
  BatcherOptions batcher;
  batcher.queue_pictures = 1;
  FakeService service({}, batcher);
  service.control->hold(true);
  RawClient first(service.port);
  first.send("POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
             std::to_string(kRed.size()) + "\r\n\r\n" + kRed);
  service.control->wait_for_batches(2);
  const HttpResponse busy = service.post("/predict", "image/bmp", kRed);
  CHECK(busy.status == 503);
  CHECK(header_of(busy.headers, "retry-after") == "1");
  service.control->hold(false);
  CHECK(first.read_all().find("200 OK") != std::string::npos);
  CHECK(label(service.post("/predict", "image/bmp", kRed)) == "red");
}

TEST_CASE("KServe's protocol tells of the model and infers") {
  FakeService service;
  for (const char* path : {"/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/colours",
                           "/v2/models/m", "/v2/models/m/versions/V0001",
                           "/v2/models/m/versions/V0001/ready", "/v2/models/colours/ready"}) {
    CAPTURE(path);
    CHECK(service.send("GET", path).status == 200);
  }
  CHECK(service.send("GET", "/v2/models/other").status == 404);
  CHECK(service.send("GET", "/v2/models/m/versions/V0002").status == 404);
  const Json model = Json::parse(service.send("GET", "/v2/models/m").body);
  CHECK(model["name"] == "m");
  CHECK(model["outputs"][0]["shape"] == Json::array({-1, 3}));

  const HttpResponse files =
      service.post("/v2/models/colours/infer", "application/json",
                   infer("BYTES", {2}, {encode_base64(kRed), encode_base64(kBlue)}));
  REQUIRE(files.status == 200);
  const Json answer = Json::parse(files.body);
  CHECK(answer["id"] == "7");
  CHECK(answer["model_version"] == "V0001");
  CHECK(answer["parameters"]["model"] == "m@V0001");
  CHECK(answer["outputs"][0]["shape"] == Json::array({2, 3}));
  CHECK(answer["outputs"][0]["data"].size() == 6);
  CHECK(answer["outputs"][1]["data"] == Json::array({"red", "blue"}));

  // Beyond the protocol: a file alone, which base64 would make a third larger.
  const HttpResponse file = service.post("/v2/models/colours/infer", "image/bmp", kBlue);
  REQUIRE(file.status == 200);
  CHECK(Json::parse(file.body)["outputs"][1]["data"] == Json::array({"blue"}));
  CHECK(service.post("/v2/models/colours/infer", "image/*", "no picture").status == 422);
  CHECK(service.post("/v2/models/colours/infer", "image/*", "").status == 400);
}

TEST_CASE("KServe's tensors are pixels, nested or flat, and their shape counts") {
  FakeService service;
  const auto ask = [&](const std::string& body) {
    return service.post("/v2/models/m/infer", "application/json", body);
  };
  const auto label_of = [&](const std::string& body) {
    const HttpResponse response = ask(body);
    CAPTURE(response.body);
    REQUIRE(response.status == 200);
    return Json::parse(response.body)["outputs"][1]["data"][0].get<std::string>();
  };
  const Json flat = Json::array({0, 255, 0, 0, 255, 0});
  CHECK(label_of(infer("UINT8", Json::array({1, 1, 2, 3}), flat)) == "green");
  const Json nested = Json::parse("[[[[0, 0, 1], [0, 0, 0.5]]]]");
  CHECK(label_of(infer("FP32", Json::array({1, 1, 2, 3}), nested)) == "blue");
  CHECK(label_of(infer("FP32", Json::array({1, 2, 3}), nested)) == "blue");
  const std::vector<std::string> bad{
      infer("UINT8", Json::array({1, 1, 3, 3}), flat),
      infer("UINT8", Json::array({1, 1, 2, 4}), flat),
      infer("UINT8", Json::array({1, 1'000'000, 1'000'000, 3}), flat),
      infer("UINT8", Json::array({1, 1, 1, 3}), Json::array({0, 256, 0})),
      infer("FP32", Json::array({1, 1, 1, 3}), Json::array({0, 2, 0})),
      infer("INT64", Json::array({1, 1, 2, 3}), flat),
      infer("BYTES", Json::array({2}), Json::array({"AAAA"})),
      infer("BYTES", Json::array({1}), Json::array({"*"})),
      "{}",
      R"({"inputs": [{}, {}]})",
      R"({"inputs": [{"datatype": "UINT8", "shape": [1], "parameters": {"binary_data_size": 3}}]})"};
  for (const std::string& body : bad) {
    CAPTURE(body);
    CHECK(ask(body).status == 400);
  }
  CHECK(ask(infer("BYTES", Json::array({1}), Json::array({"AAAA"}))).status == 422);
}

TEST_CASE("a token is wanted, and a local service answers to local names") {
  ServiceApiOptions options;
  options.token = "a-secret-token";
  FakeService secret(options);
  CHECK(secret.post("/predict", "image/bmp", kRed).status == 401);
  CHECK(
      secret.send("POST", "/predict", kRed, {{"Authorization", "Bearer a-secret-token"}}).status ==
      200);
  CHECK(secret.send("GET", "/v2/health/live").status == 200);
  CHECK(secret.send("GET", "/").status == 200);
  options = {};
  options.only_local = true;
  FakeService local(options);
  const auto status = [&](const std::string& host) {
    RawClient client(local.port);
    client.send("GET /v2 HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    return client.read_all().substr(9, 3);
  };
  CHECK(status("localhost:80") == "200");
  CHECK(status("127.0.0.1:80") == "200");
  CHECK(status("[::1]:80") == "200");
  CHECK(status("evil.example.com") == "403");
}

TEST_CASE("a page of another site has no browser ask a service without a token") {
  ServiceApiOptions options;
  options.only_local = true;
  FakeService local(options);
  const auto status = [&](const HttpHeaders& headers, const std::string& method = "GET") {
    std::string text = method + " /v2 HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n";
    for (const auto& [name, value] : headers) text.append(name + ": " + value + "\r\n");
    RawClient client(local.port);
    client.send(text + "\r\n");
    return client.read_all().substr(9, 3);
  };
  for (const char* host :
       {"evil.example.com", "localhost.example.com:80", "localhost:3000", "localhost"}) {
    CAPTURE(host);
    CHECK(status({{"Origin", std::string("http://") + host}}) == "403");
    CHECK(status({{"Origin", std::string("http://") + host}}, "OPTIONS") == "403");
  }
  for (const char* origin : {"null", "file://", "localhost"}) {
    CAPTURE(origin);
    CHECK(status({{"Origin", origin}}) == "403");
  }
  CHECK(status({{"Sec-Fetch-Site", "cross-site"}}) == "403");
  for (const char* origin : {"http://localhost:80", "http://127.0.0.1:80", "http://[::1]:80"}) {
    CAPTURE(origin);
    CHECK(status({{"Origin", origin}, {"Sec-Fetch-Site", "same-origin"}}) == "200");
  }
  CHECK(status({{"Sec-Fetch-Site", "none"}}) == "200");
  options.token = "a-secret-token";
  options.only_local = false;
  FakeService secret(options);
  CHECK(secret
            .send("GET", "/v2", "",
                  {{"Origin", std::string("http://") + "app.example.com"},
                   {"Authorization", "Bearer a-secret-token"}})
            .status == 200);
}

TEST_CASE("another model is swapped in without a failed request") {
  FakeService service;
  std::atomic<bool> is_over = false;
  std::atomic<int> failed = 0, asked = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!is_over) {
        if (service.post("/predict", "image/bmp", kRed).status != 200) ++failed;
        ++asked;
      }
    });
  }
  for (int i = 2; i < 12; ++i) service.api->swap(service.make("m@V" + std::to_string(i)));
  while (asked < 50) std::this_thread::yield();
  is_over = true;
  for (std::thread& client : clients) client.join();
  CHECK(failed == 0);
  CHECK(service.api->model()->reference == "m@V11");
}

TEST_CASE("metrics count requests, batches and bytes, and strangers name nothing") {
  FakeService service;
  service.post("/predict", "image/bmp", kRed);
  service.send("GET", "/some/strange/path");
  const std::string text = service.send("GET", "/metrics").body;
  CHECK(text.find("mat_requests_total{path=\"/predict\",code=\"200\"} 1\n") != std::string::npos);
  CHECK(text.find("mat_requests_total{path=\"other\",code=\"404\"} 1\n") != std::string::npos);
  CHECK(text.find("strange") == std::string::npos);
  CHECK(text.find("mat_decode_seconds_count 1\n") != std::string::npos);
  CHECK(text.find("mat_batch_pictures_count 1\n") != std::string::npos);
  CHECK(text.find("mat_model_info{model=\"m@V0001\"} 1\n") != std::string::npos);
}

TEST_CASE("openapi.json names every path, and refers to nothing that is not there") {
  FakeService service;
  const Json document = Json::parse(service.send("GET", "/openapi.json").body);
  CHECK(document["openapi"] == "3.0.3");
  const std::string text = to_json_text(document);
  for (std::size_t at = text.find("#/components/schemas/"); at != text.npos;
       at = text.find("#/components/schemas/", at + 1)) {
    const std::size_t begin = at + std::string("#/components/schemas/").size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    CAPTURE(name);
    CHECK(document["components"]["schemas"].contains(name));
  }
  CHECK(document["paths"].size() == 13);
}

}  // namespace mat
