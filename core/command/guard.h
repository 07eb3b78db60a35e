#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/command/process_tree.h"

namespace mat {

// Whom a stop's SIGTERM goes to.
enum class StopReach {
  whole_tree,
  all_but_main,  // bubblewrap itself would end its container at once
  main_only,     // podman and docker pass it on
};

struct GuardedCommand {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::filesystem::path working_folder;
  StopReach reach = StopReach::whole_tree;
  std::vector<std::string> clean_up;  // a program run after the end, as by ContainerCommand
};

struct CommandEnd {
  int wait_status = 0;            // of the program itself, as waitpid() gives it
  int start_error = 0;            // an errno when it could not be started; nothing else counts then
  const char* start_step = "";    // what failed then
  long peak_memory_kb = 0;        // of the largest process
  double cpu_seconds = 0;         // of all that were waited for
  bool everything_ended = false;  // false when something could not be killed
};

// A command and the guard process between it and this one. The guard starts the command, adopts
// what detaches from it, and kills the whole tree when the program has ended, when asked to, and
// when this process dies, which it sees at the end of a pipe that only this process can write to.
// It keeps no other file of this process open, so it holds none of its locks. If somebody kills
// the guard, the tree becomes this process's own and is killed here.
class Guard {
 public:
  // Starts both. Throws io errors. This process becomes a subreaper until the end.
  explicit Guard(const GuardedCommand& command);
  // Kills the tree if it is still there.
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // The read ends of the command's output, not blocking.
  int output() const { return output_.get(); }
  int error_output() const { return error_output_.get(); }
  // Readable when end() will not block.
  int ended() const { return report_.get(); }

  void terminate();  // SIGTERM, as far as the reach goes
  void kill();       // SIGKILL for the whole tree; ended() follows

  // Waits for the end, after which nothing of the tree is left; what it has written can still be
  // read. Throws when the guard itself was killed.
  CommandEnd end();

 private:
  void say(char what);
  void close_down();

  FileDescriptor output_, error_output_, control_, report_;
  pid_t pid_ = -1;
  bool was_subreaper_ = false;
  std::vector<ProcessId> others_;  // children of this process that are no business of the guard's
};

}  // namespace mat
