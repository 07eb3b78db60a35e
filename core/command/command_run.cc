#include "core/command/command_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/command/event_folder.h"
#include "core/command/guard.h"
#include "core/command/metric_file.h"
#include "core/command/metric_sink.h"
#include "core/command/program_path.h"
#include "core/metrics/line_metrics.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 256 << 10;
constexpr double kStopCheckSeconds = 0.05;
constexpr double kFilePollSeconds = 0.2;
constexpr double kFolderPollSeconds = 1;
// Of podman and docker: the command itself was not reached.
constexpr int kEngineFailed = 125;

// Looking through a folder of very many files must not become the main work.
constexpr double kFolderPollShare = 0.05;
// How long the guard may take to kill everything after it was told to, its own limits included.
constexpr double kKillSeconds = 30;

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

void check_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  throw Error(ErrorKind::usage,
              fmt::format("there is no folder '{}' for the command to run in", folder.string()));
}

GuardedCommand guarded_command(const CommandRequest& request, TrainObserver& observer) {
  check_folder(request.working_folder);
  if (request.arguments.empty()) throw Error(ErrorKind::usage, "the command is empty");
  GuardedCommand command;
  command.working_folder = request.working_folder;
  if (!request.container) {
    command.program =
        find_program(request.arguments.front(), request.environment, request.working_folder);
    command.arguments = request.arguments;
    command.environment = request.environment;
    return command;
  }
  ContainerCommand inside = in_container(
      *request.container, request.arguments, request.environment, request.working_folder,
      {request.working_folder, request.output_folder, request.metrics_file},
      [&observer] { return observer.stop_requested(); });
  command.program = inside.arguments.front();
  command.arguments = std::move(inside.arguments);
  command.environment = std::move(inside.environment);
  command.clean_up = std::move(inside.clean_up);
  const bool is_engine = inside.through == ContainerCommand::Through::engine;
  command.reach = is_engine ? StopReach::main_only : StopReach::all_but_main;
  // What runs the container begins where it is; the container has its own working folder.
  command.working_folder = "/";
  return command;
}

