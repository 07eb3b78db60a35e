#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/registry/records.h"
#include "core/slurm/batch_report.h"
#include "core/slurm/slurm_look.h"

namespace mat {

struct BatchEnd {
  Status status = Status::abnormal;
  std::string reason;
  std::int64_t at_ms = 0;         // 0: now
  std::optional<BatchLine> last;  // what its runner has said last
  bool is_said = false;           // and that is its end
};

// Whether a version is to get another job, in place of one that Slurm took away for good though
// restarts are left: preempted where what is preempted is cancelled, or lost with a node and not
// put back. Not yet: what its runner has written last may be seen later than its job's end.
enum class AnotherJob { no, not_yet, now };

// What has become of a version that Slurm runs, and the registry does not know.
struct BatchNews {
  ActiveVersion version;
  std::optional<std::int64_t> job;
  std::vector<StatusChange> changes;
  std::int64_t reported = 0;
  std::optional<std::string> reason;  // while it waits
  std::optional<BatchEnd> end;
  AnotherJob another = AnotherJob::no;
  BatchEnd without;  // how it ends if it cannot get one

  bool is_any() const {
    return job || reason || end || !changes.empty() || reported != version.batch_reported;
  }
};

// From what its runner has reported and what Slurm has last said, an empty look if it has said
// nothing. Throws io errors of its folder.
BatchNews read_batch_news(const Home& home, const SlurmLook& look, const ActiveVersion& version);

}  // namespace mat
