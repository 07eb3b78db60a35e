#include "core/service/service_api.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "core/base/text.h"
#include "core/http/failure.h"
#include "core/http/site.h"
#include "core/http/token.h"
#include "core/service/answers.h"
#include "core/service/kserve.h"
#include "core/service/openapi.h"
#include "core/service/picture_request.h"
#include "core/service/service_page.h"
#include "core/service/table_answers.h"
#include "core/service/table_kserve.h"
#include "core/service/table_request.h"

namespace mat {
namespace {

constexpr std::size_t kLargeBody = 32 << 10;
constexpr auto kBetweenLooks = std::chrono::milliseconds(1);
constexpr const char* kTextType = "text/plain; version=0.0.4; charset=utf-8";

enum class Route {
  page,
  openapi,
  metrics,
  predict,
  live,
  ready,
  server,
  model,
  model_ready,
  infer
};

// What a path asks for. `is_open`: also without the token.
struct Found {
  Route route;
  bool is_post = false, is_open = false;
  const char* name = "";  // for counting
};

// "/v2/models/NAME", "/v2/models/NAME/versions/V" and what follows: NAME, V and the rest.
struct ModelPath {
  std::string model, version, rest;
};

std::optional<ModelPath> model_path(const std::string& path) {
  constexpr std::string_view kModels = "/v2/models/";
  if (!path.starts_with(kModels)) return std::nullopt;
  std::vector<std::string> parts = split(path.substr(kModels.size()), '/');
  ModelPath found{parts[0], "", ""};
  std::size_t at = 1;
  if (parts.size() > 2 && parts[1] == "versions") {
    found.version = parts[2];
    at = 3;
  }
  if (parts.size() > at + 1) return std::nullopt;
  if (parts.size() == at + 1) found.rest = parts[at];
  return found;
}

std::optional<Found> route_of(const std::string& path) {
  static const std::array<std::pair<const char*, Found>, 7> kFixed{{
      {"/", {Route::page, false, true, "/"}},
      {"/openapi.json", {Route::openapi, false, true, "/openapi.json"}},
      {"/metrics", {Route::metrics, false, false, "/metrics"}},
      {"/predict", {Route::predict, true, false, "/predict"}},
      {"/v2", {Route::server, false, false, "/v2"}},
      {"/v2/health/live", {Route::live, false, true, "/v2/health/live"}},
      {"/v2/health/ready", {Route::ready, false, true, "/v2/health/ready"}},
  }};
  for (const auto& [fixed, found] : kFixed) {
    if (path == fixed) return found;
  }
  const auto of_model = model_path(path);
  if (!of_model) return std::nullopt;
  if (of_model->rest.empty()) return Found{Route::model, false, false, "/v2/models"};
  if (of_model->rest == "ready") return Found{Route::model_ready, false, false, "/v2/models/ready"};
  if (of_model->rest == "infer") return Found{Route::infer, true, false, "/v2/models/infer"};
  return std::nullopt;
}

std::string model_of(const std::string& reference) {
  return reference.substr(0, reference.find('@'));
}

std::string version_of(const std::string& reference) {
  const std::size_t at = reference.find('@');
  return at == std::string::npos ? "1" : reference.substr(at + 1);
}

HttpResponse json_response(const Json& document) {
  HttpResponse response;
  response.body = to_json_text(document) + "\n";
  return response;
}

HttpResponse too_busy() {
  return http_error(503, "too many requests wait already", {{"Retry-After", "1"}});
}

}  // namespace

struct ServiceApi::Call {
  HttpRequest request;
  std::shared_ptr<HttpResponder> responder;
  std::shared_ptr<ServedModel> model;
};

ServiceApi::ServiceApi(ServiceApiOptions options, std::shared_ptr<ServedModel> model)
    : options_(std::move(options)), model_(std::move(model)) {}

std::optional<HttpResponse> ServiceApi::admit(const HttpRequest& request) const {
  if (options_.only_local) {
    if (!is_to_loopback(request)) {
      return http_error(403, "this service answers to this machine alone, as 127.0.0.1");
    }
    if (is_of_other_site(request)) {
      return http_error(403, "this service answers no page of another site");
    }
  }
  const auto found = route_of(request.path);
  const bool is_open = found && found->is_open;
  if (!options_.token.empty() && !is_open && !has_token(request, options_.token)) {
    return http_error(401, "the token is missing or wrong: send 'Authorization: Bearer TOKEN'",
                      {{"WWW-Authenticate", "Bearer"}});
  }
  if (!found) {
    return http_error(404, fmt::format("there is no '{}' here", printable(request.path)));
  }
  const char* allowed = found->is_post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
  if (request.method == "OPTIONS") {
    HttpResponse response;
    response.status = 204;
    response.content_type.clear();
    response.headers = {{"Allow", allowed}};
    return response;
  }
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (found->is_post ? request.method != "POST" : !is_get) {
    return http_error(405, fmt::format("{} is not for this address", printable(request.method)),
                      {{"Allow", allowed}});
  }
  if (!found->is_post) return std::nullopt;
  if (request.header("content-length").empty() && request.header("transfer-encoding").empty()) {
    return http_error(411, "a request without a body");
  }
  if (!request.header("content-encoding").empty() &&
      request.header("content-encoding") != "identity") {
    return http_error(415, "send it as it is, without a content encoding");
  }
  const std::string type = request.content_type();
  const bool is_of_table = model()->table != nullptr;
  const bool is_known =
      found->route == Route::predict
          ? (is_of_table ? is_table_request_type(type) : is_picture_request_type(type))
          : type.empty() || type == "application/json" || type == "application/octet-stream" ||
                (!is_of_table && type.starts_with("image/"));
  if (!is_known) {
    return http_error(415,
                      fmt::format("'{}' is not understood: send {}", printable(type),
                                  is_of_table ? "application/json or text/csv"
                                              : "a picture (image/jpeg, image/png, image/bmp), "
                                                "multipart/form-data or application/json"));
  }
  return std::nullopt;
}

void ServiceApi::handle(HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
  try {
    const auto found = route_of(request.path);
    switch (found ? found->route : Route::server) {
      case Route::predict:
      case Route::infer:
        return ask({std::move(request), responder, model()}, found->route == Route::infer);
      case Route::page:
        return responder->respond(service_page(model()->table != nullptr));
      case Route::openapi:
        return responder->respond(json_response(openapi_page()));
      case Route::metrics:
        return responder->respond(metrics_page());
      default:
        return responder->respond(kserve_page(request));
    }
  } catch (const HttpFailure& e) {
    responder->respond(http_error(e.status(), e.what()));
  }
}

void ServiceApi::ask(Call call, bool is_infer) {
  const auto work = [this, is_infer](Call asked) {
    const auto responder = asked.responder;
    try {
      if (is_infer) {
        infer(std::move(asked));
      } else if (asked.model->table) {
        predict_rows(std::move(asked));
      } else {
        predict(std::move(asked));
      }
    } catch (const HttpFailure& e) {
      responder->respond(http_error(e.status(), e.what()));
    } catch (const std::exception& e) {
      responder->respond(http_error(500, e.what()));
    }
  };
  const std::string type = call.request.content_type();
  const bool has_to_be_read = type == "application/json" || type == "multipart/form-data" ||
                              is_infer || call.model->table != nullptr;
  if (!has_to_be_read || call.request.body.size() < kLargeBody) return work(std::move(call));
  const auto shared = std::make_shared<Call>(std::move(call));
  reader_.add([work, shared] { work(std::move(*shared)); });
}

void ServiceApi::predict(Call call) {
  PictureRequest asked = read_picture_request(std::move(call.request));
  const auto problems = std::make_shared<std::vector<std::string>>(std::move(asked.problems));
  // The model outlives its answers; to hold it from here would have it end itself.
  const std::vector<std::string>& classes = call.model->batcher->description().classes;
  if (asked.pictures.empty()) return call.responder->respond(answer_pictures(classes, {}, true));
  const bool is_list = asked.is_list;
  const auto done = [responder = call.responder, problems, &classes,
                     is_list](std::vector<PictureAnswer> answers) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!(*problems)[i].empty()) answers[i].problem = (*problems)[i];
    }
    responder->respond(answer_pictures(classes, answers, is_list));
  };
  if (!call.model->batcher->ask(std::move(asked.pictures), done)) {
    call.responder->respond(too_busy());
  }
}

