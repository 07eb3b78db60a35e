#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace mat {

// srun, and the tasks of a job's nodes behind it.
class SrunStep {
 public:
  // Starts it with this process's environment. Throws io errors.
  explicit SrunStep(const std::vector<std::string>& words);
  ~SrunStep();  // kills it and its tasks when it has not ended
  SrunStep(const SrunStep&) = delete;
  SrunStep& operator=(const SrunStep&) = delete;

  bool has_ended();
  void kill_tasks();
  void kill();                       // srun alone, which ends at once; its tasks are Slurm's then
  bool has_ended_well() const;       // with exit code 0
  std::string how_it_ended() const;  // "exit code 9", "signal 15"

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool is_over_ = false;
};

}  // namespace mat
