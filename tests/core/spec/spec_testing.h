#pragma once

#include <string>

#include "core/base/error.h"
#include "core/spec/job_spec.h"

namespace mat {

// "message" of the usage error that `action` must throw, with " | hint" when it has one; what
// happened instead otherwise.
template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::usage) return "another error: " + e.message();
    return e.hint().empty() ? e.message() : e.message() + " | " + e.hint();
  }
  return "nothing was thrown";
}

inline Settings parse(const std::string& yaml) { return parse_spec(yaml, "job.yaml", "/folder"); }

inline std::string parse_refusal(const std::string& yaml) {
  return refusal([&] { parse(yaml); });
}

// A spec that is complete but for what `yaml` adds.
inline std::string complete(const std::string& yaml = {}) {
  return "name: clothes\nalgorithm: resnet18\ninputs: {data_url: ./data}\n" + yaml;
}

inline JobSpec resolved(const std::string& yaml) { return resolve(parse(yaml)); }

inline std::string resolve_refusal(const std::string& yaml) {
  return refusal([&] { resolved(yaml); });
}

}  // namespace mat
