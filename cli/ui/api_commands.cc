#include "cli/ui/api_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

struct Reading {
  std::string_view path;
  std::vector<std::string> words;
  std::vector<std::string> positionals;  // keys of the query; each may be there several times
  std::vector<std::string> options;
};

const std::vector<std::string> kListOptions{"filter", "sort", "limit", "offset"};

const std::vector<Reading>& readings() {
  static const std::vector<Reading> table{
      {"/api/jobs", {"job", "list"}, {}, kListOptions},
      {"/api/job", {"job", "show"}, {"name"}, {}},
      {"/api/experiments", {"experiment", "list"}, {}, kListOptions},
      {"/api/experiment", {"experiment", "show"}, {"name"}, {}},
      {"/api/versions",
       {"version", "list"},
       {"job"},
       {"filter", "sort", "limit", "offset", "columns"}},
      {"/api/diff", {"version", "diff", "--all"}, {"ref"}, {}},
      {"/api/datasets", {"dataset", "list"}, {}, kListOptions},
      {"/api/dataset", {"dataset", "show"}, {"name"}, {}},
      {"/api/models", {"model", "list"}, {}, kListOptions},
      {"/api/model", {"model", "show"}, {"name"}, {}},
      {"/api/services", {"service", "list"}, {}, kListOptions},
      {"/api/service", {"service", "show"}, {"name"}, {}},
      {"/api/algorithms", {"algorithm", "list"}, {}, kListOptions},
      {"/api/algorithm", {"algorithm", "show"}, {"name"}, {}},
      {"/api/params", {"params", "list"}, {}, kListOptions},
      {"/api/params-one", {"params", "show"}, {"name"}, {}},
      {"/api/visualizations", {"viz", "list"}, {}, kListOptions},
      {"/api/pools", {"pool", "list"}, {}, {}},
  };
  return table;
}

// A field of an action, and where it goes on the command line.
struct Field {
  enum class Kind { positional, option, flag, positionals, settings };
  std::string_view name;
  Kind kind = Kind::positional;
  bool is_required = true;
  std::string option;  // "--model-version"
};

struct Action {
  std::string_view name;
  std::vector<std::string> words;  // with --yes where the command would ask
  std::vector<Field> fields;
};

Field needed(std::string_view name) { return {name, Field::Kind::positional, true, ""}; }
Field option(std::string_view name, std::string option, bool is_required = false) {
  return {name, Field::Kind::option, is_required, std::move(option)};
}

const std::vector<Action>& actions() {
  using Kind = Field::Kind;
  static const std::vector<Action> table{
      {"stop_version",
       {"version", "stop"},
       {needed("reference"), {"force", Kind::flag, false, "--force"}}},
      {"delete_version", {"version", "delete", "--yes"}, {needed("reference")}},
      {"delete_job", {"job", "delete", "--yes"}, {needed("name")}},
      {"resume_version", {"version", "resume", "--detach"}, {needed("reference")}},
      {"modify_version",
       {"version", "modify", "--detach"},
       {needed("reference"), {"set", Kind::settings, false, "--set"}}},
      {"create_job",
       {"job", "create", "--detach"},
       {option("params", "--params", true),
        option("name", "--name"),
        {"set", Kind::settings, false, "--set"}}},
      {"save_params",
       {"params", "save"},
       {needed("reference"), needed("name"), option("description", "--description")}},
      {"delete_params", {"params", "delete", "--yes"}, {needed("name")}},
      {"create_model",
       {"model", "create"},
       {needed("reference"), option("name", "--name", true),
        option("model_version", "--model-version"), option("description", "--description")}},
      {"delete_model", {"model", "delete", "--yes"}, {needed("name")}},
      {"set_alias", {"model", "alias"}, {needed("reference"), needed("alias")}},
      {"remove_alias", {"model", "alias", "--remove"}, {needed("model"), needed("alias")}},
      {"export_model",
       {"model", "export"},
       {needed("reference"),
        option("format", "--format", true),
        option("output", "--output"),
        {"replace", Kind::flag, false, "--replace"}}},
      {"deploy",
       {"service", "deploy", "--detach"},
       {needed("source"), option("name", "--name"), option("auto_stop", "--auto-stop")}},
      {"start_service", {"service", "start"}, {needed("name")}},
      {"stop_service",
       {"service", "stop"},
       {needed("name"), {"force", Kind::flag, false, "--force"}}},
      {"update_service", {"service", "update"}, {needed("name"), needed("source")}},
      {"delete_service", {"service", "delete", "--yes"}, {needed("name")}},
      {"visualize",
       {"viz", "create"},
       {{"references", Kind::positionals, true, ""}, option("name", "--name")}},
      {"start_visualization", {"viz", "start"}, {needed("name")}},
      {"stop_visualization", {"viz", "stop"}, {needed("name")}},
      {"delete_visualization", {"viz", "delete", "--yes"}, {needed("name")}},
      {"label_picture",
       {"dataset", "label"},
       {needed("dataset"), needed("picture"), {"label", Kind::positional, false, ""}}},
      {"publish_dataset",
       {"dataset", "publish"},
       {needed("dataset"), option("train_ratio", "--train-ratio"),
        option("description", "--description"), option("name", "--name")}},
      {"check_dataset", {"dataset", "check"}, {needed("dataset")}},
      {"delete_dataset", {"dataset", "delete", "--yes"}, {needed("name")}},
  };
  return table;
}

