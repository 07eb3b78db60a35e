#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/slurm/slurm_pool.h"

namespace mat {

struct SlurmAnswer {
  bool ok = false;
  bool timed_out = false;  // it was ended for taking too long
  std::string output;
  std::string
      problem;  // one line, when it is not ok: what the program said, or that it said nothing
};

// Slurm's client programs, each started without a shell. They get none of the caller's variables
// but those that they need, so that no SBATCH_… or SQUEUE_… changes what they do, and nothing of
// the caller's is taken along to the nodes.
class SlurmClient {
 public:
  explicit SlurmClient(const SlurmPool& pool) : conf_(pool.conf) {}

  // Nothing when there is no such program.
  std::optional<SlurmAnswer> ask_if_there(const std::vector<std::string>& words,
                                          double seconds) const;

  // Usage error with a hint when there is no such program.
  SlurmAnswer ask(const std::vector<std::string>& words, double seconds) const;

  // "22.05.8"; empty when the program says none. Asks no controller.
  std::string version() const;

 private:
  std::string conf_;
};

}  // namespace mat
