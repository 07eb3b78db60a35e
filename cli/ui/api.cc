#include "cli/ui/api.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "cli/ui/api_commands.h"
#include "cli/ui/assets.h"
#include "cli/ui/download.h"
#include "cli/ui/json_answer.h"
#include "cli/ui/lineage_response.h"
#include "cli/ui/picture_response.h"
#include "cli/ui/service_counts.h"
#include "cli/ui/version_details.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/model/models.h"
#include "core/service/service_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kReaders = 4, kLongReaders = 4, kChangers = 8;
constexpr std::int64_t kMostLogBytes = 1 << 20, kUsualLogBytes = 1 << 18;
constexpr int kLargestPicture = 2000;

// What may take seconds, over long curves, many pictures or a service that does not answer. Those
// have threads of their own: pages go on meanwhile.
bool is_long(std::string_view path) {
  constexpr std::array<std::string_view, 9> kLong{
      "/api/curves",      "/api/diff",           "/api/evaluations",
      "/api/lineage.svg", "/api/predictions",    "/api/suspects",
      "/api/picture",     "/api/service-counts", "/api/dataset-pictures"};
  return std::find(kLong.begin(), kLong.end(), path) != kLong.end();
}

// Every answer says what a browser must not do with it.
void secure(HttpResponse& response) {
  for (auto& header : ui_headers()) {
    if (header_of(response.headers, header.first).empty()) {
      response.headers.push_back(std::move(header));
    }
  }
}

HttpResponse asset_response(const Asset& asset) {
  HttpResponse response;
  response.content_type = type_of_asset(asset.path);
  response.body = asset.bytes;
  return response;
}

HttpResponse page_response(const std::string& path) {
  constexpr std::string_view kAssets = "/assets/";
  const bool is_asset = path.starts_with(kAssets);
  const Asset* asset =
      find_asset(is_asset ? std::string_view(path).substr(kAssets.size()) : "index.html");
  return asset ? asset_response(*asset)
               : http_error(404, fmt::format("there is no '{}' here", printable(path)));
}

// A piece of a file; less when it ends before.
std::string read_piece(const fs::path& file, std::int64_t offset, std::int64_t bytes) {
  const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) throw_io_error(fmt::format("cannot open '{}'", file.string()), errno);
  if (::lseek(fd.get(), offset, SEEK_SET) < 0) {
    throw_io_error(fmt::format("cannot read '{}'", file.string()), errno);
  }
  std::string text(static_cast<std::size_t>(bytes), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t more = read_some(fd.get(), text.data() + size, text.size() - size, file);
    if (more == 0) break;
    size += more;
  }
  text.resize(size);
  return text;
}

}  // namespace

UiApi::UiApi(Home home, UiAccessOptions access)
    : home_(std::move(home)),
      access_(std::move(access)),
      commands_(home_),
      events_(home_),
      readers_(kReaders),
      long_readers_(kLongReaders),
      changers_(kChangers) {}

std::optional<HttpResponse> UiApi::admit(const HttpRequest& request) const {
  auto refusal = access_.admit(request);
  if (refusal) secure(*refusal);
  return refusal;
}

void UiApi::stop() {
  readers_.drop_waiting();
  long_readers_.drop_waiting();
  changers_.drop_waiting();
}

void UiApi::handle(HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
  if (request.path == "/api/events") {
    HttpResponse head;
    head.content_type = "text/event-stream";
    secure(head);
    return events_.add(responder->stream(std::move(head)));
  }
  if (!request.path.starts_with("/api/")) {
    HttpResponse response = page_response(request.path);
    secure(response);
    return responder->respond(std::move(response));
  }
  const bool is_change = request.method == "POST";
  TaskThreads& threads = is_change ? changers_ : is_long(request.path) ? long_readers_ : readers_;
  auto task = [this, is_change, asked = std::move(request), responder = std::move(responder)] {
    HttpResponse response;
    try {
      response = is_change ? change(asked) : answer(asked);
    } catch (const Error& e) {
      response = error_answer(e);
    } catch (const std::exception& e) {
      response = http_error(500, e.what());
    }
    secure(response);
    responder->respond(std::move(response));
  };
  threads.add(std::move(task));
}