// Folders that are mounted into a container, and a file that is, must be there. What a killed
// attempt has left of a line must not become the beginning of this one's first.
void make_places(const CommandRequest& request) {
  if (!request.output_folder.empty()) make_folders(request.output_folder);
  const FileDescriptor file(
      ::open(request.metrics_file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  struct stat info {};
  char last = '\n';
  const bool is_fine =
      file && ::fstat(file.get(), &info) == 0 &&
      (info.st_size == 0 || ::pread(file.get(), &last, 1, info.st_size - 1) == 1) &&
      (last == '\n' || ::write(file.get(), "\n", 1) == 1);
  if (is_fine) return;
  throw_io_error(fmt::format("cannot write '{}'", request.metrics_file.string()), errno);
}

class CommandRun {
 public:
  CommandRun(const CommandRequest& request, TrainObserver& observer, LogFile& log)
      : request_(request),
        observer_(observer),
        log_(log),
        sink_(observer, request.last_steps),
        lines_(request.metric_patterns),
        metric_file_(request.metrics_file),
        events_(request.output_folder, request.goes_on_since),
        guard_(guarded_command(request, observer)),
        buffer_(kReadBytes) {}

  TrainOutcome run() {
    while (!step()) {
    }
    const CommandEnd end = guard_.end();
    if (end.start_error != 0) throw_start_error(end);
    // Before anything else: a disk may be too full for the last lines.
    record_end(end);
    drain();
    lines_.finish([this](const LinePoint& point) { add(point); });
    metric_file_.finish(sink_, observer_);
    events_.poll(sink_, observer_);
    return conclude();
  }

 private:
  void add(const LinePoint& point) { sink_.add_of_line(point.name, point.step, point.value); }

  // True when the command has ended.
  bool step() {
    std::array<pollfd, 3> waiting{{{is_open_[0] ? guard_.output() : -1, POLLIN, 0},
                                   {is_open_[1] ? guard_.error_output() : -1, POLLIN, 0},
                                   {guard_.ended(), POLLIN, 0}}};
    const int timeout_ms = static_cast<int>(kStopCheckSeconds * 1000);
    if (::poll(waiting.data(), waiting.size(), timeout_ms) < 0 && errno != EINTR) {
      throw_io_error("cannot wait for the command", errno);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (waiting[i].revents != 0) read_once(i);
    }
    look_around();
    return waiting[2].revents != 0;
  }

  // False when there is nothing to read at the moment, or never again.
  bool read_once(std::size_t stream) {
    const int fd = stream == 0 ? guard_.output() : guard_.error_output();
    const ssize_t count = ::read(fd, buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno != EAGAIN) throw_io_error("cannot read the command's output", errno);
    if (count == 0) is_open_[stream] = false;
    if (count <= 0) return false;
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
    log_.append(bytes);
    if (stream == 0) lines_.read(bytes, [this](const LinePoint& point) { add(point); });
    return true;
  }

  // Nobody of the tree is left to write, unless something could not be killed: what is in the pipes
  // now is all.
  void drain() {
    for (std::size_t stream = 0; stream < 2; ++stream) {
      const double deadline = monotonic_seconds() + kKillSeconds;
      while (is_open_[stream] && read_once(stream) && monotonic_seconds() < deadline) {
      }
    }
  }

  void look_around() {
    const double now = monotonic_seconds();
    if (now >= next_stop_check_) {
      next_stop_check_ = now + kStopCheckSeconds;
      attend_to_stop(now);
    }
    if (now >= next_file_poll_) {
      next_file_poll_ = now + kFilePollSeconds;
      metric_file_.poll(sink_, observer_);
    }
    if (now >= next_folder_poll_) {
      events_.poll(sink_, observer_);
      const double after = monotonic_seconds();
      next_folder_poll_ = after + std::max(kFolderPollSeconds, (after - now) / kFolderPollShare);
    }
  }

  void attend_to_stop(double now) {
    if (stopped_at_ < 0) {
      if (!observer_.stop_requested()) return;
      stopped_at_ = now;
      observer_.log("stopping: the command gets SIGTERM");
      guard_.terminate();
    } else if (!is_killed_ && now - stopped_at_ >= request_.stop_grace_s) {
      is_killed_ = true;
      observer_.log(fmt::format("the command goes on {} s after SIGTERM: it is killed",
                                request_.stop_grace_s));
      guard_.kill();
    } else if (is_killed_ && now - stopped_at_ >= request_.stop_grace_s + kKillSeconds) {
      // Somebody has stopped the guard. What ends this run ends it, too.
      throw Error(ErrorKind::training_failed,
                  "the process that watches over the command does not answer",
                  "it is named mat-guard; somebody may have stopped it");
    }
  }

  [[noreturn]] void throw_start_error(const CommandEnd& end) {
    const std::string program = request_.arguments.front();
    const bool is_script_problem = end.start_error == ENOEXEC || end.start_error == ENOENT;
    throw Error(
        end.start_error == EAGAIN || end.start_error == ENOMEM ? ErrorKind::io : ErrorKind::usage,
        fmt::format("{} '{}': {}", end.start_step, program, ::strerror(end.start_error)),
        is_script_problem ? "the first line of a script names a program that exists: "
                            "#!/bin/sh, or #!/usr/bin/env python3"
                          : "");
  }

  void record_end(const CommandEnd& end) {
    exit_code_ = WIFEXITED(end.wait_status) ? WEXITSTATUS(end.wait_status) : -1;
    signal_ = WIFSIGNALED(end.wait_status) ? WTERMSIG(end.wait_status) : 0;
    // What runs a container tells a signal in this way.
    if (request_.container && exit_code_ > 128 && ::sigabbrev_np(exit_code_ - 128) != nullptr) {
      signal_ = exit_code_ - 128;
      exit_code_ = -1;
    }
    observer_.record("exit_code", exit_code_ >= 0 ? Json(exit_code_) : Json(nullptr));
    observer_.record("signal", signal_ != 0 ? Json(signal_name(signal_)) : Json(nullptr));
    observer_.record("peak_memory_bytes", static_cast<std::int64_t>(end.peak_memory_kb) * 1024);
    observer_.record("cpu_seconds", end.cpu_seconds);
    if (!end.everything_ended) {
      observer_.log("a process that the command has started cannot be killed: it goes on");
    }
  }

  TrainOutcome conclude() {
    if (stopped_at_ >= 0) return {.stopped = true};
    if (signal_ != 0) {
      const char* guess = signal_ == SIGKILL ? " (out of memory?)" : "";
      throw Error(ErrorKind::training_failed,
                  fmt::format("the command was killed by {}{}", signal_name(signal_), guess),
                  "what it said is at the end of its log");
    }
    const bool is_image_name = request_.container && !is_image_path(request_.container->image);
    if (is_image_name && exit_code_ == kEngineFailed) {
      throw Error(ErrorKind::training_failed,
                  "podman or docker could not run the container (exit code 125)",
                  "what it said is at the end of the log");
    }
    if (exit_code_ != 0) {
      throw Error(ErrorKind::training_failed, fmt::format("the command exited with {}", exit_code_),
                  "what it said is at the end of its log");
    }
    return {};
  }

  const CommandRequest& request_;
  TrainObserver& observer_;
  LogFile& log_;
  MetricSink sink_;
  LineMetrics lines_;
  MetricFile metric_file_;
  EventFolder events_;
  Guard guard_;
  std::vector<char> buffer_;
  std::array<bool, 2> is_open_{true, true};
  double next_stop_check_ = 0, next_file_poll_ = 0, next_folder_poll_ = 0;
  double stopped_at_ = -1;
  bool is_killed_ = false;
  int exit_code_ = -1, signal_ = 0;  // -1 after a signal, 0 without
};

}  // namespace

void check_command(const CommandRequest& request) {
  const LineMetrics patterns(request.metric_patterns);
  check_folder(request.working_folder);
  if (request.arguments.empty()) throw Error(ErrorKind::usage, "the command is empty");
  if (request.container) {
    check_container(*request.container, request.environment);
  } else {
    find_program(request.arguments.front(), request.environment, request.working_folder);
  }
}

TrainOutcome run_command(const CommandRequest& request, TrainObserver& observer, LogFile& log) {
  make_places(request);
  return CommandRun(request, observer, log).run();
}

}  // namespace mat
