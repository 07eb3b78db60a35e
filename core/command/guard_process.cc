#include "core/command/guard_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <utility>

namespace mat {
namespace {

// How long something may stay that SIGKILL does not end: it waits for a dead disk or network.
constexpr double kKillSeconds = 10;
constexpr int kCleanUpMs = 10'000;

// To write no report is to say that something went wrong; the other side then does the killing.
[[noreturn]] void leave() { std::_Exit(0); }

std::vector<char*> as_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void close_range_of_files(unsigned first, unsigned last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
  const long open_max = ::sysconf(_SC_OPEN_MAX);
  const auto end = std::min<unsigned>(last, open_max > 0 ? static_cast<unsigned>(open_max) : 65536);
  for (unsigned fd = first; fd <= end; ++fd) ::close(static_cast<int>(fd));
}

// Locks, databases and pipes of the process that forked this one must not live on here.
void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = 3;
  for (const int fd : kept) {
    close_range_of_files(next, static_cast<unsigned>(fd) - 1);
    next = static_cast<unsigned>(fd) + 1;
  }
  close_range_of_files(next, ~0U);
}

void use_null_for_standard_files() {
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

// A signal that this process ignores or blocks would stay so in the program.
void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct StartProblem {
  GuardReport::Step step = GuardReport::Step::none;
  int error = 0;
};

[[noreturn]] void report_start_problem(int to, GuardReport::Step step) {
  const StartProblem problem{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(to, &problem, sizeof problem);
  std::_Exit(127);
}

class GuardProcess {
 public:
  GuardProcess(const GuardedCommand& command, const GuardFiles& files)
      : command_(command), files_(files) {}

  void run() {
    settle_in();
    start();
    if (report_.start_error == 0) watch();
    const bool all_ended =
        kill_descendants({}, kKillSeconds, [this](pid_t pid, int status) { note(pid, status); });
    report_.everything_ended = all_ended;
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    report_.peak_memory_kb = usage.ru_maxrss;
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    report_.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    if (report_.start_error == 0) clean_up();
    [[maybe_unused]] const ssize_t written = ::write(files_.report, &report_, sizeof report_);
  }

 private:
  void settle_in() {
    ::prctl(PR_SET_NAME, "mat-guard");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::setsid();
    use_null_for_standard_files();
    close_all_but({files_.control, files_.report, files_.output, files_.error_output});
    sigset_t all, child;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    // Ignored, it would have the kernel reap the children without a word.
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &action, nullptr);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    child_signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  void start() {
    std::array<int, 2> problems{-1, -1};
    if (::pipe2(problems.data(), O_CLOEXEC) != 0) return fail_to_start(errno);
    main_ = ::fork();
    if (main_ < 0) return fail_to_start(errno);
    if (main_ == 0) become_command(problems[1]);
    ::close(problems[1]);
    // The guard must not keep them open: their end is the command's.
    ::close(files_.output);
    ::close(files_.error_output);
    StartProblem problem;
    ssize_t size = 0;
    do {
      size = ::read(problems[0], &problem, sizeof problem);
    } while (size < 0 && errno == EINTR);
    ::close(problems[0]);
    if (size == static_cast<ssize_t>(sizeof problem)) {
      report_.start_error = problem.error;
      report_.start_step = problem.step;
    }
  }

  void fail_to_start(int error) {
    report_.start_error = error;
    report_.start_step = GuardReport::Step::start;
  }

  [[noreturn]] void become_command(int problems) {
    ::setpgid(0, 0);
    // Whoever kills the guard and the runner at once leaves nobody else to do it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::dup2(files_.output, STDOUT_FILENO) < 0 ||
        ::dup2(files_.error_output, STDERR_FILENO) < 0) {
      report_start_problem(problems, GuardReport::Step::start);
    }
    if (::chdir(command_.working_folder.c_str()) != 0) {
      report_start_problem(problems, GuardReport::Step::folder);
    }
    reset_signals();
    ::execve(command_.program.c_str(), as_pointers(command_.arguments).data(),
             as_pointers(command_.environment).data());
    report_start_problem(problems, GuardReport::Step::run);
  }

  // Until it is time to kill what is left.
  void watch() {
    std::array<pollfd, 2> waiting{{{child_signals_, POLLIN, 0}, {files_.control, POLLIN, 0}}};
    for (;;) {
      const bool any_left = reap();
      if (is_stopping_) terminate_missed();
      // During a stop the others may be saving something, too.
      if (main_ended_ && (!is_stopping_ || !any_left)) return;
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
      std::array<signalfd_siginfo, 16> drained;
      while (::read(child_signals_, drained.data(), sizeof drained) > 0) {
      }
      if (waiting[1].revents == 0) continue;
      char what = kSayKill;
      const ssize_t size = ::read(files_.control, &what, 1);
      if (size < 0 && errno == EINTR) continue;
      if (size != 1 || what != kSayTerminate) return;
      is_stopping_ = true;
      stopped_at_ = now_in_ticks();
      terminate();
    }
  }

  void terminate() {
    for (const ProcessId& process : descendants_of(::getpid())) {
      const bool is_main = process.pid == main_;
      if (command_.reach == StopReach::all_but_main && is_main) continue;
      if (command_.reach == StopReach::main_only && !is_main) continue;
      send_signal(process, SIGTERM);
      send_signal(process, SIGCONT);
      told_.push_back(process.pid);
    }
  }

  // A program that is ended while it starts another one leaves that behind, unseen by terminate().
  // What programs start when they are told to end is theirs: they may be saving something with it.
  void terminate_missed() {
    if (command_.reach == StopReach::main_only) return;
    for (const ProcessId& process : children_of(::getpid())) {
      const bool is_told = std::find(told_.begin(), told_.end(), process.pid) != told_.end();
      if (is_told || process.pid == main_ || process.start > stopped_at_) continue;
      send_signal(process, SIGTERM);
      told_.push_back(process.pid);
    }
  }

  // As ProcessId::start counts.
  static std::uint64_t now_in_ticks() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return static_cast<std::uint64_t>(now.tv_sec) * ticks +
           static_cast<std::uint64_t>(now.tv_nsec) * ticks / 1'000'000'000;
  }

  // False when there is no child any more, and so no descendant.
  bool reap() {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid > 0) note(pid, status);
      if (pid == 0) return true;
      if (pid < 0 && errno != EINTR) return false;
    }
  }

  void note(pid_t pid, int status) {
    if (pid != main_) return;
    report_.wait_status = status;
    main_ended_ = true;
  }

  void clean_up() {
    if (command_.clean_up.empty()) return;
    const pid_t pid = ::fork();
    if (pid == 0) {
      reset_signals();
      ::execve(command_.clean_up.front().c_str(), as_pointers(command_.clean_up).data(),
               as_pointers(command_.environment).data());
      std::_Exit(127);
    }
    for (int waited_ms = 0; pid > 0 && waited_ms < kCleanUpMs; waited_ms += 10) {
      if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
      constexpr timespec kWait{0, 10'000'000};
      ::nanosleep(&kWait, nullptr);
    }
    kill_descendants({}, kKillSeconds, [](pid_t, int) {});
  }

  const GuardedCommand& command_;
  GuardFiles files_;
  GuardReport report_;
  int child_signals_ = -1;
  pid_t main_ = -1;
  bool main_ended_ = false, is_stopping_ = false;
  std::uint64_t stopped_at_ = 0;
  std::vector<pid_t> told_;  // to end
};

}  // namespace

void live_as_guard(const GuardedCommand& command, const GuardFiles& files) noexcept {
  try {
    GuardProcess(command, files).run();
  } catch (const std::exception&) {
    leave();
  }
  leave();
}

}  // namespace mat
