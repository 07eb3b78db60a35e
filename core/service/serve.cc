#include "core/service/serve.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/model/model_source.h"
#include "core/run/provenance.h"
#include "core/run/stop_request.h"
#include "core/service/open_fastest.h"
#include "core/service/service_api.h"
#include "core/service/service_folder.h"
#include "core/service/service_log.h"
#include "core/service/service_settings.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
// The body budget is at least for so many of the largest requests.
constexpr std::size_t kLargeRequests = 8;
constexpr std::size_t kLeastBodyBytes = 256 << 20;

class Service {
 public:
  Service(const Home& home, const ServeRequest& request, FileDescriptor listening)
      : home_(home),
        request_(request),
        registry_(home, Registry::Mode::write),
        record_(registry_.service(request.service)),
        folder_(home.service_folder(record_.name)),
        settings_(service_settings_from_json(record_.settings, "service " + record_.name)),
        log_(service_log_path(folder_)),
        listening_(std::move(listening)) {}

  ServeEnd run() {
    try {
      open();
      announce();
      const ServeEnd end = wait();
      log_.line("ends: " + end.reason);
      server_->stop(settings_.drain_s);
      record_end(Status::terminated, end.reason);
      return end;
    } catch (const Error& e) {
      fail(e.message(), e.hint());
      throw;
    } catch (const std::exception& e) {
      fail(e.what(), "");
      throw;
    }
  }

 private:
  std::shared_ptr<ServedModel> open_served(const ModelSource& source) {
    ModelRequest model;
    model.file = source.file;
    model.description = source.description;
    model.cache_folder = home_.cache();
    model.device = settings_.device;
    model.precision = settings_.precision;
    model.layout = "auto";
    model.batch_size = static_cast<int>(settings_.batch_size);
    model.threads = usable_cores();
    BatcherOptions options;
    options.batch_size = model.batch_size;
    options.decode_threads = usable_cores();
    options.max_pixels = settings_.max_pixels;
    options.answered = [this](std::size_t pictures, double seconds) {
      if (api_) api_->metrics().count_batch(pictures, seconds);
    };
    auto served = std::make_shared<ServedModel>();
    served->reference = source.reference;
    served->batcher = std::make_unique<Batcher>(
        [&] { return open_fastest(request_.open_model, model); }, source.description, options);
    return served;
  }

  void open() {
    const std::string address = http_address(settings_.host, port_of(listening_));
    log_.line(
        fmt::format("opens {} for {} (process {})", record_.reference(), address, ::getpid()));
    ServiceApiOptions options;
    options.name = record_.name;
    options.token = read_service_token(folder_);
    options.only_local = options.token.empty() && is_loopback(settings_.host);
    options.body_bytes = settings_.max_body_bytes;
    options.max_pixels = settings_.max_pixels;
    auto model = open_served(find_model_source(registry_, record_.source));
    facts_ = {
        {"pid", ::getpid()}, {"host", this_machine().host}, {"model", model->batcher->facts()}};
    api_ = std::make_unique<ServiceApi>(std::move(options), std::move(model));

    HttpServerOptions server;
    server.limits.body_bytes = settings_.max_body_bytes;
    server.limits.all_body_bytes =
        std::max(kLeastBodyBytes, kLargeRequests * settings_.max_body_bytes);
    server.limits.connections = static_cast<std::size_t>(settings_.max_connections);
    server.admit = [this](const HttpRequest& r) { return api_->admit(r); };
    server.done = [this](const HttpExchange& exchange) { note(exchange); };
    record_.address = address;
    server_ = std::make_unique<HttpServer>(
        std::move(listening_), std::move(server),
        [this](HttpRequest&& r, std::shared_ptr<HttpResponder> responder) {
          api_->handle(std::move(r), std::move(responder));
        });
    api_->connections = [this] { return server_->connections(); };
  }

