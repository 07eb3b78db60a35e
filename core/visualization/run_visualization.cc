#include "core/visualization/run_visualization.h"

#include <fmt/core.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/command/guard.h"
#include "core/http/client.h"
#include "core/http/listen.h"
#include "core/life/stop_request.h"
#include "core/registry/reference.h"
#include "core/run/run_environment.h"
#include "core/training/log_file.h"
#include "core/visualization/table_columns.h"
#include "core/visualization/tensorboard.h"
#include "core/visualization/visualization_settings.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostLogBytes = 16 << 20;
constexpr std::size_t kKeptOutput = 8 << 10;
constexpr int kPollMs = 50;
constexpr double kSecondsBetweenProbes = 0.2;
constexpr double kProbeSeconds = 2;
// Starting Python with all that TensorBoard needs takes seconds, on a busy machine many.
constexpr double kStartSeconds = 120;
constexpr double kGraceSeconds = 3;
constexpr int kMostPorts = 3;
// A run of its own in TensorBoard's lists, as whatever has a file.
constexpr const char* kColumnsFolder = "hparams";

class Visualization {
 public:
  Visualization(const Home& home, const VisualizationRun& run)
      : home_(home),
        run_(run),
        registry_(home, Registry::Mode::write),
        record_(registry_.visualization(run.visualization)),
        folder_(home.visualization_folder(record_.name)),
        settings_(visualization_settings_from_json(record_.settings, record_.name)),
        log_(folder_, kMostLogBytes) {}

  std::string run() {
    try {
      link_versions();
      Registry::ProcessChange end = watch();
      line("ends: " + end.reason);
      registry_.change_visualization(record_.id, {Status::pending, Status::running}, end);
      withdraw_stop(folder_);
      return end.reason;
    } catch (const Error& e) {
      fail(e.message(), e.hint());
      throw;
    } catch (const std::exception& e) {
      fail(e.what(), "");
      throw;
    }
  }

 private:
  fs::path links() const { return folder_ / "versions"; }

  // TensorBoard names what it shows by its folders: a version's is its reference.
  void link_versions() {
    fs::remove_all(links());
    make_folders(links());
    std::vector<VersionRecord> shown;
    for (const std::string& version : record_.versions) {
      const Reference reference = parse_reference(version);
      const fs::path target = home_.version_folder(reference.job, reference.number);
      if (!fs::is_directory(target)) {
        line(version + " has been deleted");
        continue;
      }
      fs::create_directory_symlink(target, links() / version);
      shown.push_back(registry_.version(version));
    }
    if (!shown.empty()) return write_columns(shown);
    throw Error(ErrorKind::not_found, "all its versions have been deleted",
                fmt::format("mat viz delete {}", record_.name));
  }

  // Curves are shown without them.
  void write_columns(const std::vector<VersionRecord>& shown) {
    try {
      write_table_columns(home_, shown, links() / kColumnsFolder);
    } catch (const Error& e) {
      line("the table of hyperparameters has no columns of its own: " + e.message());
    }
  }

  // Its own, so that an address that is taken is told as any other; TensorBoard takes it next.
  int free_port() const { return port_of(listen_on(settings_.host, settings_.port)); }

  void start() {
    port_ = free_port();
    const TensorboardPlace place{links(), settings_.host, port_, record_.name};
    GuardedCommand command;
    command.arguments = tensorboard_command(settings_.program, place);
    command.program = command.arguments.front();
    command.environment = environment_with({});
    command.working_folder = "/";
    line(fmt::format("starts {} for {} (process {})", command.program.string(),
                     http_address(settings_.host, port_), ::getpid()));
    output_.clear();
    is_open_ = {true, true};
    guard_.emplace(command);
    started_s_ = monotonic_seconds();
  }

  Registry::ProcessChange watch() {
    start();
    for (int ports = 1;; ++ports) {
      while (!has_ended()) {
        if (auto reason = asked_to_end()) return stop(std::move(*reason));
        if (!is_ready_) probe();
      }
      Registry::ProcessChange end = end_of_guard();
      // Another program may have taken the port in between.
      if (is_ready_ || settings_.port != 0 || ports == kMostPorts ||
          output_.find("in use") == std::string::npos) {
        return end;
      }
      start();
    }
  }

