#include "cli/commands/service_predict.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <future>
#include <numeric>
#include <optional>
#include <utility>

#include "cli/commands/predict_rows.h"
#include "cli/commands/service_view.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/cache/picture_file.h"
#include "core/http/client.h"
#include "core/model/predict.h"
#include "core/service/service_folder.h"
#include "core/service/services.h"
#include "core/training/table_description.h"

namespace mat {
namespace {

constexpr double kSeconds = 60;
// A model is open within these, and a service that died once or twice is back.
constexpr double kSecondsToBegin = 15;
// So many requests are under way: the service gathers them into batches.
constexpr std::size_t kAtOnce = 8;
constexpr const char* kJson = "application/json";
// Of any format: the service looks at the bytes.
constexpr const char* kPicture = "image/*";

class ServiceClient {
 public:
  ServiceClient(std::string address, std::string token)
      : address_(std::move(address)), token_(std::move(token)) {}

  HttpResponse get(const std::string& target) const { return send("GET", target, kJson, ""); }
  HttpResponse post(const std::string& target, const char* type, std::string body) const {
    return send("POST", target, type, std::move(body));
  }

  static std::string problem_of(const HttpResponse& response) {
    const Json json = Json::parse(response.body, nullptr, false);
    const bool is_told = json.is_object() && json.contains("error") && json["error"].is_string();
    return is_told ? json["error"].get<std::string>()
                   : fmt::format("{} {}", response.status, http_reason(response.status));
  }

 private:
  HttpResponse send(const char* method, const std::string& target, const char* type,
                    std::string body) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers.emplace_back("Content-Type", type);
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
  std::optional<TableDescription> table;  // of a model for tables
};

std::string target_of(const ServiceRecord& service) { return "/v2/models/" + service.name; }

Served ask_what_is_served(const ServiceRecord& service, const ServiceClient& client,
                          const std::string& target) {
  const HttpResponse described = client.get(target);
  if (described.status != 200) refuse(service, described);
  const Json answer = parse_json(described.body, "the answer of " + service.name);
  Served served{model_of(answer), {}, {}};
  const Json& parameters = answer.at("parameters");
  if (is_table_description(parameters)) {
    served.table = table_description_from_json(parameters, "the answer of " + service.name);
  } else {
    parameters.at("classes").get_to(served.classes);
  }
  return served;
}

struct Answer {
  Prediction prediction;
  std::string model;  // that gave it
};

// The bytes of a picture, or why there are none.
std::string read_bytes(const NamedPicture& picture, std::vector<std::uint8_t>& bytes) {
  if (!picture.bytes) return read_picture_file(picture.name, bytes).problem;
  bytes = *picture.bytes;
  return {};
}

// What the service had to say of it beside the answer.
std::string warning_of(const Json& said) {
  const auto parameters = said.find("parameters");
  if (parameters == said.end() || !parameters->contains("warnings")) return {};
  const Json& warnings = parameters->at("warnings");
  return warnings.is_array() && !warnings.empty() && warnings[0].is_string()
             ? warnings[0].get<std::string>()
             : std::string();
}

Answer ask(const ServiceRecord& service, const ServiceClient& client, const std::string& target,
           const NamedPicture& named) {
  Answer answer;
  Prediction& prediction = answer.prediction;
  prediction.name = named.name;
  std::vector<std::uint8_t> bytes;
  prediction.problem = read_bytes(named, bytes);
  if (!prediction.problem.empty()) return answer;
  const HttpResponse response =
      client.post(target, kPicture, std::string(bytes.begin(), bytes.end()));
  const bool is_its_own = response.status == 422 || response.status == 413 ||
                          (response.status == 400 && !bytes.empty());
  if (is_its_own) {
    prediction.problem = ServiceClient::problem_of(response);
    return answer;
  }
  if (response.status == 415) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("{} does not take pictures as this mat sends them", service.name),
        fmt::format("it may have been started by an earlier one: mat service stop {0}, then "
                    "mat service start {0}",
                    service.name));
  }
  if (response.status != 200) refuse(service, response);
  const Json said = parse_json(response.body, "the answer of " + service.name);
  said.at("outputs").at(0).at("data").get_to(prediction.probabilities);
  prediction.warning = warning_of(said);
  answer.model = model_of(said);
  return answer;
}

class Asker {
 public:
  Asker(const ServiceRecord& service, const ServiceClient& client, Served served)
      : service_(service),
        client_(client),
        target_(target_of(service)),
        served_(std::move(served)) {}

  int run(const PredictionFlags& flags, const PictureFeed::Source& pictures) {
    const auto output = flags.output(service_.reference(), served_.classes);
    // What a pipe has is answered before it is asked for more.
    const std::size_t at_once = flags.is_piped() ? 1 : kAtOnce;
    std::deque<std::future<Answer>> asked;
    std::int64_t count = 0, failed = 0;
    const auto take = [&] {
      const Answer answer = asked.front().get();
      asked.pop_front();
      ++count;
      if (answer.prediction.problem.empty()) {
        require_same_meaning(answer);
      } else {
        ++failed;
      }
      output->add(answer.prediction);
    };
    while (auto picture = pictures()) {
      asked.push_back(std::async(std::launch::async, [this, picture = std::move(*picture)] {
        return ask(service_, client_, target_ + "/infer", picture);
      }));
      if (asked.size() == at_once) take();
    }
    while (!asked.empty()) take();
    output->finish();
    return end_of_predictions(count, failed);
  }

