#include "cli/commands/service_predict.h"

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/commands/prediction_output.h"
#include "cli/commands/service_view.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/cache/picture_file.h"
#include "core/http/base64.h"
#include "core/http/client.h"
#include "core/model/predict.h"
#include "core/service/service_folder.h"

namespace mat {
namespace {

constexpr double kSeconds = 60;

class ServiceClient {
 public:
  ServiceClient(std::string address, std::string token)
      : address_(std::move(address)), token_(std::move(token)) {}

  HttpResponse get(const std::string& target) const { return send("GET", target, ""); }
  HttpResponse post(const std::string& target, std::string body) const {
    return send("POST", target, std::move(body));
  }

  static std::string problem_of(const HttpResponse& response) {
    const Json json = Json::parse(response.body, nullptr, false);
    const bool is_told = json.is_object() && json.contains("error") && json["error"].is_string();
    return is_told ? json["error"].get<std::string>()
                   : fmt::format("{} {}", response.status, http_reason(response.status));
  }

 private:
  HttpResponse send(const char* method, const std::string& target, std::string body) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers.emplace_back("Content-Type", "application/json");
    if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
    request.body = std::move(body);
    return send_http(address_, request, kSeconds);
  }

  std::string address_, token_;
};

[[noreturn]] void refuse(const ServiceRecord& service, const HttpResponse& response) {
  throw Error(ErrorKind::io, fmt::format("{} does not answer: {}", service.name,
                                         ServiceClient::problem_of(response)));
}

[[noreturn]] void refuse_answer(const ServiceRecord& service) {
  throw Error(ErrorKind::io, fmt::format("what answers at {} is not the service {}",
                                         service.address, service.name));
}

// "clothes@V0003"; empty when the service does not say.
std::string model_of(const Json& answer) {
  const auto parameters = answer.find("parameters");
  return parameters == answer.end() ? std::string() : parameters->value("model", std::string());
}

// What is served, so that answers can be understood.
struct Served {
  std::string model;
  std::vector<std::string> classes;
};

Served ask_what_is_served(const ServiceRecord& service, const ServiceClient& client,
                          const std::string& target) {
  const HttpResponse described = client.get(target);
  if (described.status != 200) refuse(service, described);
  const Json answer = parse_json(described.body, "the answer of " + service.name);
  Served served{model_of(answer), {}};
  answer.at("parameters").at("classes").get_to(served.classes);
  return served;
}

struct Answer {
  Prediction prediction;
  std::string model;  // that gave it
};

Answer ask(const ServiceRecord& service, const ServiceClient& client, const std::string& target,
           const std::string& name) {
  Answer answer;
  Prediction& prediction = answer.prediction;
  prediction.name = name;
  std::vector<std::uint8_t> bytes;
  const PictureFile file = read_picture_file(name, bytes);
  prediction.problem = file.problem;
  if (!prediction.problem.empty()) return answer;
  const std::string picture =
      encode_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const Json asked{{"inputs", Json::array({{{"name", "image"},
                                            {"datatype", "BYTES"},
                                            {"shape", Json::array({1})},
                                            {"data", Json::array({picture})}}})},
                   {"outputs", Json::array({{{"name", "probabilities"}}})}};
  const HttpResponse response = client.post(target, to_json_text(asked));
  const bool is_its_own = response.status == 422 || response.status == 413 ||
                          (response.status == 400 && !bytes.empty());
  if (is_its_own) {
    prediction.problem = ServiceClient::problem_of(response);
    return answer;
  }
  if (response.status != 200) refuse(service, response);
  const Json said = parse_json(response.body, "the answer of " + service.name);
  said.at("outputs").at(0).at("data").get_to(prediction.probabilities);
  answer.model = model_of(said);
  return answer;
}

int predict_all(const ServiceRecord& service, const ServiceClient& client,
                const ServicePredictFlags& flags) {
  const std::string target = "/v2/models/" + service.name;
  Served served = ask_what_is_served(service, client, target);
  const auto top = static_cast<std::size_t>(flags.top);
  const auto output = flags.json ? prediction_json(service.reference(), served.classes, top)
                                 : prediction_lines(served.classes, top);
  std::size_t failed = 0;
  for (const std::string& name : flags.pictures) {
    const auto [prediction, model] = ask(service, client, target + "/infer", name);
    if (!prediction.problem.empty()) {
      ++failed;
    } else {
      // An update came in between: what the numbers mean has to be the same.
      if (model != served.model) {
        const Served now = ask_what_is_served(service, client, target);
        if (now.model != model || now.classes != served.classes) {
          throw Error(
              ErrorKind::conflict,
              fmt::format("{} serves another model, of other classes, than before", service.name),
              "ask again");
        }
        served.model = model;
      }
      if (prediction.probabilities.size() != served.classes.size()) refuse_answer(service);
    }
    output->add(prediction);
  }
  output->finish();
  return failed == 0 ? 0 : 1;
}

}  // namespace

int predict_with_service(const Context& context, const ServicePredictFlags& flags) {
  Registry registry = open_services_to_read(context);
  const ServiceRecord service = registry.service(flags.name);
  if (service.status != Status::running) {
    throw Error(ErrorKind::conflict, fmt::format("{} is {}", service.name, name_of(service.status)),
                fmt::format("mat service start {}", service.name));
  }
  const ServiceClient client(service.address,
                             read_service_token(context.home().service_folder(service.name)));
  try {
    return predict_all(service, client, flags);
  } catch (const Json::exception&) {
    refuse_answer(service);
  }
}

}  // namespace mat
