#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/http/client.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/service/service_api.h"
#include "tests/core/service/fake_model.h"

namespace mat {

// A service of a model that knows red, green and blue, in this process.
class FakeService {
 public:
  explicit FakeService(ServiceApiOptions api_options = {}, BatcherOptions batcher = {},
                       HttpLimits limits = {}) {
    api_options.name = "colours";
    api.emplace(std::move(api_options), make("m@V0001", std::move(batcher)));
    HttpServerOptions options;
    options.loop = loop;
    options.limits = limits;
    options.admit = [this](const HttpRequest& request) { return api->admit(request); };
    options.done = [this](const HttpExchange& exchange) { api->count(exchange); };
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server.emplace(std::move(listening), std::move(options),
                   [this](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                     api->handle(std::move(request), std::move(responder));
                   });
  }

  std::shared_ptr<ServedModel> make(const std::string& reference, BatcherOptions options = {}) {
    auto served = std::make_shared<ServedModel>();
    served->reference = reference;
    options.answered = [this](std::size_t pictures, double seconds) {
      if (api) api->metrics().count_batch(pictures, seconds);
    };
    options.decoded = [this](double seconds) {
      if (api) api->metrics().count_decoding(seconds);
    };
    options.idle_work = loop;
    served->batcher = std::make_unique<Batcher>(
        [control = control] { return std::make_unique<FakeModel>(control); }, fake_description(),
        std::move(options));
    return served;
  }

  HttpResponse send(const std::string& method, const std::string& target,
                    const std::string& body = "", HttpHeaders headers = {}) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.headers = std::move(headers);
    return send_http(http_address("127.0.0.1", port), request, 20);
  }
  HttpResponse post(const std::string& target, const std::string& type,
                    const std::string& body) const {
    return send("POST", target, body, {{"Content-Type", type}});
  }

  const std::shared_ptr<HttpLoop> loop = std::make_shared<HttpLoop>();
  std::shared_ptr<FakeControl> control = std::make_shared<FakeControl>();
  int port = 0;
  std::optional<ServiceApi> api;
  std::optional<HttpServer> server;
};

}  // namespace mat
