#pragma once

#include <string>

#include "core/base/error.h"
#include "core/spec/job_spec.h"

namespace mat {

// "message" of the usage error that `action` must throw, with " | hint" when it has one, behind
// "not found: " when it is that; what happened instead otherwise.
template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    const bool is_absence = e.kind() == ErrorKind::not_found;
    if (e.kind() != ErrorKind::usage && !is_absence) return "another error: " + e.message();
    const std::string text = (is_absence ? "not found: " : "") + e.message();
    return e.hint().empty() ? text : text + " | " + e.hint();
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
