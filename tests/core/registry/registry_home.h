#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/registry/registry.h"
#include "tests/temp_folder.h"

namespace mat {

// A home in a folder of its own.
class RegistryHome {
 public:
  RegistryHome() : home_{folder_ / "home", "a test"} {}

  const Home& home() const { return home_; }
  Registry writer() const { return Registry(home_, Registry::Mode::write); }
  Registry reader() const { return Registry(home_, Registry::Mode::read); }

 private:
  TempFolder folder_;
  Home home_;
};

inline Json setting(const Json& value) { return {{"value", value}, {"source", "spec"}}; }

// A version of `job` with these hyperparameters.
inline NewVersion new_version(const std::string& job,
                              const std::map<std::string, Json>& hyperparameters = {}) {
  NewVersion version;
  version.job = job;
  version.algorithm = "resnet18";
  for (const auto& [name, value] : hyperparameters) {
    version.settings["hyperparameters." + name] = setting(value);
  }
  return version;
}

inline MetricSummary summary(double best) {
  MetricSummary m;
  m.add(1, best, Direction::higher_is_better);
  return m;
}

// What `work` throws.
template <typename Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  return Error(ErrorKind::bug, "nothing was thrown");
}

inline std::vector<std::int64_t> numbers_of(const Listing<VersionSummary>& listing) {
  std::vector<std::int64_t> numbers;
  for (const auto& version : listing.rows) numbers.push_back(version.number);
  return numbers;
}

}  // namespace mat