  void note(const HttpExchange& exchange) {
    api_->count(exchange);
    log_.line(fmt::format("{} {} {} {} {} {:.1f} ms", exchange.address,
                          exchange.method.empty() ? "-" : exchange.method,
                          exchange.path.empty() ? "-" : exchange.path, exchange.status,
                          exchange.bytes_in, exchange.seconds * 1000));
  }

  void announce() {
    const bool is_mine = registry_.change_service(record_.id, {Status::pending, Status::running},
                                                  {.status = Status::running,
                                                   .reason = "",
                                                   .address = record_.address,
                                                   .facts = facts_,
                                                   .settings = {}});
    if (!is_mine) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} was given up before it had begun", record_.name));
    }
    log_.line("answers at " + record_.address);
    if (request_.ready) request_.ready(registry_.service(record_.id));
  }

  ServeEnd wait() {
    for (;;) {
      if (is_stop_requested(folder_)) {
        return {ServeEnd::Why::asked, requested_stop(folder_).value_or("stopped")};
      }
      // Nobody could find it any more.
      if (::access((folder_ / "lock").c_str(), F_OK) != 0 && errno == ENOENT) {
        return {ServeEnd::Why::asked, "its folder was deleted"};
      }
      if (std::string reason = request_.stop_reason(); !reason.empty()) {
        return {ServeEnd::Why::stopped_here, std::move(reason)};
      }
      const auto& limit_s = settings_.auto_stop_s;
      if (limit_s && monotonic_seconds() - request_.begun_s >= *limit_s) {
        return {ServeEnd::Why::auto_stop, "auto_stop after " + format_duration(*limit_s)};
      }
      if (is_update_requested(folder_)) update();
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  void update() {
    UpdateAnswer answer;
    try {
      const auto asked = take_update_request(folder_);
      if (!asked) return;
      answer.id = asked->id;
      const ModelSource source = find_model_source(registry_, asked->source);
      log_.line("opens " + source.reference);
      auto model = open_served(source);
      facts_["model"] = model->batcher->facts();
      // Recorded first: a model in service cannot be deleted.
      registry_.set_service_source(record_.id, source.source, source.model_version);
      api_->swap(std::move(model));
      registry_.set_service_facts(record_.id, facts_);
      log_.line("serves " + source.reference);
    } catch (const Error& e) {
      answer.code = e.exit_code();
      answer.message = e.message();
      answer.hint = e.hint();
    } catch (const std::exception& e) {
      answer.code = static_cast<int>(ErrorKind::io);
      answer.message = e.what();
    }
    if (answer.code != 0) log_.line("goes on as before: " + answer.message);
    try {
      answer_update(folder_, answer);
    } catch (const Error& e) {
      log_.line("cannot answer the update: " + e.message());
    }
  }

  void record_end(Status status, const std::string& reason) {
    registry_.change_service(
        record_.id, {Status::pending, Status::running},
        {.status = status, .reason = reason, .address = {}, .facts = {}, .settings = {}});
    withdraw_stop(folder_);
  }

  void fail(const std::string& message, const std::string& hint) {
    log_.line("failed: " + message);
    facts_["hint"] = hint;
    try {
      registry_.change_service(record_.id, {Status::pending, Status::running},
                               {.status = Status::failed,
                                .reason = message,
                                .address = {},
                                .facts = facts_,
                                .settings = {}});
    } catch (const Error& e) {
      // Whoever looks next finds its lock free.
      log_.line("cannot record it: " + e.message());
    }
  }

  const Home& home_;
  const ServeRequest& request_;
  Registry registry_;
  ServiceRecord record_;
  fs::path folder_;
  ServiceSettings settings_;
  ServiceLog log_;
  FileDescriptor listening_;
  Json facts_ = Json::object();
  std::unique_ptr<ServiceApi> api_;
  // Ends before what it calls.
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

ServeEnd serve(const Home& home, const ServeRequest& request, FileDescriptor listening) {
  return Service(home, request, std::move(listening)).run();
}

}  // namespace mat
