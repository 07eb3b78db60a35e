#pragma once

#include <signal.h>

#include <array>
#include <string>

namespace mat {

// While it lives, signals that ask a process to end become a request to stop a training. SIGURG is
// one of them: mat has a batch system send it, since it ends no other program that it meets. What
// the process was started to ignore (nohup, a script's background job) stays ignored; a closed pipe
// ends nothing. One at a time.
class SignalsAsStop {
 public:
  SignalsAsStop();
  ~SignalsAsStop();
  SignalsAsStop(const SignalsAsStop&) = delete;
  SignalsAsStop& operator=(const SignalsAsStop&) = delete;

  // What a second Ctrl-C, which ends the process at once, writes into a file before: so that others
  // see that the user has ended it.
  static void on_second_interrupt(const std::string& path, const std::string& text);

  // From now on, a closed terminal and SIGTERM end the process and nothing else: what it follows
  // runs elsewhere.
  static void leave_on_hangup();

  // "interrupted by Ctrl-C", "ended by SIGTERM"; empty while there was none.
  static std::string reason();
  static bool was_interrupted();
  static int received();  // the last one; 0: none

 private:
  std::array<struct sigaction, 5> before_{};
};

}  // namespace mat
