#include "core/registry/reference.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kModelNumberParts = 3;
constexpr std::size_t kMostDigits = 6;  // of a part

constexpr const char* kHint = "write JOB, JOB@3, JOB@V0003, JOB@latest or JOB@best";

Error wrong(std::string_view text, std::string_view problem) {
  return Error(ErrorKind::usage, fmt::format("'{}' is no version: {}", text, problem), kHint);
}

}  // namespace

std::optional<std::int64_t> parse_version_number(std::string_view text) {
  if (!text.empty() && (text.front() == 'V' || text.front() == 'v')) text.remove_prefix(1);
  const bool is_digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!is_digits) return std::nullopt;
  const auto number = parse_integer(text);
  if (!number || *number < 1) return std::nullopt;
  return *number;
}

Reference parse_reference(std::string_view text) {
  const std::size_t at = text.find('@');
  Reference reference;
  reference.job = text.substr(0, at);
  if (reference.job.empty()) throw wrong(text, "the job's name is missing");
  if (!is_valid_name(reference.job)) {
    throw wrong(text, fmt::format("'{}' cannot be the name of a job", reference.job));
  }
  if (at == std::string_view::npos) return reference;
  const std::string_view which = text.substr(at + 1);
  if (which.empty()) throw wrong(text, "nothing follows the '@'");
  if (which == "latest") return reference;
  if (which == "best") {
    reference.which = Reference::Which::best;
    return reference;
  }
  const auto number = parse_version_number(which);
  if (!number) {
    throw wrong(text, fmt::format("'{}' is neither a version's number nor latest or best", which));
  }
  reference.which = Reference::Which::number;
  reference.number = *number;
  return reference;
}

DatasetReference parse_dataset_reference(std::string_view text) {
  const auto wrong = [&](std::string_view problem) {
    return Error(
        ErrorKind::usage, fmt::format("'{}' is no dataset: {}", text, problem),
        "write NAME, NAME@2, NAME@V002, NAME@latest or NAME@ followed by a version's name");
  };
  const std::size_t at = text.find('@');
  DatasetReference reference;
  reference.dataset = text.substr(0, at);
  if (reference.dataset.empty()) throw wrong("its name is missing");
  if (!is_valid_name(reference.dataset)) {
    throw wrong(fmt::format("'{}' cannot be the name of a dataset", reference.dataset));
  }
  if (at == std::string_view::npos) return reference;
  const std::string_view which = text.substr(at + 1);
  if (which.empty()) throw wrong("nothing follows the '@'");
  if (which == "latest") {
    reference.which = DatasetReference::Which::latest;
  } else if (which == "current") {
    reference.which = DatasetReference::Which::current;
  } else if (const auto number = parse_version_number(which)) {
    reference.which = DatasetReference::Which::number;
    reference.number = *number;
  } else if (is_dataset_version_name(which)) {
    reference.which = DatasetReference::Which::name;
    reference.name = which;
  } else {
    throw wrong(fmt::format("'{}' cannot be the name of a version", which));
  }
  return reference;
}

ModelReference parse_model_reference(std::string_view text) {
  const auto wrong = [&](std::string_view problem) {
    return Error(ErrorKind::usage, fmt::format("'{}' is no model: {}", text, problem),
                 "write NAME, NAME@1.0.1, NAME@latest or NAME@ followed by an alias");
  };
  const std::size_t at = text.find('@');
  ModelReference reference;
  reference.model = text.substr(0, at);
  if (reference.model.empty()) throw wrong("its name is missing");
  if (!is_valid_name(reference.model)) {
    throw wrong(fmt::format("'{}' cannot be the name of a model", reference.model));
  }
  if (at == std::string_view::npos) return reference;
  const std::string_view which = text.substr(at + 1);
  if (which.empty()) throw wrong("nothing follows the '@'");
  if (which == "latest") return reference;
  if (const auto number = parse_model_number(which)) {
    reference.which = ModelReference::Which::number;
    reference.number = *number;
  } else if (is_model_alias(which)) {
    reference.which = ModelReference::Which::alias;
    reference.alias = which;
  } else {
    throw wrong(fmt::format("'{}' is neither a version's number nor an alias", which));
  }
  return reference;
}

std::optional<ModelNumber> parse_model_number(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != kModelNumberParts) return std::nullopt;
  std::array<std::int64_t, kModelNumberParts> numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const bool is_plain = !part.empty() && part.size() <= kMostDigits &&
                          part.find_first_not_of("0123456789") == std::string::npos &&
                          (part.size() == 1 || part.front() != '0');
    if (!is_plain) return std::nullopt;
    numbers[i] = *parse_integer(part);
  }
  return ModelNumber{numbers[0], numbers[1], numbers[2]};
}

bool is_model_alias(std::string_view text) {
  if (!is_valid_name(text) || text == "latest" || text == "best" || text == "current") return false;
  const bool is_digits = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return !is_digits && !parse_version_number(text);
}

}  // namespace mat
