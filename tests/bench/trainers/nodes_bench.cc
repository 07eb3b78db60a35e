// What training on two nodes gains: nodes_bench [ALGORITHM] [SIZE] [BATCH] [ROUNDS]. In
// turns, on one core each: one process alone; two that do not know of one another, which is as good
// as two can be on this machine; and two nodes of one training, with norms
// over the whole batch and with norms of their own. BATCH is that of each process.
// Prints pictures a second, efficiencies, and what communication costs, also by itself.

#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "core/base/file.h"
#include "core/base/time.h"
#include "core/run/run_node.h"
#include "tests/temp_folder.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/distributed/nodes.h"
#include "trainers/models/network.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 20;

void stay_on_core(std::size_t place) {
  cpu_set_t usable, one;
  ::sched_getaffinity(0, sizeof usable, &usable);
  CPU_ZERO(&one);
  for (std::size_t core = 0, seen = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &usable) && seen++ == place) CPU_SET(core, &one);
  }
  if (::sched_setaffinity(0, sizeof one, &one) != 0) {
    throw std::runtime_error("there are too few cores");
  }
}

// Does it in a process for each, on a core for each, and gives what each of them has to say.
template <typename Work>
std::vector<Json> in_processes(const fs::path& folder, std::size_t count, const Work& work) {
  std::vector<pid_t> pids;
  const auto file_of = [&](std::size_t i) { return folder / fmt::format("said-{}.json", i); };
  for (std::size_t i = 0; i < count; ++i) {
    fs::remove(file_of(i));
    pids.push_back(::fork());
    if (pids.back() != 0) continue;
    try {
      stay_on_core(i);
      write_file_atomic(file_of(i), to_json_text(work(i)));
    } catch (const std::exception& e) {
      fmt::print(stderr, "process {}: {}\n", i, e.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  std::vector<Json> said;
  for (std::size_t i = 0; i < count; ++i) {
    int status = 0;
    ::waitpid(pids[i], &status, 0);
    if (status != 0) std::exit(1);
    said.push_back(parse_json(read_file(file_of(i)), "a process"));
  }
  return said;
}

NodeGroup two_nodes() {
  NodeGroup group;
  group.nodes = 2;
  group.address = "127.0.0.1";
  group.port = free_port();
  return group;
}

Json train(TrainRequest request) {
  fs::remove_all(request.version_folder);
  fs::create_directories(request.version_folder);
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  return observer.all_recorded();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds that a sum of so many floats takes, between two nodes that do nothing else.
double seconds_of_sum(const fs::path& folder, std::int64_t floats) {
  const NodeGroup group = two_nodes();
  return in_processes(folder, 2,
                      [&](std::size_t i) {
                        NodeGroup own = group;
                        own.node = static_cast<int>(i);
                        RecordingObserver observer;
                        Nodes nodes(own, torch::kCPU, observer);
                        const torch::Tensor values = torch::zeros({floats});
                        std::vector<double> seconds;
                        for (int round = 0; round < 21; ++round) {
                          const double before_s = monotonic_seconds();
                          const auto work = nodes.begin_sum(values);
                          nodes.wait(*work);
                          seconds.push_back(monotonic_seconds() - before_s);
                        }
                        nodes.gather(nullptr);
                        return Json(median(seconds));
                      })[0]
      .get<double>();
}

struct Figures {
  std::vector<double> alone, apart, together, waiting, own_norms;

  void print(int batch) const {
    const double one = median(alone), two_apart = median(apart), two = median(together),
                 own = median(own_norms), waited = median(waiting);
    fmt::print("one process        {:7.1f} pictures/s, a step takes {:.0f} ms\n", one,
               batch / one * 1000);
    fmt::print("two by themselves  {:7.1f} pictures/s, {:.3f} of twice one\n", two_apart,
               two_apart / one / 2);
    fmt::print("two nodes          {:7.1f} pictures/s, {:.3f} of twice one\n", two, two / one / 2);
    fmt::print(
        "with norms apart   {:7.1f} pictures/s, {:.3f} of twice one (sync_batchnorm: false)\n", own,
        own / one / 2);
    fmt::print(
        "without waiting    {:7.1f} pictures/s, {:.3f} of twice one (goal 0.85): communication "
        "counted apart\n",
        two / (1 - waited), two / (1 - waited) / one / 2);
    fmt::print(
        "communication costs {:.1f} % of what two by themselves do; waiting in it {:.1f} %\n",
        (1 - two / two_apart) * 100, waited * 100);
  }
};

void measure(const fs::path& folder, const TrainRequest& request, int rounds) {
  const auto speed = [](const Json& record) {
    return record.at("samples_per_second").get<double>();
  };
  const int batch = request.hyperparameters.at("batch_size").get<int>();
  const auto version = [&](std::size_t i) { return folder / fmt::format("V{}", i); };
  const auto train_apart = [&](std::size_t i) {
    TrainRequest own = request;
    own.version_folder = version(i);
    return train(own);
  };
  in_processes(folder, 1, train_apart);  // fills the cache of pictures
  Figures figures;
  for (int round = 0; round < rounds; ++round) {
    figures.alone.push_back(speed(in_processes(folder, 1, train_apart)[0]));
    const auto apart = in_processes(folder, 2, train_apart);
    figures.apart.push_back(speed(apart[0]) + speed(apart[1]));
    TrainRequest whole = request;
    whole.hyperparameters["batch_size"] = batch * 2;
    whole.hyperparameters["epochs"] = request.hyperparameters.at("epochs").get<int>() * 2;
    const auto train_together = [&] {
      whole.group = two_nodes();
      return in_processes(folder, 2, [&](std::size_t i) {
        TrainRequest own = whole;
        own.group.node = static_cast<int>(i);
        own.version_folder = version(i);
        return train(own);
      });
    };
    const auto together = train_together();
    figures.together.push_back(speed(together[0]));
    figures.waiting.push_back(together[0].at("nodes")[0].at("waiting").get<double>());
    whole.hyperparameters["sync_batchnorm"] = false;
    figures.own_norms.push_back(speed(train_together()[0]));
  }
  figures.print(batch);
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) {
  using namespace mat;
  const TempFolder temporary;
  const fs::path folder = temporary.path();
  const std::string algorithm = argc > 1 ? argv[1] : "resnet18";
  const int size = argc > 2 ? std::atoi(argv[2]) : 128;
  const int batch = argc > 3 ? std::atoi(argv[3]) : 32;
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 3;
  // A tenth of them is for validation, or more; whole batches of two nodes remain.
  make_pictures(folder / "data", static_cast<unsigned>(batch * kSteps / 3 * 5 / 4 / 2));
  TrainRequest request = request_for(folder / "data", folder, "V0", algorithm);
  request.hyperparameters["image_size"] = size;
  request.hyperparameters["batch_size"] = batch;
  request.hyperparameters["epochs"] = 2;
  request.hyperparameters["precision"] = "bf16";
  request.hyperparameters["layout"] = "channels_last";
  request.threads = 1;
  measure(folder, request, rounds);

  std::int64_t floats = 0;
  const Json parameters = in_processes(folder, 1, [&](std::size_t) {
    std::int64_t count = 0;
    for (const auto& parameter : make_image_network(algorithm, 3)->parameters()) {
      count += parameter.numel();
    }
    return Json(count);
  })[0];
  floats = parameters.get<std::int64_t>();
  fmt::print("by itself: the gradient of {:.1f} MB takes {:.1f} ms, 1 kB {:.0f} us\n",
             static_cast<double>(floats) * 4e-6, seconds_of_sum(folder, floats) * 1e3,
             seconds_of_sum(folder, 256) * 1e6);
  return 0;
}
