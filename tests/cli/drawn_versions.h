#pragma once

#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/home.h"
#include "core/life/version_lock.h"
#include "core/metrics/event_file.h"
#include "core/registry/registry.h"
#include "tests/cli/mat_process.h"

namespace mat::test {

// Versions with curves of a test's making, without trainings.
class DrawnVersions {
 public:
  TemporaryFolder folder;
  MatProcess mat{folder};
  Registry registry{find_home((folder / "home").string()), Registry::Mode::write};

  Id add(const std::string& job, Status status = Status::completed, const Json& facts = Json()) {
    NewVersion version;
    version.job = job;
    version.algorithm = "small_cnn";
    version.facts = facts.is_null() ? Json::object() : facts;
    const Id id = registry.create_version(version, "name: " + job + "\n").id;
    // Without its lock a running version is one whose runner has died.
    if (status == Status::running) lock_ = VersionLock::acquire(folder_of(id));
    registry.change_status(id, {Status::initializing}, status, {});
    return id;
  }
  std::filesystem::path folder_of(Id id) {
    const VersionRecord version = registry.version(id);
    return registry.home().version_folder(version.job, version.number);
  }
  void write(Id id, const std::string& metric, int count, const std::function<double(int)>& value) {
    EventWriter writer(folder_of(id));
    for (int step = 1; step <= count; ++step) writer.add(metric, step, value(step));
    writer.flush();
  }
  void end(Id id) {
    registry.change_status(id, {Status::running}, Status::completed, {});
    lock_.reset();
  }

  // Two versions of the job "lamps", with loss, train_loss and accuracy.
  void add_lamps() {
    for (const double slope : {20.0, 40.0}) {
      const Id id = add("lamps", Status::completed, {{"batches_per_epoch", 10}});
      write(id, "train_loss", 100, [&](int step) { return 2 * std::exp(-step / slope); });
      write(id, "loss", 100, [&](int step) { return 0.3 + 1.5 * std::exp(-step / slope); });
      write(id, "accuracy", 100, [&](int step) { return 1 - std::exp(-step / slope); });
    }
  }

 private:
  std::optional<VersionLock> lock_;
};

}  // namespace mat::test