  // Passes on what it says meanwhile.
  bool has_ended() {
    std::array<pollfd, 3> waiting{{{is_open_[0] ? guard_->output() : -1, POLLIN, 0},
                                   {is_open_[1] ? guard_->error_output() : -1, POLLIN, 0},
                                   {guard_->ended(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), kPollMs) < 0 && errno != EINTR) {
      throw_io_error("cannot wait for TensorBoard", errno);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (waiting[i].revents != 0) read(i);
    }
    return waiting[2].revents != 0;
  }

  void read(std::size_t stream) {
    std::array<char, 16384> bytes;
    const int from = stream == 0 ? guard_->output() : guard_->error_output();
    const ssize_t count = ::read(from, bytes.data(), bytes.size());
    if (count == 0) is_open_[stream] = false;
    if (count <= 0) return;
    const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
    output_ += text;
    if (output_.size() > kKeptOutput) output_.erase(0, output_.size() - kKeptOutput);
    try {
      log_.append(text);
    } catch (const Error&) {
      // A full disk loses lines, and nothing else.
      return;
    }
  }

  void line(const std::string& text) {
    try {
      log_.line(text);
    } catch (const Error&) {
      return;
    }
  }

  void probe() {
    const double now = monotonic_seconds();
    if (now - started_s_ > kStartSeconds) {
      throw Error(ErrorKind::io,
                  fmt::format("TensorBoard did not answer within {:.0f} s", kStartSeconds),
                  log_hint());
    }
    if (now - probed_s_ < kSecondsBetweenProbes) return;
    probed_s_ = now;
    HttpRequest request;
    request.method = "GET";
    request.target = "/data/plugins_listing";
    try {
      if (send_http(http_address(settings_.host, port_), request, kProbeSeconds).status != 200)
        return;
    } catch (const Error&) {
      return;
    }
    is_ready_ = true;
    if (!answers_since_s_) answers_since_s_ = monotonic_seconds();
    announce();
  }

  void announce() {
    Registry::ProcessChange change;
    change.status = Status::running;
    change.address = http_address(settings_.host, port_);
    change.facts = Json{{"pid", ::getpid()}, {"host", this_machine().host}};
    if (!registry_.change_visualization(record_.id, {Status::pending, Status::running}, change)) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} was given up before it had begun", record_.name));
    }
    line("answers at " + *change.address);
    if (run_.ready) run_.ready();
  }

  std::optional<std::string> asked_to_end() {
    if (is_stop_requested(folder_)) return requested_stop(folder_).value_or("stopped");
    // Nobody could find it any more.
    if (::access((folder_ / "lock").c_str(), F_OK) != 0 && errno == ENOENT) {
      return "its folder was deleted";
    }
    if (std::string reason = run_.stop_reason(); !reason.empty()) return reason;
    const auto& limit_s = settings_.auto_stop_s;
    if (limit_s && answers_since_s_ && monotonic_seconds() - *answers_since_s_ >= *limit_s) {
      return "auto_stop after " + format_duration(*limit_s);
    }
    return std::nullopt;
  }

  Registry::ProcessChange stop(std::string reason) {
    guard_->terminate();
    const double until_s = monotonic_seconds() + kGraceSeconds;
    while (!has_ended() && monotonic_seconds() < until_s) {
    }
    guard_->kill();
    guard_->end();
    Registry::ProcessChange change;
    change.status = Status::terminated;
    change.reason = std::move(reason);
    return change;
  }

  std::string log_hint() const {
    return fmt::format("what it said is in {}", (folder_ / kLogName).string());
  }

  // The last line that it has printed says most.
  std::string last_words() const {
    std::string last;
    for (const std::string& each : split(output_, '\n')) {
      if (!trim(each).empty()) last = trim(each);
    }
    return last.empty() ? "" : ": " + printable(last);
  }

  Registry::ProcessChange end_of(const CommandEnd& end) {
    while (is_open_[0] && drain(0)) {
    }
    while (is_open_[1] && drain(1)) {
    }
    if (end.start_error != 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} '{}': {}", end.start_step, settings_.program.front(),
                              ::strerror(end.start_error)),
                  "MAT_TENSORBOARD may name another one");
    }
    Registry::ProcessChange change;
    change.status = Status::abnormal;
    if (WIFSIGNALED(end.wait_status)) {
      change.reason = fmt::format("TensorBoard was ended by signal {}", WTERMSIG(end.wait_status));
      if (is_ready_) return change;
    } else {
      change.reason =
          fmt::format("TensorBoard exited with {}{}", WEXITSTATUS(end.wait_status), last_words());
    }
    throw Error(ErrorKind::io, change.reason, log_hint());
  }

  Registry::ProcessChange end_of_guard() {
    CommandEnd end;
    try {
      end = guard_->end();
    } catch (const Error&) {
      if (!is_ready_) throw;
      Registry::ProcessChange change;
      change.status = Status::abnormal;
      change.reason = "the process that watches over TensorBoard was killed";
      return change;
    }
    return end_of(end);
  }

  // False when there is nothing left to read.
  bool drain(std::size_t stream) {
    const std::size_t before = output_.size();
    pollfd waiting{stream == 0 ? guard_->output() : guard_->error_output(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) <= 0) return false;
    read(stream);
    return is_open_[stream] && (output_.size() != before || output_.size() == kKeptOutput);
  }

  void fail(const std::string& message, const std::string& hint) {
    guard_.reset();
    line("failed: " + message);
    try {
      Registry::ProcessChange change;
      change.status = Status::failed;
      change.reason = message;
      change.facts = Json{{"pid", ::getpid()}, {"hint", hint}};
      registry_.change_visualization(record_.id, {Status::pending, Status::running}, change);
    } catch (const Error& e) {
      // Whoever looks next finds its lock free.
      line("cannot record it: " + e.message());
    }
  }

  const Home& home_;
  const VisualizationRun& run_;
  Registry registry_;
  VisualizationRecord record_;
  fs::path folder_;
  VisualizationSettings settings_;
  LogFile log_;
  std::optional<double> answers_since_s_;
  double started_s_ = 0, probed_s_ = 0;
  int port_ = 0;
  bool is_ready_ = false;
  std::optional<Guard> guard_;
  std::array<bool, 2> is_open_{true, true};
  std::string output_;  // the end of what it has printed
};

}  // namespace

std::string run_visualization(const Home& home, const VisualizationRun& run) {
  return Visualization(home, run).run();
}

}  // namespace mat