void ServiceApi::predict_rows(Call call) {
  TableRowsRequest asked =
      read_table_request(std::move(call.request), call.model->table->description());
  // The model outlives its answers, which it gives before it ends.
  const TableDescription& description = call.model->table->description();
  if (asked.rows == 0) return call.responder->respond(json_response(Json::array()));
  const auto done = [responder = call.responder, &description, is_list = asked.is_list](
                        const std::vector<double>& answers, const std::string& failure) {
    responder->respond(failure.empty() ? answer_table_rows(description, answers, is_list)
                                       : http_error(500, failure));
  };
  if (!call.model->table->ask(std::move(asked.inputs), asked.rows, done)) {
    call.responder->respond(too_busy());
  }
}

std::string ServiceApi::name_in_path(const HttpRequest& request,
                                     const std::string& reference) const {
  const auto path = model_path(request.path);
  const bool is_it = path && (path->model == options_.name || path->model == model_of(reference)) &&
                     (path->version.empty() || path->version == version_of(reference));
  if (!is_it) throw HttpFailure(404, fmt::format("{} is served here", reference));
  return path->model;
}

void ServiceApi::infer_rows(Call call) {
  const std::string& reference = call.model->reference;
  const InferModel named{
      name_in_path(call.request, reference), version_of(reference), reference, {}};
  const TableDescription& description = call.model->table->description();
  const auto asked =
      std::make_shared<TableInferRequest>(read_table_infer(call.request, description));
  call.request = {};
  std::vector<float> inputs = std::move(asked->inputs);
  const auto done = [responder = call.responder, asked, named, &description](
                        const std::vector<double>& answers, const std::string& failure) {
    responder->respond(failure.empty() ? answer_table_infer(*asked, named, description, answers)
                                       : http_error(500, failure));
  };
  if (!call.model->table->ask(std::move(inputs), asked->rows, done)) {
    call.responder->respond(too_busy());
  }
}

