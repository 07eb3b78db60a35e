// Makes a registry of many versions and times what the commands ask of it.
//
//   registry_bench HOME [VERSIONS [JOBS]]   default: 1,000,000 versions of one job
//
// The registry stays, for tests/bench/cli_latency.sh. A home that has one already is not filled
// again.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/registry/registry.h"

namespace mat {
namespace {

constexpr std::int64_t kBatch = 10'000;
constexpr std::int64_t kRatedVersions = 100'000;
constexpr int kRuns = 30;

// Versions as a search for hyperparameters gives them: twelve hyperparameters, some continuous and
// some from a few choices, six metrics, and the facts that a training records.
class VersionMaker {
 public:
  explicit VersionMaker(std::int64_t jobs) : jobs_(jobs) {}

  NewVersion make(std::int64_t index) {
    NewVersion version;
    version.job = fmt::format("job-{}", index % jobs_);
    version.algorithm = "resnet18";
    version.status = index % 50 == 0 ? Status::failed : Status::completed;
    version.created_ms = 1'700'000'000'000 + index * 1000;
    version.started_ms = version.created_ms + 20;
    version.ended_ms = version.created_ms + 60'000 + static_cast<std::int64_t>(uniform(0, 1e6));
    version.settings = settings(index);
    version.facts = facts_;
    add_metrics(&version);
    return version;
  }

 private:
  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  double log_uniform(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + static_cast<std::ptrdiff_t>(uniform(0, values.size())));
  }

  Json settings(std::int64_t index) {
    Json settings = Json::object();
    const auto set = [&](const char* key, const Json& value, const char* source) {
      settings[key] = {{"value", value}, {"source", source}};
    };
    set("name", "job", "spec");
    set("algorithm", "resnet18", "spec");
    set("inputs.data_url", "/data/clothes", "spec");
    set("hyperparameters.epochs", one_of({10, 20, 30, 50, 100}), "spec");
    set("hyperparameters.lr", log_uniform(1e-4, 1), "--set");
    set("hyperparameters.batch_size", one_of({16, 32, 64, 128, 256}), "spec");
    set("hyperparameters.optimizer", one_of({"sgd", "adamw"}), "spec");
    set("hyperparameters.momentum", one_of({0.9, 0.95}), "algorithm");
    set("hyperparameters.weight_decay", log_uniform(1e-6, 1e-2), "--set");
    set("hyperparameters.warmup_epochs", one_of({0, 1, 3, 5}), "algorithm");
    set("hyperparameters.label_smoothing", one_of({0.0, 0.1}), "algorithm");
    set("hyperparameters.crop_scale", uniform(0.2, 1), "algorithm");
    set("hyperparameters.flip", one_of({true, false}), "algorithm");
    set("hyperparameters.image_size", one_of({64, 128, 224}), "spec");
    set("hyperparameters.precision", one_of({"auto", "fp32", "bf16"}), "algorithm");
    set("resources.pool", "public", "algorithm");
    set("resources.type", "cpu", "spec");
    set("resources.flavor", "cpu.2", "spec");
    set("resources.nodes", 1, "algorithm");
    set("seed", index, "spec");
    return settings;
  }

  MetricSummary curve(double best) {
    return {30, best * 0.5, best * 0.99, best * 0.5, best, best, 1, 30, 1, 27, 27};
  }

  void add_metrics(NewVersion* version) {
    const double accuracy = std::pow(uniform(0, 1), 0.2);
    version->metrics["accuracy"] = curve(accuracy);
    version->metrics["precision"] = curve(accuracy - uniform(0, 0.01));
    version->metrics["recall"] = curve(accuracy - uniform(0, 0.01));
    version->metrics["f1"] = curve(accuracy - uniform(0, 0.01));
    version->metrics["loss"] = curve(2 * (1 - accuracy) + uniform(0, 0.1));
    version->metrics["train_loss"] = curve(uniform(0, 1));
  }

