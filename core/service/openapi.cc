#include "core/service/openapi.h"

#include "core/base/text.h"
#include "core/base/version.h"

namespace mat {
namespace {

Json reference(const char* schema) {
  return {{"$ref", std::string("#/components/schemas/") + schema}};
}

Json content(const char* type, Json schema) {
  Json media;
  media[type] = {{"schema", std::move(schema)}};
  return media;
}

Json response(const char* description, Json body) {
  Json json{{"description", description}};
  if (!body.is_null()) json["content"] = std::move(body);
  return json;
}

// Every operation's answer when something is wrong.
void add_errors(Json& responses,
                std::initializer_list<std::pair<const char*, const char*>> errors) {
  for (const auto& [status, what] : errors) {
    responses[status] = response(what, content("application/json", reference("Error")));
  }
}

Json get(const char* id, const char* summary, Json body, bool is_open) {
  Json operation{{"operationId", id}, {"summary", summary}};
  operation["responses"]["200"] = response("it is there", std::move(body));
  if (is_open) {
    operation["security"] = Json::array();
  } else {
    add_errors(operation["responses"], {{"401", "the token is missing or wrong"}});
  }
  return {{"get", std::move(operation)}};
}

void add_post_errors(Json& responses, bool of_table) {
  if (!of_table) add_errors(responses, {{"422", "the picture cannot be read"}});
  add_errors(responses, {{"400", "the request is not understood"},
                         {"401", "the token is missing or wrong"},
                         {"408", "the request took too long to come"},
                         {"411", "a request without a body"},
                         {"413", "the body is too large"},
                         {"415", "a media type that is not understood"},
                         {"503", "too many requests wait; Retry-After says when to come again"}});
}

Json predict_path() {
  Json picture{{"type", "string"}, {"format", "binary"}};
  Json form{{"type", "object"}};
  form["additionalProperties"] = picture;
  Json types;
  for (const char* type : {"image/jpeg", "image/png", "image/bmp", "application/octet-stream"}) {
    types[type] = {{"schema", picture}};
  }
  types["multipart/form-data"] = {{"schema", form}};
  types["application/json"] = {{"schema", reference("Pictures")}};
  Json answer;
  answer["oneOf"] = Json::array({reference("Prediction"), reference("Predictions")});
  Json operation{{"operationId", "predict"}, {"summary", "Say what pictures show"}};
  operation["requestBody"] = {{"required", true}, {"content", types}};
  operation["responses"]["200"] = response("the answer, or a list of answers for several pictures",
                                           content("application/json", answer));
  add_post_errors(operation["responses"], false);
  return {{"post", operation}};
}

Json one_or_list(const char* of_one, const char* of_several) {
  Json schema;
  schema["oneOf"] = Json::array({reference(of_one), reference(of_several)});
  return schema;
}

Json table_predict_path(const TableDescription& table) {
  Json types;
  types["application/json"] = {{"schema", one_or_list("Row", "Rows")}};
  types["text/csv"] = {{"schema", {{"type", "string"}}}};
  Json operation{{"operationId", "predict"}, {"summary", "Predict the column " + table.target}};
  operation["requestBody"] = {{"required", true}, {"content", types}};
  operation["responses"]["200"] =
      response("the answer, or a list of answers for several rows",
               content("application/json", one_or_list("Prediction", "Predictions")));
  add_post_errors(operation["responses"], true);
  return {{"post", operation}};
}

Json parameter(const char* name) {
  return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}};
}

Json infer_path(const char* id, const Json& parameters, bool of_table) {
  Json operation{{"operationId", id}, {"summary", "KServe inference protocol, version 2"}};
  Json types = content("application/json", reference("InferRequest"));
  if (!of_table) types["image/*"] = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
  operation["requestBody"] = {{"required", true}, {"content", std::move(types)}};
  operation["responses"]["200"] =
      response("the outputs", content("application/json", reference("InferResponse")));
  add_post_errors(operation["responses"], of_table);
  add_errors(operation["responses"], {{"404", "another model is served"}});
  return {{"parameters", parameters}, {"post", operation}};
}

Json model_path(const char* id, const Json& parameters) {
  Json path = get(id, "What the model takes and gives",
                  content("application/json", {{"type", "object"}}), false);
  add_errors(path["get"]["responses"], {{"404", "another model is served"}});
  path["parameters"] = parameters;
  return path;
}

Json tensor(bool is_input, bool of_table) {
  Json properties;
  properties["name"] = {{"type", "string"}};
  properties["datatype"]["type"] = "string";
  if (!of_table) properties["datatype"]["enum"] = {"BYTES", "UINT8", "FP32"};
  properties["shape"] = {{"type", "array"}, {"items", {{"type", "integer"}}}};
  properties["data"] = {{"type", "array"}, {"items", Json::object()}};
  if (is_input) properties["parameters"] = {{"type", "object"}};
  return {{"type", "object"},
          {"required", {"name", "datatype", "shape", "data"}},
          {"properties", properties}};
}

