#include "core/storage/line_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/error.h"
#include "core/base/process.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr std::size_t kMaxLine = 1 << 20;
constexpr int kPollMs = 100;
constexpr double kGraceSeconds = 1;

// Only what is allowed between fork and exec in a process with threads.
[[noreturn]] void become(const char* program, char** arguments, char** environment, int input,
                         int output, int error, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_Exit(127);  // it died before it could be tied to this one
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(error, STDERR_FILENO);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(program, arguments, environment);
  ::_Exit(127);
}

// Kills what is left of the program's group and takes its status, also on the way of an exception.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void ask_to_end() const { ::kill(-pid_, SIGTERM); }

  // -1 when a signal ended it.
  int end() {
    ::kill(-pid_, SIGKILL);
    return take_status();
  }

  int take_status() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {
    }
    // What it started and left behind; the number is taken until the status is.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

class Lines {
 public:
  Lines(int fd, const std::function<void(std::string_view)>& take) : fd_(fd), take_(take) {}

  // False at the end of the stream.
  bool read_some() {
    std::array<char, 65536> chunk;
    const ssize_t count = ::read(fd_, chunk.data(), chunk.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) {
      if (!line_.empty()) give();
      return false;
    }
    std::string_view bytes(chunk.data(), static_cast<std::size_t>(count));
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      append(bytes.substr(0, end));
      if (end == std::string_view::npos) break;
      give();
      bytes.remove_prefix(end + 1);
    }
    return true;
  }

 private:
  void append(std::string_view bytes) { line_ += bytes.substr(0, kMaxLine - line_.size()); }

  void give() {
    if (take_) take_(line_);
    line_.clear();
  }

  int fd_;
  const std::function<void(std::string_view)>& take_;
  std::string line_;
};

}  // namespace

int run_lines(const std::filesystem::path& program, const std::vector<std::string>& arguments,
              const std::vector<std::string>& environment, const LineWatch& watch) {
  Pipe output = make_non_blocking_pipe(), error = make_non_blocking_pipe();
  const FileDescriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<std::string> all{program.filename().string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argument_pointers = as_pointers(all);
  const std::vector<char*> environment_pointers = as_pointers(environment);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_io_error(fmt::format("cannot start '{}'", program.string()), errno);
  if (pid == 0) {
    become(program.c_str(), const_cast<char**>(argument_pointers.data()),
           const_cast<char**>(environment_pointers.data()), input.get(), output.write.get(),
           error.write.get(), parent);
  }
  ::setpgid(pid, pid);  // both do it: neither may run on before it is done
  Child child(pid);
  output.write = FileDescriptor();
  error.write = FileDescriptor();

  Lines out(output.read.get(), watch.output), err(error.read.get(), watch.error);
  std::array<pollfd, 2> waiting{{{output.read.get(), POLLIN, 0}, {error.read.get(), POLLIN, 0}}};
  double killed_at = 0;
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (::poll(waiting.data(), waiting.size(), kPollMs) < 0 && errno != EINTR) {
      throw_io_error("cannot wait for a program", errno);
    }
    // poll() passes over negative descriptors.
    if (waiting[0].revents != 0 && !out.read_some()) waiting[0].fd = -1;
    if (waiting[1].revents != 0 && !err.read_some()) waiting[1].fd = -1;
    if (killed_at > 0) {
      if (monotonic_seconds() > killed_at) return child.end();
    } else if (watch.go_on && !watch.go_on()) {
      child.ask_to_end();
      killed_at = monotonic_seconds() + kGraceSeconds;
    }
  }
  return child.take_status();
}

}  // namespace mat