  std::int64_t jobs_;
  std::mt19937_64 random_{7};
  Json facts_ = {
      {"command_line", {"mat", "job", "create", "-f", "clothes.yaml", "--set", "lr=0.1"}},
      {"working_directory", "/data/work"},
      {"mat_version", "0.1.0"},
      {"git", {{"commit", std::string(40, 'c')}, {"branch", "main"}, {"dirty", false}}},
      {"host", {{"name", "workstation"}, {"cores", 2}, {"cpu", "a processor"}}},
      {"libtorch", "1.13.1"},
      {"threads", 2},
      {"precision", "bf16"},
      {"layout", "channels_last"}};
};

void fill(const Home& home, std::int64_t versions, std::int64_t jobs) {
  Registry registry(home, Registry::Mode::write);
  VersionMaker maker(jobs);
  double seconds = 0;
  for (std::int64_t done = 0; done < versions;) {
    const std::int64_t count = std::min(kBatch, versions - done);
    std::vector<NewVersion> batch;
    for (std::int64_t i = 0; i < count; ++i) batch.push_back(maker.make(done + i));
    const double start = monotonic_seconds();
    registry.create_versions(batch);
    seconds += monotonic_seconds() - start;
    done += count;
    if (done == std::min(kRatedVersions, versions)) {
      fmt::print("create {} versions: {:.0f} a second\n", done, done / seconds);
    }
  }
  fmt::print("create {} versions: {:.0f} a second, {} in all\n", versions, versions / seconds,
             format_bytes(std::filesystem::file_size(home.database())));
}

void time_it(const char* what, const std::function<std::string()>& ask) {
  std::vector<double> seconds;
  std::string answer;
  for (int run = 0; run < kRuns; ++run) {
    const double start = monotonic_seconds();
    answer = ask();
    seconds.push_back(monotonic_seconds() - start);
    if (seconds.back() > 1 && run >= 2) break;
  }
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{:<58} {:>9.2f} ms   {}\n", what, seconds[seconds.size() / 2] * 1e3, answer);
}

// Each with a registry of its own, as a command has: opening it counts.
void time_list(const Home& home, const char* filter, const char* sort) {
  const std::string what = fmt::format("list --filter '{}' --sort '{}'", filter, sort);
  time_it(what.c_str(), [&] {
    Registry registry(home, Registry::Mode::read);
    ListOptions options{20, parse_filter(filter), parse_sort(sort)};
    const auto listing = registry.list_versions("job-0", options);
    return fmt::format("{} of {}", listing.rows.size(), listing.total);
  });
}

void measure(const Home& home) {
  time_it("open", [&] {
    const Registry registry(home, Registry::Mode::read);
    return std::string();
  });
  time_list(home, "", "");
  time_list(home, "", "-accuracy");
  time_list(home, "accuracy > 0.9 and lr < 0.1", "-accuracy");
  time_list(home, "accuracy > 0.9 and lr < 0.1", "");
  time_list(home, "lr < 0.0001001", "");
  time_list(home, "lr < 0.0001001", "-accuracy");
  time_list(home, "lr < 0.001 and accuracy > 0.999", "loss");
  time_list(home, "lr < 0", "-accuracy");
  time_list(home, "not (lr < 0.1 or optimizer = sgd)", "batch_size,-accuracy");
  time_list(home, "status = failed", "duration");
  time_list(home, "created > 2023-11-20", "");
  time_it("diff of two", [&] {
    Registry registry(home, Registry::Mode::read);
    const auto best = registry.version("job-0@best");
    const auto first = registry.version("job-0@1");
    return fmt::format("{} and {}", best.reference(), first.reference());
  });
  time_it("jobs", [&] {
    Registry registry(home, Registry::Mode::read);
    const auto listing = registry.list_jobs({});
    return fmt::format("{} of {}", listing.rows.size(), listing.total);
  });
  time_it("active versions", [&] {
    Registry registry(home, Registry::Mode::read);
    return fmt::format("{}", registry.active_versions().size());
  });
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) {
  using namespace mat;
  if (argc < 2) {
    fmt::print(stderr, "usage: registry_bench HOME [VERSIONS [JOBS]]\n");
    return 2;
  }
  try {
    const Home home{std::filesystem::absolute(argv[1]), "the command line"};
    const std::int64_t versions = argc > 2 ? parse_integer(argv[2]).value() : 1'000'000;
    const std::int64_t jobs = argc > 3 ? parse_integer(argv[3]).value() : 1;
    if (!std::filesystem::exists(home.database())) fill(home, versions, jobs);
    measure(home);
    return 0;
  } catch (const Error& e) {
    fmt::print(stderr, "registry_bench: {}\n", e.message());
    return e.exit_code();
  }
}