// A row: every column has to be there, and null is a missing value.
Json row_schema(const TableDescription& table) {
  Json properties = Json::object(), names = Json::array();
  for (const TableEncoder::Column& column : table.encoder.columns()) {
    names.push_back(column.name);
    Json& schema = properties[column.name];
    schema["nullable"] = true;
    if (column.is_number) {
      schema["type"] = "number";
      schema["description"] = "around " + format_number(column.mean) + " in training";
      continue;
    }
    schema["type"] = "string";
    // Any other text is answered, too.
    schema["description"] = "in training: " + to_json_text(column.categories);
  }
  return {{"type", "object"},
          {"required", std::move(names)},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

Json schemas(const TableDescription* table) {
  const Json text{{"type", "string"}};
  Json all, properties;
  properties["error"] = text;
  all["Error"] = {{"type", "object"}, {"required", Json::array({"error"})}};
  all["Error"]["properties"] = properties;

  if (table != nullptr) {
    all["Row"] = row_schema(*table);
    all["Rows"] = {{"type", "array"}, {"items", reference("Row")}};
  }

  properties = Json::object();
  properties["image"] = {{"type", "string"}, {"format", "byte"}};
  properties["images"] = {{"type", "array"}, {"items", {{"type", "string"}, {"format", "byte"}}}};
  if (table == nullptr) all["Pictures"] = {{"type", "object"}, {"properties", properties}};

  const Json score{{"type", "array"},
                   {"description", "a class and its probability"},
                   {"items", text},
                   {"minItems", 2},
                   {"maxItems", 2}};
  properties = Json::object();
  properties["predicted_label"] = text;
  properties["scores"] = {{"type", "array"}, {"maxItems", 5}, {"items", score}};
  properties["warnings"] = {{"type", "array"}, {"items", text}};
  all["Prediction"] = {
      {"type", "object"}, {"required", {"predicted_label", "scores"}}, {"properties", properties}};
  if (table != nullptr && table->is_regression()) {
    properties = Json::object();
    properties["predicted_value"] = {{"type", "number"}};
    all["Prediction"] = {{"type", "object"},
                         {"required", Json::array({"predicted_value"})},
                         {"properties", properties}};
  }
  all["Predictions"]["type"] = "array";
  all["Predictions"]["items"] =
      table != nullptr ? reference("Prediction") : one_or_list("Prediction", "Error");

  properties = Json::object();
  properties["id"] = text;
  properties["parameters"] = {{"type", "object"}};
  properties["inputs"] = {{"type", "array"}, {"minItems", 1}};
  if (table == nullptr) properties["inputs"]["maxItems"] = 1;
  properties["inputs"]["items"] = tensor(true, table != nullptr);
  Json name;
  name["name"] = text;
  properties["outputs"] = {{"type", "array"}};
  properties["outputs"]["items"] = {{"type", "object"}, {"properties", name}};
  all["InferRequest"] = {{"type", "object"}, {"required", Json::array({"inputs"})}};
  all["InferRequest"]["properties"] = properties;

  properties = Json::object();
  properties["model_name"] = properties["model_version"] = properties["id"] = text;
  properties["parameters"] = {{"type", "object"}};
  properties["outputs"] = {{"type", "array"}};
  properties["outputs"]["items"] = tensor(false, table != nullptr);
  all["InferResponse"] = {{"type", "object"}, {"required", {"model_name", "outputs"}}};
  all["InferResponse"]["properties"] = properties;
  return all;
}

}  // namespace

Json openapi_document(const std::string& service, const TableDescription* table) {
  const Json any{{"type", "object"}};
  const Json model = Json::array({parameter("model")});
  const Json version = Json::array({parameter("model"), parameter("version")});
  Json paths;
  paths["/"] =
      get("page",
          table != nullptr ? "A page with a form of the columns" : "A page to drop a picture on",
          content("text/html", {{"type", "string"}}), true);
  paths["/predict"] = table != nullptr ? table_predict_path(*table) : predict_path();
  paths["/v2"] =
      get("server", "The server's name and version", content("application/json", any), false);
  paths["/v2/health/live"] =
      get("live", "Whether it is alive", content("application/json", any), true);
  paths["/v2/health/ready"] =
      get("ready", "Whether it answers", content("application/json", any), true);
  const std::string of_model = "/v2/models/{model}", of_version = of_model + "/versions/{version}";
  paths[of_model] = model_path("model", model);
  paths[of_version] = model_path("modelVersion", version);
  paths[of_model + "/ready"] = model_path("modelReady", model);
  paths[of_version + "/ready"] = model_path("modelVersionReady", version);
  paths[of_model + "/infer"] = infer_path("infer", model, table != nullptr);
  paths[of_version + "/infer"] = infer_path("inferVersion", version, table != nullptr);
  paths["/metrics"] = get("metrics", "Counters in Prometheus' text format",
                          content("text/plain", {{"type", "string"}}), false);
  paths["/openapi.json"] = get("openapi", "This document", content("application/json", any), true);

  Json document{{"openapi", "3.0.3"}};
  document["info"] = {
      {"title", service},
      {"version", mat_version()},
      {"description", table != nullptr ? "A model for rows of tables, served by mat"
                                       : "A classifier of pictures, served by mat"}};
  document["servers"] = Json::array({{{"url", "/"}}});
  document["security"] = Json::array({{{"token", Json::array()}}, Json::object()});
  document["paths"] = paths;
  document["components"]["schemas"] = schemas(table);
  document["components"]["securitySchemes"]["token"] = {{"type", "http"}, {"scheme", "bearer"}};
  return document;
}

}  // namespace mat