 private:
  // An update may come in between: what the numbers mean has to be the same.
  void require_same_meaning(const Answer& answer) {
    if (answer.model != served_.model) {
      const Served now = ask_what_is_served(service_, client_, target_);
      if (now.model != answer.model || now.table || now.classes != served_.classes) {
        throw Error(
            ErrorKind::conflict,
            fmt::format("{} serves another model, of other classes, than before", service_.name),
            "ask again");
      }
      served_.model = answer.model;
    }
    if (answer.prediction.probabilities.size() != served_.classes.size()) refuse_answer(service_);
  }

  const ServiceRecord& service_;
  const ServiceClient& client_;
  std::string target_;
  Served served_;
};

// Rows of a table, one input for each column.
class RowsAsker {
 public:
  RowsAsker(const ServiceRecord& service, const ServiceClient& client, const Served& served)
      : service_(service), client_(client), served_(served), table_(*served.table) {}

  void ask(const CsvTable& table, const GiveRows& give) const {
    const std::size_t columns = std::max<std::size_t>(1, table_.encoder.columns().size());
    const std::size_t at_once = std::clamp<std::size_t>(kCellsAtOnce / columns, 1, kRowsAtOnce);
    for (std::size_t begin = 0; begin < table.rows(); begin += at_once) {
      std::vector<std::size_t> rows(std::min(at_once, table.rows() - begin));
      std::iota(rows.begin(), rows.end(), begin);
      give(rows, answers_for(table, rows));
    }
  }

 private:
  static constexpr std::size_t kRowsAtOnce = 1000, kCellsAtOnce = 50'000;

  std::vector<double> answers_for(const CsvTable& table,
                                  const std::vector<std::size_t>& rows) const {
    Json inputs = Json::array();
    for (const TableEncoder::Column& column : table_.encoder.columns()) {
      const std::size_t place = table.index_of(column.name);
      Json data = Json::array();
      for (const std::size_t row : rows) data.push_back(std::string(table.cell(row, place)));
      inputs.push_back({{"name", column.name},
                        {"datatype", "BYTES"},
                        {"shape", Json::array({rows.size()})},
                        {"data", std::move(data)}});
    }
    const char* const wanted = table_.is_regression() ? "value" : "probabilities";
    const Json asked{{"inputs", std::move(inputs)}, {"outputs", Json::array({{{"name", wanted}}})}};
    const HttpResponse response =
        client_.post(target_of(service_) + "/infer", kJson, to_json_text(asked));
    if (response.status == 400 || response.status == 413) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}, rows from {} on: {}", table.name(), rows.front() + 1,
                              ServiceClient::problem_of(response)));
    }
    if (response.status != 200) refuse(service_, response);
    const Json said = parse_json(response.body, "the answer of " + service_.name);
    if (model_of(said) != served_.model) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} serves another model than before", service_.name), "ask again");
    }
    std::vector<double> answers;
    said.at("outputs").at(0).at("data").get_to(answers);
    const std::size_t width = table_.is_regression() ? 1 : table_.classes.size();
    if (answers.size() != rows.size() * width) refuse_answer(service_);
    return answers;
  }

  const ServiceRecord& service_;
  const ServiceClient& client_;
  const Served& served_;
  const TableDescription& table_;
};

int ask_service(const ServiceRecord& service, const ServiceClient& client,
                const PredictionFlags& flags, const PictureFeed::Source& pictures) {
  Served served = ask_what_is_served(service, client, target_of(service));
  if (!served.table) {
    return Asker(service, client, std::move(served)).run(flags, pictures);
  }
  const RowsAsker asker(service, client, served);
  return print_rows(service.reference(), "mat service predict " + service.name, *served.table,
                    flags,
                    [&](const CsvTable& table, const GiveRows& give) { asker.ask(table, give); });
}

}  // namespace

int predict_with_service(const Context& context, const ServicePredictFlags& flags) {
  const PictureFeed::Source pictures =
      flags.predictions.source(fmt::format("mat service predict {}", flags.name));
  Registry registry = open_services_to_read(context);
  const ServiceRecord service =
      wait_until_running(registry, flags.name, kSecondsToBegin, [](const ServiceRecord& pending) {
        note(pending.reason.empty()
                 ? fmt::format("{} opens its model; waiting for it", pending.name)
                 : fmt::format("{} is being restarted ({}); waiting for it", pending.name,
                               pending.reason));
      });
  const ServiceClient client(service.address,
                             read_service_token(context.home().service_folder(service.name)));
  try {
    return ask_service(service, client, flags.predictions, pictures);
  } catch (const Json::exception&) {
    refuse_answer(service);
  }
}

}  // namespace mat
