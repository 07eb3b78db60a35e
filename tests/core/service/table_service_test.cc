#include <catch2/catch.hpp>
#include <thread>

#include "core/http/client.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/service/service_api.h"
#include "tests/core/service/fake_table.h"

namespace mat {
namespace {

// A service of a model for tables, in this process.
class TableService {
 public:
  explicit TableService(bool is_regression, TableBatcherOptions options = {}) {
    auto served = std::make_shared<ServedModel>();
    served->reference = "prices@V0002";
    served->table = std::make_unique<TableBatcher>(
        [this, is_regression] { return std::make_unique<FakeTable>(control, is_regression); },
        fake_table(is_regression), std::move(options));
    ServiceApiOptions api_options;
    api_options.name = "shop";
    api.emplace(std::move(api_options), std::move(served));
    HttpServerOptions server_options;
    server_options.admit = [this](const HttpRequest& request) { return api->admit(request); };
    server_options.done = [this](const HttpExchange& exchange) { api->count(exchange); };
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server.emplace(std::move(listening), std::move(server_options),
                   [this](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                     api->handle(std::move(request), std::move(responder));
                   });
  }

  HttpResponse post(const std::string& target, const std::string& type,
                    const std::string& body) const {
    HttpRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.target = target;
    request.body = body;
    if (!body.empty()) request.headers = {{"Content-Type", type}};
    return send_http(http_address("127.0.0.1", port), request, 20);
  }
  HttpResponse predict(const std::string& json) const {
    return post("/predict", "application/json", json);
  }
  Json answer(const std::string& json) const {
    const HttpResponse response = predict(json);
    CAPTURE(json, response.body);
    REQUIRE(response.status == 200);
    return parse_json(response.body, "the answer");
  }
  Json get(const std::string& target) const {
    return parse_json(post(target, "", "").body, "the answer");
  }
  // What is said of a request that is refused; the service goes on.
  std::string refused(const std::string& body, const std::string& type = "application/json",
                      const std::string& target = "/predict") const {
    const HttpResponse response = post(target, type, body);
    CAPTURE(body, response.body);
    CHECK(response.status == 400);
    CHECK(answer(R"({"size":12,"kind":"flat"})").size() > 0);
    return parse_json(response.body, "the answer")["error"];
  }

