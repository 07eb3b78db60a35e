#include "core/command/guard.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/process.h"
#include "core/base/time.h"
#include "core/command/guard_process.h"

namespace mat {
namespace {

constexpr int kPipeBytes = 1 << 20;
// Longer than the guard itself waits for what cannot be killed, and for what cleans up.
constexpr int kEndMs = 40'000;
constexpr double kKillSeconds = 10;

Pipe make_high_pipe() {
  Pipe pipe = make_pipe();
  // The guard closes everything above the standard files but what it keeps.
  for (FileDescriptor* end : {&pipe.read, &pipe.write}) {
    if (end->get() > STDERR_FILENO) continue;
    const int moved = ::fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) throw_io_error("cannot make a pipe", errno);
    *end = FileDescriptor(moved);
  }
  return pipe;
}

Pipe make_output_pipe() {
  Pipe pipe = make_high_pipe();
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  // Smaller where a user has used up what is allowed for pipes; only speed depends on it.
  ::fcntl(pipe.read.get(), F_SETPIPE_SZ, kPipeBytes);
  return pipe;
}

const char* words_for(GuardReport::Step step) {
  switch (step) {
    case GuardReport::Step::none:
      return "";
    case GuardReport::Step::start:
      return "cannot start a process";
    case GuardReport::Step::folder:
      return "cannot enter the command's working folder";
    case GuardReport::Step::run:
      return "cannot run the command's program";
  }
  return "";
}

}  // namespace

Guard::Guard(const GuardedCommand& command) {
  Pipe output = make_output_pipe(), error_output = make_output_pipe();
  Pipe control = make_high_pipe(), report = make_high_pipe();
  int was_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
  was_subreaper_ = was_subreaper != 0;
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw_io_error("cannot adopt processes", errno);
  others_ = children_of(::getpid());
  pid_ = ::fork();
  if (pid_ < 0) {
    const int error = errno;
    ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_ ? 1 : 0);
    throw_io_error("cannot start a process", error);
  }
  if (pid_ == 0) {
    live_as_guard(command, {control.read.get(), report.write.get(), output.write.get(),
                            error_output.write.get()});
  }
  output_ = std::move(output.read);
  error_output_ = std::move(error_output.read);
  control_ = std::move(control.write);
  report_ = std::move(report.read);
}

Guard::~Guard() {
  if (pid_ > 0) close_down();
}

void Guard::terminate() { say(kSayTerminate); }
void Guard::kill() { say(kSayKill); }

void Guard::say(char what) {
  // A guard that is gone cannot be told; ended() says so. SIGPIPE would end this process.
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const bool is_gone = ::write(control_.get(), &what, 1) < 0 && errno == EPIPE;
  constexpr timespec kAtOnce{0, 0};
  if (is_gone && sigismember(&before, SIGPIPE) == 0) {
    ::sigtimedwait(&pipe_signal, nullptr, &kAtOnce);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

CommandEnd Guard::end() {
  GuardReport report;
  ssize_t size = 0;
  do {
    size = ::read(report_.get(), &report, sizeof report);
  } while (size < 0 && errno == EINTR);
  close_down();
  if (size != static_cast<ssize_t>(sizeof report)) {
    throw Error(ErrorKind::training_failed,
                "the process that watches over the command was killed, and the command with it",
                "it is named mat-guard; the memory may have run out, or somebody killed it");
  }
  CommandEnd end;
  end.wait_status = report.wait_status;
  end.start_error = report.start_error;
  end.start_step = words_for(report.start_step);
  end.peak_memory_kb = report.peak_memory_kb;
  end.cpu_seconds = report.cpu_seconds;
  end.everything_ended = report.everything_ended;
  return end;
}

// Closing the pipe tells a living guard to kill and end; one that hangs or is stopped is killed,
// and what it guarded is adopted and killed here.
void Guard::close_down() {
  control_ = FileDescriptor();
  pollfd waiting{report_.get(), POLLIN, 0};
  const double deadline = monotonic_seconds() + kEndMs / 1000.0;
  for (bool has_ended = false; !has_ended && monotonic_seconds() < deadline;) {
    has_ended = ::poll(&waiting, 1, 100) > 0;
  }
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  kill_descendants(others_, kKillSeconds, [](pid_t, int) {});
  ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_ ? 1 : 0);
}

}  // namespace mat