void ServiceApi::infer(Call call) {
  if (call.model->table) return infer_rows(std::move(call));
  const std::string& reference = call.model->reference;
  const std::string name = name_in_path(call.request, reference);
  const auto asked = std::make_shared<InferRequest>(
      read_infer_request(std::move(call.request), options_.max_pixels));
  call.request = {};
  const auto classes =
      std::make_shared<std::vector<std::string>>(call.model->batcher->description().classes);
  std::vector<AskedPicture> pictures = std::move(asked->pictures);
  const auto done = [responder = call.responder, asked, classes, name,
                     version = version_of(reference),
                     reference](std::vector<PictureAnswer> answers) {
    responder->respond(answer_infer(*asked, {name, version, reference, {}}, *classes, answers));
  };
  if (!call.model->batcher->ask(std::move(pictures), done)) call.responder->respond(too_busy());
}

HttpResponse ServiceApi::metrics_page() const {
  const auto current = model();
  HttpResponse response;
  response.content_type = kTextType;
  response.body = metrics_->text({.connections = connections ? connections() : 0,
                                  .waiting = current->waiting(),
                                  .model = current->reference});
  return response;
}

HttpResponse ServiceApi::kserve_page(const HttpRequest& request) const {
  if (request.path == "/v2/health/live") return json_response({{"live", true}});
  if (request.path == "/v2/health/ready") return json_response({{"ready", true}});
  if (request.path == "/v2") return json_response(server_metadata(options_.name));
  const auto current = model();
  const std::string& reference = current->reference;
  const InferModel named{name_in_path(request, reference), version_of(reference), reference,
                         current->facts()};
  if (model_path(request.path)->rest == "ready") {
    return json_response({{"name", named.name}, {"ready", true}});
  }
  return json_response(current->table
                           ? table_metadata(named, current->table->description())
                           : model_metadata(named, current->batcher->description().classes));
}

Json ServiceApi::openapi_page() const {
  const auto current = model();
  return openapi_document(options_.name, current->table ? &current->table->description() : nullptr);
}

void ServiceApi::count(const HttpExchange& exchange) {
  const auto found = exchange.path.empty() ? std::nullopt : route_of(exchange.path);
  metrics_->count(exchange, found ? found->name : "other");
}

std::shared_ptr<ServedModel> ServiceApi::model() const {
  const std::lock_guard lock(mutex_);
  return model_;
}

void ServiceApi::swap(std::shared_ptr<ServedModel> model) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(model_, model);
  }
  // Whoever is just asking it lets it go soon. It must end here: it cannot end itself, and the
  // server's thread has others to answer.
  while (model.use_count() > 1) std::this_thread::sleep_for(kBetweenLooks);
  model.reset();
}

}  // namespace mat