std::string text_of(const Json& value, std::string_view name) {
  if (value.is_string()) {
    auto text = value.get<std::string>();
    if (text.find('\0') == text.npos) return text;
    throw Error(ErrorKind::usage, fmt::format("'{}' has a zero byte", name));
  }
  if (value.is_number() || value.is_boolean()) return to_json_text(value);
  throw Error(ErrorKind::usage, fmt::format("'{}' must be a text", name));
}

void require_known_fields(const Action& action, const Json& request) {
  std::vector<std::string> names{"action", "dry"};
  for (const Field& field : action.fields) names.emplace_back(field.name);
  for (const auto& [key, value] : request.items()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    throw Error(ErrorKind::usage, fmt::format("{} knows no '{}'", action.name, key),
                name_hint(key, names));
  }
}

// Options as --name=VALUE and names behind "--": no value is ever taken for an option.
struct Line {
  std::vector<std::string> options, positionals;

  [[noreturn]] static void throw_wrong(const Field& field, const char* what) {
    throw Error(ErrorKind::usage, fmt::format("'{}' must be {}", field.name, what));
  }

  void add(const Field& field, const Json& value) {
    switch (field.kind) {
      case Field::Kind::positional:
        return positionals.push_back(text_of(value, field.name));
      case Field::Kind::option:
        return options.push_back(field.option + "=" + text_of(value, field.name));
      case Field::Kind::flag:
        if (value == true) options.push_back(field.option);
        return;
      case Field::Kind::positionals:
        if (!value.is_array()) throw_wrong(field, "a list");
        for (const Json& one : value) positionals.push_back(text_of(one, field.name));
        return;
      case Field::Kind::settings:
        if (!value.is_object()) throw_wrong(field, "an object");
        for (const auto& [key, setting] : value.items()) {
          options.push_back(fmt::format("{}={}={}", field.option, key, text_of(setting, key)));
        }
        return;
    }
  }

  std::vector<std::string> after(std::vector<std::string> words) const {
    words.emplace_back("--json");
    words.insert(words.end(), options.begin(), options.end());
    if (!positionals.empty()) words.emplace_back("--");
    words.insert(words.end(), positionals.begin(), positionals.end());
    return words;
  }
};

bool is_there(const Json& request, std::string_view name) {
  const auto found = request.find(name);
  return found != request.end() && !found->is_null() && *found != "";
}

}  // namespace

std::optional<std::vector<std::string>> reading_command(const std::string& path,
                                                        const HttpQuery& query) {
  const auto& table = readings();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Reading& reading) { return reading.path == path; });
  if (found == table.end()) return std::nullopt;
  Line line;
  for (const std::string& name : found->options) {
    const std::string value = query.get(name);
    if (!value.empty()) line.options.push_back("--" + name + "=" + value);
  }
  for (const std::string& name : found->positionals) {
    for (std::string& value : query.all(name)) {
      if (!value.empty()) line.positionals.push_back(std::move(value));
    }
  }
  return line.after(found->words);
}

std::vector<std::string> changing_command(const Json& request) {
  const std::string name = request.is_object() && is_there(request, "action")
                               ? text_of(request["action"], "action")
                               : "";
  const auto& table = actions();
  const auto action =
      std::find_if(table.begin(), table.end(), [&](const Action& a) { return a.name == name; });
  if (action == table.end()) {
    std::vector<std::string> names;
    for (const Action& a : table) names.emplace_back(a.name);
    throw Error(ErrorKind::usage, fmt::format("there is no action '{}'", name),
                name_hint(name, names));
  }
  require_known_fields(*action, request);
  Line line;
  for (const Field& field : action->fields) {
    if (is_there(request, field.name)) {
      line.add(field, request[std::string(field.name)]);
    } else if (field.is_required) {
      throw Error(ErrorKind::usage, fmt::format("{} needs '{}'", name, field.name));
    }
  }
  std::vector<std::string> words = action->words;
  // Without a label those that the picture has are taken away.
  if (name == "label_picture" && !is_there(request, "label")) words.emplace_back("--remove");
  return line.after(std::move(words));
}

}  // namespace mat
