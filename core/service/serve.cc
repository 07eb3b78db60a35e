#include "core/service/serve.h"

#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/life/stop_request.h"
#include "core/model/model_source.h"
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
        listening_(std::move(listening)) {
    // Its first process has answered: with one that dies again and again the time goes on, too.
    if (request.restarts > 0) answers_since_s_ = request.begun_s;
  }

  ServeEnd run() {
    try {
      const auto ended_before = open();
      if (!ended_before) announce();
      ServeEnd end = ended_before ? *ended_before : wait();
      log_.line("ends: " + end.reason);
      if (update_) answer_update_with(answer_of(stopped_meanwhile()));
      if (server_) server_->stop(settings_.drain_s);
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
  // By another thread, while this one looks for what ends the service.
  std::future<std::shared_ptr<ServedModel>> begin_opening(const ModelSource& source) {
    return std::async(std::launch::async, [this, source] { return open_served(source); });
  }

  std::shared_ptr<ServedModel> open_served(const ModelSource& source) {
    return source.table ? open_table(source) : open_pictures(source);
  }

  std::function<void(std::size_t, double)> counting() {
    return [this](std::size_t count, double seconds) {
      if (api_) api_->metrics().count_batch(count, seconds);
    };
  }

  std::shared_ptr<ServedModel> open_table(const ModelSource& source) {
    if (settings_.precision == "bf16") {
      throw Error(ErrorKind::usage, "rows of tables are computed in fp32 only");
    }
    TableRequest model;
    model.file = source.file;
    model.description = *source.table;
    model.device = settings_.device;
    // A network for tables is small: more threads cost more than they bring.
    model.threads = 1;
    TableBatcherOptions options;
    options.answered = counting();
    options.idle_work = loop_;
    auto served = std::make_shared<ServedModel>();
    served->reference = source.reference;
    served->table = std::make_unique<TableBatcher>([&] { return request_.open_table_model(model); },
                                                   *source.table, std::move(options));
    return served;
  }

  std::shared_ptr<ServedModel> open_pictures(const ModelSource& source) {
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
    options.answer_within_s = HttpLimits().answer_s;
    options.answered = counting();
    options.idle_work = loop_;
    options.decoded = [this](double seconds) {
      if (api_) api_->metrics().count_decoding(seconds);
    };
    auto served = std::make_shared<ServedModel>();
    served->reference = source.reference;
    served->batcher = std::make_unique<Batcher>(
        [&] {
          return open_fastest([&](const ModelRequest& r) { return open_unless_over(r); }, model);
        },
        source.description, options);
    return served;
  }

  // A token that was lost must not open the service to everybody.
  void require_guarded(const std::string& token) const {
    if (!token.empty() || is_loopback(settings_.host)) return;
    throw Error(
        ErrorKind::conflict,
        fmt::format("it would answer others without a token: '{}' is missing or empty",
                    service_token_path(folder_).string()),
        "write a token of 8 or more letters and digits into it, or deploy the service anew");
  }

  // A model that nobody waits for any more is not tried another time.
  std::unique_ptr<PictureModel> open_unless_over(const ModelRequest& model) {
    if (is_over_) throw Error(ErrorKind::interrupted, "the service ends");
    return request_.open_model(model);
  }

  // What ended it before it could answer, if anything did.
  std::optional<ServeEnd> open() {
    drop_update_requests(folder_);
    port_ = port_of(listening_);
    const std::string address = http_address(settings_.host, port_);
    log_.line(
        fmt::format("opens {} for {} (process {})", record_.reference(), address, ::getpid()));
    ServiceApiOptions options;
    options.name = record_.name;
    options.token = read_service_token(folder_);
    require_guarded(options.token);
    options.only_local = options.token.empty() && is_loopback(settings_.host);
    options.body_bytes = settings_.max_body_bytes;
    options.max_pixels = settings_.max_pixels;
    auto opening = begin_opening(find_model_source(registry_, record_.source));
    while (opening.wait_for(kBetweenLooks) != std::future_status::ready) {
      if (auto end = asked_to_end()) {
        is_over_ = true;
        // Recorded when it can be started again.
        opening.wait();
        return end;
      }
    }
    auto model = opening.get();
    facts_ = {{"pid", ::getpid()},
              {"host", this_machine().host},
              {"restarts", request_.restarts},
              {"model", model->facts()}};
    api_ = std::make_unique<ServiceApi>(std::move(options), std::move(model));

    HttpServerOptions server;
    server.limits.body_bytes = settings_.max_body_bytes;
    server.limits.all_body_bytes =
        std::max(kLeastBodyBytes, kLargeRequests * settings_.max_body_bytes);
    server.limits.connections = static_cast<std::size_t>(settings_.max_connections);
    server.admit = [this](const HttpRequest& r) { return api_->admit(r); };
    server.done = [this](const HttpExchange& exchange) { note(exchange); };
    server.loop = loop_;
    record_.address = address;
    server_ = std::make_unique<HttpServer>(
        std::move(listening_), std::move(server),
        [this](HttpRequest&& r, std::shared_ptr<HttpResponder> responder) {
          api_->handle(std::move(r), std::move(responder));
        });
    api_->connections = [this] { return server_->connections(); };
    return std::nullopt;
  }

  void note(const HttpExchange& exchange) {
    api_->count(exchange);
    // Whoever watches asks every few seconds.
    if (exchange.path == "/metrics" && exchange.status == 200) return;
    log_.line(fmt::format("{} {} {} {} {} {:.1f} ms", exchange.address,
                          exchange.method.empty() ? "-" : exchange.method,
                          exchange.path.empty() ? "-" : exchange.path, exchange.status,
                          exchange.bytes_in, exchange.seconds * 1000));
  }

  void announce() {
    settings_.last_port = port_;
    const bool is_mine = registry_.change_service(record_.id, {Status::pending, Status::running},
                                                  {.status = Status::running,
                                                   .reason = "",
                                                   .address = record_.address,
                                                   .facts = facts_,
                                                   .settings = to_json(settings_)});
    if (!is_mine) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} was given up before it had begun", record_.name));
    }
    if (!answers_since_s_) answers_since_s_ = monotonic_seconds();
    log_.line("answers at " + record_.address);
    if (request_.ready) request_.ready(registry_.service(record_.id));
  }

  std::optional<ServeEnd> asked_to_end() {
    if (is_stop_requested(folder_)) {
      return ServeEnd{ServeEnd::Why::asked, requested_stop(folder_).value_or("stopped")};
    }
    // Nobody could find it any more.
    if (::access((folder_ / "lock").c_str(), F_OK) != 0 && errno == ENOENT) {
      return ServeEnd{ServeEnd::Why::asked, "its folder was deleted"};
    }
    if (std::string reason = request_.stop_reason(); !reason.empty()) {
      return ServeEnd{ServeEnd::Why::stopped_here, std::move(reason)};
    }
    const auto& limit_s = settings_.auto_stop_s;
    if (limit_s && answers_since_s_ && monotonic_seconds() - *answers_since_s_ >= *limit_s) {
      return ServeEnd{ServeEnd::Why::auto_stop, "auto_stop after " + format_duration(*limit_s)};
    }
    return std::nullopt;
  }

  ServeEnd wait() {
    for (;;) {
      if (auto end = asked_to_end()) {
        is_over_ = true;
        return std::move(*end);
      }
      if (update_) {
        if (update_->model.wait_for(kBetweenLooks) == std::future_status::ready) finish_update();
        continue;
      }
      if (is_update_requested(folder_)) begin_update();
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  static UpdateAnswer answer_of(const std::exception& failure) {
    UpdateAnswer answer;
    answer.code = static_cast<int>(ErrorKind::io);
    answer.message = failure.what();
    if (const auto* error = dynamic_cast<const Error*>(&failure)) {
      answer.code = error->exit_code();
      answer.hint = error->hint();
    }
    return answer;
  }

  Error stopped_meanwhile() const {
    return Error(ErrorKind::conflict, fmt::format("{} was stopped meanwhile", record_.name));
  }

  void begin_update() {
    const auto asked = take_update_request(folder_);
    if (!asked) return;
    update_.emplace();
    update_->id = asked->id;
    try {
      update_->source = find_model_source(registry_, asked->source);
      log_.line("opens " + update_->source.reference);
      update_->model = begin_opening(update_->source);
    } catch (const std::exception& e) {
      answer_update_with(answer_of(e));
    }
  }

  void finish_update() {
    const ModelSource& source = update_->source;
    UpdateAnswer answer;
    try {
      auto model = update_->model.get();
      if (!settle_update(folder_)) {
        throw Error(ErrorKind::interrupted, "the update was taken back");
      }
      Json facts = facts_;
      facts["model"] = model->facts();
      // Recorded first: a model in service cannot be deleted.
      const bool is_recorded = registry_.set_service_source(record_.id, {Status::running},
                                                            source.source, source.model_version);
      if (!is_recorded) throw stopped_meanwhile();
      api_->swap(std::move(model));
      // What the old model took would stay in the process for its next one.
      ::malloc_trim(0);
      facts_ = std::move(facts);
      log_.line("serves " + source.reference);
    } catch (const std::exception& e) {
      answer = answer_of(e);
    }
    if (answer.code == 0) record_facts();
    answer_update_with(std::move(answer));
  }

  // What it computes with is worth no failed update: the new model answers already.
  void record_facts() {
    try {
      registry_.set_service_facts(record_.id, facts_);
    } catch (const std::exception& e) {
      log_.line(fmt::format("cannot record what it computes with: {}", e.what()));
    }
  }

  void answer_update_with(UpdateAnswer answer) {
    answer.id = update_->id;
    if (answer.code != 0 && !is_over_) log_.line("goes on as before: " + answer.message);
    try {
      answer_update(folder_, answer);
    } catch (const Error& e) {
      log_.line("cannot answer the update: " + e.message());
    }
    // The end waits for what opens a model.
    if (!is_over_) update_.reset();
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
  int port_ = 0;
  std::optional<double> answers_since_s_;
  Json facts_ = Json::object();
  // The model's thread reads from a single client itself.
  const std::shared_ptr<HttpLoop> loop_ = std::make_shared<HttpLoop>();
  std::unique_ptr<ServiceApi> api_;
  // Ends before what it calls.
  std::unique_ptr<HttpServer> server_;

  struct Update {
    std::string id;  // of the request
    ModelSource source;
    std::future<std::shared_ptr<ServedModel>> model;
  };
  std::atomic<bool> is_over_ = false;
  // Its end waits for the thread that opens the model, which uses what is above.
  std::optional<Update> update_;
};

}  // namespace

ServeEnd serve(const Home& home, const ServeRequest& request, FileDescriptor listening) {
  return Service(home, request, std::move(listening)).run();
}

}  // namespace mat
