#include <fmt/core.h>

#include <array>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/lineage/lineage_graph.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

constexpr const char* kHint =
    "write JOB@V0003, or one of version: job: dataset: model: service: algorithm: experiment: "
    "params: data: in front of a name";

// What a name stands for in the words of a person; `versioned` is what it is with an '@'.
struct Word {
  std::string_view word;
  LineageKind kind, versioned;
};
constexpr std::array<Word, 8> kWords{{
    {"version", LineageKind::version, LineageKind::version},
    {"job", LineageKind::job, LineageKind::version},
    {"dataset", LineageKind::dataset, LineageKind::dataset_version},
    {"model", LineageKind::model, LineageKind::model_version},
    {"service", LineageKind::service, LineageKind::service},
    {"algorithm", LineageKind::algorithm, LineageKind::algorithm},
    {"experiment", LineageKind::experiment, LineageKind::experiment},
    {"params", LineageKind::params, LineageKind::params},
}};

// Throws what the registry throws when there is none.
LineageKey live_key(Registry& registry, LineageKind kind, const std::string& name) {
  switch (kind) {
    case LineageKind::version:
      return {kind, registry.version(name).id, {}};
    case LineageKind::job:
      return {kind, registry.job(name).id, {}};
    case LineageKind::dataset:
      return {kind, registry.dataset(name).id, {}};
    case LineageKind::dataset_version:
      return {kind, registry.dataset_version(name).id, {}};
    case LineageKind::model:
      return {kind, registry.model(name).id, {}};
    case LineageKind::model_version:
      return {kind, registry.model_version(name).id, {}};
    case LineageKind::service:
      return {kind, registry.service(name).id, {}};
    case LineageKind::experiment:
      return {kind, registry.experiment(name).id, {}};
    case LineageKind::params:
      return {kind, registry.params(name).id, {}};
    case LineageKind::algorithm: {
      const Id id = registry.algorithm(name).id;
      return id == 0 ? LineageKey{kind, 0, name} : LineageKey{kind, id, {}};
    }
    case LineageKind::data:
      break;
  }
  return {kind, 0, name};
}

// How a deleted one is recorded; of a version without a number the name with '@'.
std::string recorded_name(LineageKind kind, const std::string& name) {
  if (kind == LineageKind::version) {
    const Reference reference = parse_reference(name);
    const bool is_number = reference.which == Reference::Which::number;
    return reference.job + "@" + (is_number ? version_label(reference.number) : "");
  }
  if (kind == LineageKind::dataset_version) {
    const DatasetReference reference = parse_dataset_reference(name);
    const bool is_number = reference.which == DatasetReference::Which::number;
    return is_number ? reference.dataset + "@" + dataset_version_label(reference.number) : name;
  }
  return name;
}

std::optional<LineageStart> deleted_start(Registry& registry, LineageKind kind,
                                          const std::string& name) {
  const std::string recorded = recorded_name(kind, name);
  const auto found = registry.find_deleted(kind, recorded);
  if (found.empty()) return std::nullopt;
  LineageStart start{found.front(), {}};
  if (found.size() > 1 && !recorded.ends_with("@")) {
    std::vector<std::string> others;
    for (std::size_t i = 1; i < found.size() && i < 4; ++i) {
      others.push_back(fmt::format("{}#{}", name_of(kind), found[i].id));
    }
    start.note = fmt::format("{} things of this name were deleted; this is the last, others are {}",
                             found.size(), join(others, ", "));
  }
  return start;
}

std::optional<LineageStart> find_start(Registry& registry, LineageKind kind,
                                       const std::string& name) {
  try {
    return LineageStart{live_key(registry, kind, name), {}};
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::not_found) throw;
    // The best or latest of a job that is there is none of its deleted versions.
    const bool is_of_live_job = kind == LineageKind::version &&
                                recorded_name(kind, name).ends_with("@") &&
                                registry.find_job(parse_reference(name).job);
    if (is_of_live_job) throw;
    return deleted_start(registry, kind, name);
  }
}

// "version#17"; nothing for anything else.
std::optional<LineageKey> key_of_id(const std::string& text) {
  const std::size_t hash = text.find('#');
  if (hash == std::string::npos) return std::nullopt;
  const auto kind = lineage_kind_from_name(text.substr(0, hash));
  const auto id = parse_integer(text.substr(hash + 1));
  if (!kind || *kind == LineageKind::data || !id || *id == 0) return std::nullopt;
  return LineageKey{*kind, *id, {}};
}

// A version was meant, and there is none: what else has the name?
[[noreturn]] void throw_no_version(Registry& registry, const std::string& reference,
                                   const Error& error) {
  std::vector<std::string> others;
  for (const Word& word : kWords) {
    const LineageKind kind = reference.find('@') == std::string::npos ? word.kind : word.versioned;
    if (kind == LineageKind::version) continue;
    try {
      if (find_start(registry, kind, reference)) {
        others.push_back(fmt::format("{}:{}", word.word, reference));
      }
    } catch (const Error&) {
      // It cannot be the name of one.
    }
  }
  if (others.empty()) throw error;
  throw Error(ErrorKind::not_found, error.message(),
              fmt::format("there is: mat lineage {}", join(others, ", mat lineage ")));
}

LineageStart start_of_version(Registry& registry, const std::string& reference) {
  try {
    if (auto start = find_start(registry, LineageKind::version, reference)) return *start;
    // Once more, for its words.
    registry.version(reference);
    return {};
  } catch (const Error& e) {
    throw_no_version(registry, reference, e);
  }
}

// Places are recorded as addresses and absolute paths without a slash at the end.
LineageStart start_of_data(Registry& registry, const std::string& place) {
  std::string path = absolute_path(place).string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  LineageWalk nearest;
  nearest.up = false;
  nearest.depth = 1;
  nearest.fan = 1;
  for (const std::string& known : {place, path}) {
    const LineageKey key{LineageKind::data, 0, known};
    if (!registry.lineage(key, nearest).links.empty()) return {key, {}};
  }
  throw Error(
      ErrorKind::not_found, fmt::format("nothing was made from '{}'", place),
      "what a version was made from: mat lineage JOB@V0001 --up; the pictures of a dataset: "
      "mat lineage dataset:NAME");
}

}  // namespace

LineageStart lineage_start(Registry& registry, const std::string& reference) {
  const std::size_t colon = reference.find(':');
  if (colon == std::string::npos) {
    if (const auto key = key_of_id(reference)) return {*key, {}};
    return start_of_version(registry, reference);
  }
  const std::string word = reference.substr(0, colon), name = reference.substr(colon + 1);
  if (word == "data" && !name.empty()) return start_of_data(registry, name);
  for (const Word& known : kWords) {
    if (known.word != word) continue;
    const LineageKind kind = name.find('@') == std::string::npos ? known.kind : known.versioned;
    if (auto start = find_start(registry, kind, name)) return *start;
    // Once more, for the words of the registry.
    return {live_key(registry, kind, name), {}};
  }
  throw Error(ErrorKind::usage, fmt::format("'{}' is nothing that has a lineage", reference),
              kHint);
}

}  // namespace mat