// What several pages ask for again and again while a training runs.
HttpResponse UiApi::shared_answer(const HttpRequest& request, const HttpQuery& query) {
  const std::string& path = request.path;
  if (const auto command = reading_command(path, query)) return commands_.read(*command);
  if (path == "/api/home") return json_answer(home_document());
  if (path == "/api/version") return version(query);
  Registry registry(home_, Registry::Mode::read);
  if (path == "/api/version-fields") {
    return json_answer({{"fields", registry.version_field_names()}});
  }
  if (path == "/api/curves") {
    return json_answer(curves_.document(home_, registry.version(query.get("ref")), query));
  }
  if (path == "/api/lineage.svg") return lineage_response(registry, query);
  if (path == "/api/predictions") {
    return json_answer(
        predictions_document(*pictures_.predictions(registry, query.get("ref")), query));
  }
  if (path == "/api/suspects") {
    return json_answer(suspects_document(*pictures_.suspects(registry, query.get("ref")), query));
  }
  if (path == "/api/dataset-pictures") {
    return json_answer(dataset_document(*pictures_.dataset(registry, query.get("name")), query));
  }
  return http_error(404, fmt::format("there is no '{}' here", printable(path)));
}

HttpResponse UiApi::answer(const HttpRequest& request) {
  const HttpQuery query(request.query);
  if (request.path == "/api/log") return json_answer(log_document(query));
  if (request.path == "/api/picture") return picture(query);
  if (request.path == "/api/artifact") return artifact(query);
  if (request.path == "/api/model-file") return model_file(query);
  if (request.path == "/api/export") return exported(query);
  if (request.path == "/api/service-counts") {
    Registry registry(home_, Registry::Mode::read);
    return json_answer(service_counts(home_, registry.service(query.get("name"))));
  }
  // Keeping one changes no record: what was answered before may miss it.
  if (request.path == "/api/evaluations") return evaluations(query);
  return answers_.get(request.target, events_.state(),
                      [&] { return shared_answer(request, query); });
}

HttpResponse UiApi::change(const HttpRequest& request) {
  if (request.path != "/api/commands") {
    return http_error(404, fmt::format("there is no '{}' here", printable(request.path)));
  }
  const Json document = Json::parse(request.body, nullptr, false);
  if (!document.is_object()) throw Error(ErrorKind::usage, "the body is no JSON object");
  const std::vector<std::string> command = changing_command(document);
  const auto dry = document.find("dry");
  if (dry != document.end() && *dry == true) {
    return json_answer({{"command", CommandRunner::words(command)}});
  }
  HttpResponse response = commands_.change(command);
  if (document["action"] == "export_model" && response.status == 200) {
    const Json answer = parse_json(response.body, "what mat has printed");
    const std::lock_guard lock(exports_mutex_);
    exports_.insert(answer.at("result").at("file").get<std::string>());
  }
  return response;
}

Json UiApi::home_document() {
  Registry registry(home_, Registry::Mode::read);
  ListOptions one;
  one.limit = 1;
  std::error_code error;
  const fs::path writable = fs::exists(home_.root, error) ? home_.root : home_.root.parent_path();
  return {{"version", mat_version()},
          {"home", home_.root.string()},
          {"working_folder", working_folder().string()},
          {"can_write", ::access(writable.c_str(), W_OK) == 0},
          {"counts",
           {{"jobs", registry.list_jobs(one).total},
            {"versions", registry.list_versions("", one).total},
            {"running", registry.active_versions().size()},
            {"experiments", registry.list_experiments(one).total},
            {"datasets", registry.list_datasets(one).total},
            {"models", registry.list_models(one).total},
            {"services", registry.list_services(one).total}}}};
}

HttpResponse UiApi::version(const HttpQuery& query) {
  const std::string reference = query.get("ref");
  HttpResponse shown = commands_.read({"version", "show", "--json", "--", reference});
  if (shown.status != 200) return shown;
  Json document = parse_json(shown.body, "what mat has printed");
  Registry registry(home_, Registry::Mode::read);
  add_version_details(registry, registry.version(reference), document);
  return json_answer(document);
}

