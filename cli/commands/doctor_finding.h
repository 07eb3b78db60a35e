#pragma once

#include <string>

namespace mat {

enum class Verdict { ok, warning, problem };

// What `doctor` has found.
struct DoctorFinding {
  std::string what;
  Verdict verdict = Verdict::ok;
  std::string value;
  std::string hint;
};

}  // namespace mat
