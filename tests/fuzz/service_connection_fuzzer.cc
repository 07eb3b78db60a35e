// Any bytes that a stranger sends to a service over a connection: request lines, headers, bodies
// whole and in pieces, one request behind another. Each is answered with HTTP or the connection is
// closed, and the service goes on. The first byte chooses how the rest is sent.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/service/service_api.h"
#include "tests/core/http/raw_client.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

class EvenModel : public mat::PictureModel {
 public:
  std::vector<float> answer(const std::vector<mat::ImageView>& pictures) override {
    return std::vector<float>(2 * pictures.size(), 0.5F);
  }
  mat::Heatmap heatmap(const mat::ImageView&, int) override { return {}; }
  mat::Json facts() const override { return mat::Json::object(); }
};

class Service {
 public:
  Service() {
    mat::ModelDescription description;
    description.network = "even";
    description.classes = {"a", "b"};
    description.preprocessing.image_size = description.preprocessing.short_side = 8;
    mat::BatcherOptions batching;
    batching.decode_threads = 1;
    batching.max_pixels = 100'000;
    auto model = std::make_shared<mat::ServedModel>();
    model->reference = "even@1.0.0";
    model->batcher = std::make_unique<mat::Batcher>([] { return std::make_unique<EvenModel>(); },
                                                    description, batching);
    mat::ServiceApiOptions options;
    options.name = "even";
    options.max_pixels = batching.max_pixels;
    api_ = std::make_unique<mat::ServiceApi>(options, std::move(model));
    mat::FileDescriptor listening = mat::listen_on("127.0.0.1", 0);
    port = mat::port_of(listening);
    mat::HttpServerOptions server;
    server.limits.header_bytes = 4 << 10;
    server.limits.body_bytes = 64 << 10;
    server.admit = [this](const mat::HttpRequest& r) { return api_->admit(r); };
    server_ = std::make_unique<mat::HttpServer>(
        std::move(listening), std::move(server),
        [this](mat::HttpRequest&& r, std::shared_ptr<mat::HttpResponder> responder) {
          api_->handle(std::move(r), std::move(responder));
        });
  }

  int port = 0;

 private:
  std::unique_ptr<mat::ServiceApi> api_;
  std::unique_ptr<mat::HttpServer> server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Service* const service = new Service;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  mat::RawClient client(service->port);
  // So many at a time, so that what belongs together comes in pieces; 0 is all at once.
  const std::size_t piece = data[0] % 4 == 0 ? 0 : bytes.size() / (data[0] % 4) + 1;
  if (piece == 0) {
    client.send(bytes);
  } else {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      if (!client.send(bytes.substr(at, piece))) break;
    }
  }
  client.finish_sending();
  const std::string answer = client.read_all(10);
  require(client.is_closed(10));
  require(answer.empty() || answer.starts_with("HTTP/1.1 ") || answer.starts_with("HTTP/1.0 "));
  client.reset();
  return 0;
}
