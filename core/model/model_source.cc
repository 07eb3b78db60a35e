#include "core/model/model_source.h"

#include <fmt/format.h>

#include <string_view>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/model/model_origin.h"
#include "core/model/models.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

constexpr std::string_view kModel = "model:", kVersion = "version:";
// Enough to find a typing error.
constexpr std::int64_t kMostNamesCompared = 5'000;

ModelSource of_version(Registry& registry, const std::string& reference) {
  const VersionRecord version = registry.version(reference);
  ModelSource source;
  source.reference = version.reference();
  source.source = fmt::format("{}{}", kVersion, source.reference);
  source.folder = registry.home().version_folder(version.job, version.number);
  source.file = weights_of(registry.home(), version);
  source.id = version.id;
  if (is_active(version.status)) {
    source.may_change = true;
    source.note =
        fmt::format("{} is {}: its weights may change", source.reference, name_of(version.status));
  }
  if (is_of_table(version)) {
    source.table = describe_table_weights(source.file);
  } else {
    source.description = describe_weights(source.file);
  }
  return source;
}

ModelSource of_model(Registry& registry, const std::string& reference) {
  StoredModel model = stored_model(registry.home(), registry.model_version(reference));
  ModelSource source;
  source.reference = model.version.reference();
  source.source = fmt::format("{}{}", kModel, source.reference);
  source.folder = std::move(model.folder);
  source.file = std::move(model.file);
  source.description = std::move(model.description);
  source.table = std::move(model.table);
  source.id = model.version.id;
  source.model_version = source.id;
  return source;
}

[[noreturn]] void throw_neither(Registry& registry, const std::string& name) {
  ListOptions options;
  options.limit = kMostNamesCompared;
  std::vector<std::string> names;
  for (const ModelRecord& model : registry.list_models(options).rows) names.push_back(model.name);
  for (const JobRecord& job : registry.list_jobs(options).rows) names.push_back(job.name);
  throw Error(ErrorKind::not_found, fmt::format("there is neither a model nor a job '{}'", name),
              name_hint(name, names));
}

// What follows the '@' leaves open whether it is of a model or of a job.
bool is_open(std::string_view which) { return which.empty() || which == "latest"; }

}  // namespace

void require_still_there(Registry& registry, const ModelSource& source) {
  const Id now = source.model_version ? registry.model_version(source.reference).id
                                      : registry.version(source.reference).id;
  if (now == source.id) return;
  throw Error(ErrorKind::not_found,
              fmt::format("{} was deleted meanwhile; another has its name", source.reference));
}

ModelSource find_model_source(Registry& registry, const std::string& reference) {
  if (reference.starts_with(kModel)) return of_model(registry, reference.substr(kModel.size()));
  if (reference.starts_with(kVersion)) {
    return of_version(registry, reference.substr(kVersion.size()));
  }
  const std::size_t at = reference.find('@');
  const std::string name = reference.substr(0, at);
  const std::string which = at == std::string::npos ? "" : reference.substr(at + 1);
  if (!is_valid_name(name) || (at != std::string::npos && which.empty())) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is neither a model nor a version of a job", reference),
                "write a model as NAME, NAME@1.0.0 or NAME@ALIAS, a version of a job as JOB@V0003, "
                "JOB@3 or JOB@best");
  }
  const bool has_model = registry.find_model(name).has_value();
  const bool has_job = registry.find_job(name).has_value();
  if (!has_model && !has_job) throw_neither(registry, name);
  if (is_open(which) && has_model && has_job) {
    const bool is_bare = which.empty();
    ModelSource source = is_bare ? of_model(registry, reference) : of_version(registry, reference);
    const std::string choice =
        fmt::format("'{0}' is a model and a job: this is {1}; {2}{0} is the other", name,
                    source.reference, is_bare ? kVersion : kModel);
    source.note = source.note.empty() ? choice : choice + "; " + source.note;
    return source;
  }
  if (is_open(which)) {
    return has_model ? of_model(registry, reference) : of_version(registry, reference);
  }
  const bool is_of_model =
      parse_model_number(which).has_value() || (has_model && is_model_alias(which));
  return is_of_model ? of_model(registry, reference) : of_version(registry, reference);
}

}  // namespace mat