  std::shared_ptr<FakeControl> control = std::make_shared<FakeControl>();
  int port = 0;
  std::optional<ServiceApi> api;
  std::optional<HttpServer> server;
};

std::string infer(const std::string& sizes, const std::string& kinds,
                  const std::string& type = "FP64") {
  return R"({"id":"7","inputs":[{"name":"kind","datatype":"BYTES","shape":[2,1],"data":)" + kinds +
         R"(},{"name":"size","datatype":")" + type + R"(","shape":[2],"data":)" + sizes + "}]}";
}

constexpr const char* kInfer = "/v2/models/shop/infer";

}  // namespace

TEST_CASE("a row is an object, several are a list or CSV, and a value is predicted for each") {
  const TableService service(true);
  CHECK(service.answer(R"({"size":12,"kind":"flat"})") == Json{{"predicted_value", 1.0}});
  CHECK(service.answer(R"({"kind":"house","size":"14","price":3})")["predicted_value"] == 12);
  CHECK(service.answer(R"({"size":null,"kind":"boat"})")["predicted_value"] == 120);
  const Json list = service.answer(R"([{"size":12,"kind":"flat"},{"size":8,"kind":" house "}])");
  REQUIRE(list.size() == 2);
  CHECK(list[1]["predicted_value"] == 9);
  CHECK(service.answer("[]") == Json::array());
  CHECK(service.answer(R"([{"size":12,"kind":"flat"}])").size() == 1);

  const HttpResponse csv =
      service.post("/predict", "text/csv; charset=utf-8", "kind,other,size\nflat,x,12\nhouse,y,\n");
  REQUIRE(csv.status == 200);
  CHECK(parse_json(csv.body, "csv")[1]["predicted_value"] == 110);
  CHECK(service.post("/predict", "application/x-www-form-urlencoded", R"( {"size":1,"kind":"a"})")
            .status == 200);
  CHECK(service.post("/predict", "image/png", "x").status == 415);
}

TEST_CASE("classes are answered as those of pictures are") {
  const TableService service(false);
  const Json answer = service.answer(R"({"size":10,"kind":"house"})");
  CHECK(answer["predicted_label"] == "cheap");
  CHECK(to_json_text(answer["scores"]) == R"([["cheap","0.9000"],["dear","0.1000"]])");
}

TEST_CASE("a bad value is told with its row and its column, and the service goes on") {
  const TableService service(true);
  CHECK(service.refused(R"([{"size":1,"kind":"flat"},{"size":"big","kind":"flat"}])") ==
        "row 2: 'size' is a number, and not 'big'");
  CHECK(service.refused(R"({"size":1,"kind":"flat","sise":2})")
            .find("row 1: there is no column 'sise'") == 0);
  CHECK(service.refused(R"({"size":1})") == "row 1: the column 'kind' is missing");
  CHECK(service.refused("{}") == "row 1: the column 'size' is missing");
  CHECK(service.refused(R"({"size":1,"kind":"flat","size":2})") ==
        "row 1: 'size' stands there twice");
  CHECK(service.refused("size\n1\n", "text/csv") == "the column 'kind' is missing");
  CHECK(service.refused("size,kind\n1,flat\nx,flat\n", "text/csv") ==
        "row 2: 'size' is a number, and not 'x'");
  CHECK(service.refused("size,kind\n1\n", "text/csv").find("the CSV:2") == 0);
  for (const char* odd : {"7", "null", "[[1]]", R"([{"size":[1],"kind":"a"}])",
                          R"({"size":{"a":1},"kind":"a"})", R"("text")", "[1]"}) {
    CHECK(service.refused(odd).find("a row is") == 0);
  }
  CHECK(service.refused("{\"size\":").find("not JSON") == 0);
  CHECK(service.refused(" ", "text/csv") == "no row: the body is empty");
  CHECK(service.refused(R"({"size":1,"kind":"a",")" + std::string(5000, 'x') + "\":1}").size() <
        300);
  CHECK(service.refused("{\"size\":1,\"kind\":\"a\",\"\\u0007\\n\":1}").find('\n') ==
        std::string::npos);
  std::string many = "[";
  for (int i = 0; i < 10'001; ++i) many += R"({"size":1,"kind":"a"},)";
  many.back() = ']';
  CHECK(service.refused(many) == "more than 10000 rows in a request");
}

TEST_CASE("KServe's protocol has an input for each column") {
  const TableService service(true);
  const auto answered = [&](const std::string& body) {
    const HttpResponse response = service.post(kInfer, "application/json", body);
    CAPTURE(response.body);
    REQUIRE(response.status == 200);
    return parse_json(response.body, "the answer");
  };
  const Json answer = answered(infer("[12,null]", R"([["flat"],["house"]])"));
  CHECK(answer["id"] == "7");
  CHECK(answer["model_name"] == "shop");
  CHECK(answer["parameters"]["model"] == "prices@V0002");
  REQUIRE(answer["outputs"].size() == 1);
  CHECK(answer["outputs"][0] ==
        Json{{"name", "value"}, {"datatype", "FP64"}, {"shape", {2}}, {"data", {1.0, 110.0}}});
  CHECK(answered(infer(R"(["12",""])", R"(["flat","house"])", "BYTES"))["outputs"] ==
        answer["outputs"]);
  CHECK(answered(infer("[12,8]", R"(["flat",3])", "INT64"))["outputs"][0]["data"] ==
        Json{1.0, 19.0});

  const auto refused = [&](const std::string& body) {
    return service.refused(body, "application/json", kInfer);
  };
  CHECK(refused(infer("[1]", R"(["a","b"])")).find("[N]") != std::string::npos);
  CHECK(refused(infer("[1,2]", R"(["a","b"])", "TEXT")).find("datatype") != std::string::npos);
  CHECK(refused(infer(R"(["1","x"])", R"(["a","b"])", "BYTES")) ==
        "row 2: 'size' is a number, and not 'x'");
  CHECK(refused(R"({"inputs":[]})").find("no inputs") == 0);
  CHECK(refused(R"({"inputs":[{"name":"size","datatype":"FP64","shape":[1],"data":[1]}]})") ==
        "the column 'kind' is missing");
  CHECK(refused(R"({"inputs":[{"name":"age","datatype":"FP64","shape":[1],"data":[1]}]})")
            .find("there is no column 'age'") == 0);
  CHECK(refused(R"({"outputs":[{"name":"label"}],"inputs":[]})") == "the outputs are: value");

  const TableService classes(false);
  const Json both = parse_json(
      classes.post(kInfer, "application/json", infer("[10,10]", R"(["flat","boat"])")).body, "it");
  CHECK(both["outputs"][0]["shape"] == Json{2, 2});
  CHECK(both["outputs"][0]["data"] == Json{1.0, 0.0, 0.8, 0.2});
  CHECK(both["outputs"][1]["data"] == Json{"cheap", "cheap"});
}

TEST_CASE("a service for tables tells its columns") {
  const TableService service(true);
  const Json model = service.get("/v2/models/shop");
  CHECK(model["inputs"] == Json{{{"name", "size"}, {"datatype", "FP64"}, {"shape", {-1}}},
                                {{"name", "kind"}, {"datatype", "BYTES"}, {"shape", {-1}}}});
  CHECK(model["outputs"][0]["name"] == "value");
  CHECK(model["parameters"]["target"] == "price");
  CHECK(to_json(table_description_from_json(model["parameters"], "it")) ==
        to_json(fake_table(true)));
  const Json openapi = service.get("/openapi.json");
  const Json& row = openapi["components"]["schemas"]["Row"];
  CHECK(row["properties"]["size"]["type"] == "number");
  CHECK(row["properties"]["kind"]["description"].get<std::string>().find("house") !=
        std::string::npos);
  CHECK(row["required"] == Json{"size", "kind"});
  CHECK(openapi["paths"]["/predict"]["post"]["requestBody"]["content"].contains("text/csv"));
  CHECK_FALSE(openapi["components"]["schemas"].contains("Pictures"));
  const HttpResponse page = service.post("/", "", "");
  CHECK(page.content_type.find("text/html") == 0);
  CHECK(page.body.find("id=\"row\"") != std::string::npos);
}

TEST_CASE("rows that come while a model for tables is busy are answered together") {
  TableBatcherOptions options;
  options.queue_rows = 4;
  const TableService service(true, std::move(options));
  service.control->hold(true);
  std::vector<std::thread> clients;
  std::vector<HttpResponse> answers(4);
  const auto send = [&](std::size_t i) {
    clients.emplace_back([&, i] { answers[i] = service.predict(R"({"size":12,"kind":"flat"})"); });
  };
  send(0);
  // The first batch was the trial.
  service.control->wait_for_batches(2);
  for (std::size_t i = 1; i < 4; ++i) send(i);
  while (service.api->model()->waiting() < 4) std::this_thread::yield();
  CHECK(service.predict(R"({"size":12,"kind":"flat"})").status == 503);
  service.control->hold(false);
  for (std::thread& client : clients) client.join();
  for (const HttpResponse& answer : answers) CHECK(answer.status == 200);
  CHECK(service.control->batches == std::vector<std::size_t>{1, 1, 3});
  service.control->fails = true;
  CHECK(service.predict(R"({"size":12,"kind":"flat"})").status == 500);
  service.control->fails = false;
  CHECK(service.predict(R"({"size":12,"kind":"flat"})").status == 200);
}

TEST_CASE("a model that does not answer as one for tables is not served") {
  const auto control = std::make_shared<FakeControl>();
  // Of classes, where one value is wanted.
  CHECK_THROWS_AS(TableBatcher([&] { return std::make_unique<FakeTable>(control, false); },
                               fake_table(true), {}),
                  Error);
  control->fails = true;
  CHECK_THROWS_AS(TableBatcher([&] { return std::make_unique<FakeTable>(control, true); },
                               fake_table(true), {}),
                  Error);
}

}  // namespace mat