// Those that are kept with a version or model, or one of them. With a second name the command would
// measure: there is only one.
HttpResponse UiApi::evaluations(const HttpQuery& query) const {
  std::vector<std::string> words{"evaluate", "--json"};
  if (const std::string name = query.get("name"); !name.empty()) words.push_back("--show=" + name);
  words.insert(words.end(), {"--", query.get("ref")});
  return commands_.read(words);
}

// Of a version or a service.
fs::path UiApi::log_file(const HttpQuery& query) const {
  Registry registry(home_, Registry::Mode::read);
  if (const std::string service = query.get("service"); !service.empty()) {
    return service_log_path(home_.service_folder(registry.service(service).name));
  }
  const VersionRecord version = registry.version(query.get("ref"));
  return home_.version_folder(version.job, version.number) / "log.txt";
}

Json UiApi::log_document(const HttpQuery& query) const {
  const fs::path file = log_file(query);
  std::error_code error;
  const auto size = static_cast<std::int64_t>(fs::file_size(file, error));
  if (error) return {{"text", ""}, {"offset", 0}, {"end", 0}};
  const std::int64_t asked = query.integer("offset", -kUsualLogBytes);
  const std::int64_t begin = std::clamp<std::int64_t>(asked < 0 ? size + asked : asked, 0, size);
  const std::int64_t bytes =
      std::clamp<std::int64_t>(query.integer("bytes", kUsualLogBytes), 0, kMostLogBytes);
  std::string text = read_piece(file, begin, std::min(bytes, size - begin));
  // A character that is cut at the end comes whole with the next piece.
  const std::size_t bad = find_bad_utf8(text);
  if (bad != std::string::npos && text.size() - bad < 4 && bad > 0) text.resize(bad);
  const std::int64_t end = begin + static_cast<std::int64_t>(text.size());
  return {{"text", std::move(text)}, {"offset", begin}, {"end", end}, {"size", size}};
}

HttpResponse UiApi::picture(const HttpQuery& query) {
  Registry registry(home_, Registry::Mode::read);
  const std::string dataset = query.get("dataset"), reference = query.get("ref");
  const auto list = !dataset.empty()                  ? pictures_.dataset(registry, dataset)
                    : query.get("list") == "suspects" ? pictures_.suspects(registry, reference)
                                                      : pictures_.predictions(registry, reference);
  const std::int64_t index = query.integer("index", -1);
  if (index < 0 || index >= std::ssize(*list)) return http_error(404, "there is no such picture");
  const ListedPicture& picture = (*list)[static_cast<std::size_t>(index)];
  if (picture.file.empty()) return http_error(404, "the picture is not on this machine");
  const std::int64_t size = query.integer("size", 0);
  HttpResponse response = picture_response(
      picture.file, size <= 0 ? kLargestPicture
                              : static_cast<int>(std::min<std::int64_t>(size, kLargestPicture)));
  // A place in a dataset's list may be another picture's tomorrow.
  if (response.status == 200 && dataset.empty()) {
    response.headers = {{"Cache-Control", "private, max-age=60"}};
  }
  return response;
}

HttpResponse UiApi::artifact(const HttpQuery& query) const {
  Registry registry(home_, Registry::Mode::read);
  const VersionRecord version = registry.version(query.get("ref"));
  return download(
      artifact_of(home_.version_folder(version.job, version.number), query.get("path")));
}

HttpResponse UiApi::model_file(const HttpQuery& query) const {
  Registry registry(home_, Registry::Mode::read);
  const ModelVersionRecord model = registry.model_version(query.get("name"));
  return download(artifact_of(stored_model(home_, model).folder, query.get("path")));
}

HttpResponse UiApi::exported(const HttpQuery& query) {
  const std::string file = query.get("file");
  {
    const std::lock_guard lock(exports_mutex_);
    if (!exports_.contains(file)) {
      return http_error(404, fmt::format("'{}' was not exported here", printable(file)));
    }
  }
  return download(file);
}

}  // namespace mat
