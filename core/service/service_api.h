#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/task_threads.h"
#include "core/http/server.h"
#include "core/service/batcher.h"
#include "core/service/service_metrics.h"
#include "core/service/table_batcher.h"

namespace mat {

// A model that is being served.
struct ServedModel {
  std::string reference;             // "clothes@V0003"
  std::unique_ptr<Batcher> batcher;  // of a classifier of pictures, or:
  std::unique_ptr<TableBatcher> table;

  const Json& facts() const { return table ? table->facts() : batcher->facts(); }
  std::size_t waiting() const { return table ? table->waiting() : batcher->waiting(); }
};

struct ServiceApiOptions {
  std::string name;         // of the service
  std::string token;        // that every request but those for the page must have; empty: none
  bool only_local = false;  // requests must name this machine: no web page elsewhere can ask
  std::size_t body_bytes = 20 << 20;
  std::int64_t max_pixels = 50'000'000;
};

// What a service answers over HTTP: its routes, and what each takes. To be put into an HttpServer,
// whose thread calls it.
class ServiceApi {
 public:
  ServiceApi(ServiceApiOptions options, std::shared_ptr<ServedModel> model);

  std::optional<HttpResponse> admit(const HttpRequest& request) const;
  void handle(HttpRequest&& request, std::shared_ptr<HttpResponder> responder);
  void count(const HttpExchange& exchange);

  // From now on this model answers. Returns when the one before has answered all that it was asked.
  void swap(std::shared_ptr<ServedModel> model);
  std::shared_ptr<ServedModel> model() const;
  ServiceMetrics& metrics() { return *metrics_; }
  // For /metrics.
  std::function<std::size_t()> connections;

 private:
  struct Call;
  void ask(Call call, bool is_infer);
  void predict(Call call);
  void predict_rows(Call call);
  void infer(Call call);
  // The name in the path by which the model is asked. Throws HttpFailure when it is another's.
  std::string name_in_path(const HttpRequest& request, const std::string& reference) const;
  void infer_rows(Call call);
  HttpResponse metrics_page() const;
  Json openapi_page() const;
  HttpResponse kserve_page(const HttpRequest& request) const;

  ServiceApiOptions options_;
  std::shared_ptr<ServiceMetrics> metrics_ = std::make_shared<ServiceMetrics>();
  mutable std::mutex mutex_;
  std::shared_ptr<ServedModel> model_;
  // Reads large requests, so that the server's thread has time for others.
  TaskThreads reader_;
};

}  // namespace mat
