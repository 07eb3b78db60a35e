// command_bench [MEGABYTES]: how fast a command's output gets into its log, and what that takes.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/base/time.h"
#include "core/command/command_run.h"
#include "tests/temp_folder.h"

namespace {

class QuietObserver final : public mat::TrainObserver {
 public:
  void log(std::string_view) override {}
  void phase(std::string_view, std::int64_t, std::int64_t) override {}
  void progress(const mat::Progress&) override {}
  void metric(std::string_view, std::int64_t, double) override {}
  void record(std::string_view, const mat::Json&) override {}
  bool stop_requested() override { return false; }
  mat::Json checkpoint_state() override { return nullptr; }
  void restore(const mat::Json&) override {}
};

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(const char* what, const std::string& script, double megabytes) {
  const mat::TempFolder folder;
  mat::CommandRequest request;
  request.arguments = {"sh", "-c", script};
  request.working_folder = folder.path();
  request.version_folder = folder.path();
  request.output_folder = folder / "output";
  request.metrics_file = folder / "metrics.jsonl";
  QuietObserver observer;
  mat::LogFile log(folder.path(), 256 << 20);
  const double start = mat::monotonic_seconds(), cpu = own_cpu_seconds();
  mat::run_command(request, observer, log);
  const double seconds = mat::monotonic_seconds() - start;
  std::printf("%-28s %7.0f MB/s %6.2f s of CPU in mat\n", what, megabytes / seconds,
              own_cpu_seconds() - cpu);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string megabytes = argc > 1 ? argv[1] : "1000";
  const double size = std::atof(megabytes.c_str());
  const std::string head = " | head -c " + megabytes + "000000";
  measure("lines of words", "yes 'a line of words without a number'" + head, size);
  measure("lines that nearly are metrics", "yes 'value 3 of: many'" + head, size);
  measure("metrics", "yes 'epoch 3 loss: 0.4 accuracy: 0.91'" + head, size);
  measure("bytes without a line break", "head -c " + megabytes + "000000 /dev/zero", size);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory of mat            %6.1f MB\n",
              static_cast<double>(usage.ru_maxrss) / 1e3);
}
