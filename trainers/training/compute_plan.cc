#include "trainers/training/compute_plan.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "trainers/torch_compat.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

// A batch of this many pixels takes a fraction of a second on two cores and still ranks the plans
// as a whole batch does.
constexpr std::int64_t kTrialPixels = 1 << 18;
constexpr int kTimedSteps = 2;
// A plan that comes later in the list must win by this much: near ties go to the same plan on every
// machine, and first of all to full precision's competitor that most models prefer.
constexpr double kClearlyFaster = 0.95;
constexpr double kHopeless = 2.0;

std::vector<ComputePlan> open_plans(const std::string& precision, const std::string& layout,
                                    const torch::Device& device) {
  const bool fast_bf16 = device.is_cuda() || cpu_has_fast_bf16();
  std::vector<ComputePlan> plans;
  for (const auto type : {torch::kBFloat16, torch::kFloat32}) {
    for (const auto format : {torch::MemoryFormat::ChannelsLast, torch::MemoryFormat::Contiguous}) {
      const ComputePlan plan{type, format};
      const bool precision_fits = precision == plan.precision_name() ||
                                  (precision == "auto" && (type == torch::kFloat32 || fast_bf16));
      if (precision_fits && (layout == "auto" || layout == plan.layout_name())) {
        plans.push_back(plan);
      }
    }
  }
  return plans;
}

// Seconds of one step of training, or nothing when that is certainly more than `enough`.
std::optional<double> seconds_per_step(const ComputePlan& plan, const TrialSubject& subject,
                                       double enough) {
  const std::shared_ptr<Network> network = subject.make_network();
  plan.prepare(*network, subject.device);
  network->train();
  const std::int64_t area = std::int64_t{subject.image_size} * subject.image_size;
  const std::int64_t count = std::clamp<std::int64_t>(
      kTrialPixels / area, std::min(subject.batch_size, 4), subject.batch_size);
  const torch::Tensor inputs = torch::rand({count, 3, subject.image_size, subject.image_size})
                                   .to(subject.device)
                                   .contiguous(plan.layout);
  const torch::Tensor targets =
      torch::randint(subject.classes, {count}, torch::kLong).to(subject.device);
  double best = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= kTimedSteps; ++step) {
    const double before = monotonic_seconds();
    for (torch::Tensor& parameter : network->parameters()) {
      parameter.mutable_grad() = torch::Tensor();
    }
    torch::Tensor loss;
    {
      const Autocast autocast(subject.device.type(), plan.precision);
      loss = torch::nn::functional::cross_entropy(network->forward(inputs), targets);
    }
    loss.backward();
    if (subject.device.is_cuda()) torch::cuda::synchronize();
    const double seconds = monotonic_seconds() - before;
    // The first step also fills caches: it may only rule a plan out.
    if (step == 0 && seconds > kHopeless * enough) return std::nullopt;
    if (step > 0) best = std::min(best, seconds);
  }
  return best;
}

ComputePlan fastest(const std::vector<ComputePlan>& plans, const TrialSubject& subject,
                    TrainObserver& observer) {
  ComputePlan best_plan = plans.front();
  double best = std::numeric_limits<double>::infinity();
  std::string line = "trial of precision and layout:";
  const auto total = static_cast<std::int64_t>(plans.size());
  for (std::int64_t i = 0; i < total; ++i) {
    observer.phase("choosing precision and layout", i, total);
    const ComputePlan& plan = plans[static_cast<std::size_t>(i)];
    const std::optional<double> seconds = seconds_per_step(plan, subject, best);
    line += fmt::format("{} {} {} {}", i == 0 ? "" : ",", plan.precision_name(), plan.layout_name(),
                        seconds ? fmt::format("{:.0f} ms", *seconds * 1000) : "too slow");
    if (seconds && *seconds < best * (i == 0 ? 1 : kClearlyFaster)) {
      best = *seconds;
      best_plan = plan;
    }
  }
  observer.phase("choosing precision and layout", total, total);
  observer.log(line);
  return best_plan;
}

// Everything that the choice depends on, as a file name.
std::filesystem::path file_of_choice(const std::filesystem::path& folder,
                                     const TrialSubject& subject, const std::string& precision,
                                     const std::string& layout) {
  std::string name = fmt::format("plan-{}-{}px-batch{}-{}-{}-{}-threads{}-torch{}-{}", subject.name,
                                 subject.image_size, subject.batch_size, precision, layout,
                                 subject.device.is_cuda() ? "gpu" : "cpu", at::get_num_threads(),
                                 TORCH_VERSION, device_model(subject.device));
  for (char& c : name) {
    if (c == '/' || c == ' ' || c == '(' || c == ')' || c == '@') c = '_';
  }
  return folder / (name + ".json");
}

std::optional<ComputePlan> read_choice(const std::filesystem::path& file,
                                       const std::vector<ComputePlan>& plans) {
  try {
    const std::optional<std::string> text = read_file_if_exists(file, 4096);
    if (!text) return std::nullopt;
    const Json json = parse_json(*text, file.string());
    for (const ComputePlan& plan : plans) {
      if (json.at("precision") == plan.precision_name() && json.at("layout") == plan.layout_name())
        return plan;
    }
  } catch (const std::exception&) {
    // A damaged file costs another trial, nothing more.
  }
  return std::nullopt;
}

}  // namespace

const char* ComputePlan::precision_name() const {
  return precision == torch::kBFloat16 ? "bf16" : "fp32";
}

const char* ComputePlan::layout_name() const {
  return layout == torch::MemoryFormat::ChannelsLast ? "channels_last" : "contiguous";
}

void ComputePlan::prepare(torch::nn::Module& network, const torch::Device& device) const {
  network.to(device);
  torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : network.parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(layout));
  }
}

bool cpu_has_fast_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

ComputePlan choose_compute_plan(const std::string& precision, const std::string& layout,
                                const TrialSubject& subject, const std::filesystem::path& folder,
                                TrainObserver& observer) {
  const std::vector<ComputePlan> plans = open_plans(precision, layout, subject.device);
  ComputePlan plan = plans.front();
  const char* how = "set";
  if (plans.size() > 1) {
    const std::filesystem::path file = file_of_choice(folder, subject, precision, layout);
    if (const std::optional<ComputePlan> known = read_choice(file, plans)) {
      plan = *known;
      how = "as an earlier trial found";
    } else {
      plan = fastest(plans, subject, observer);
      how = "the fastest";
      write_file_atomic(file, to_json_text(Json{{"precision", plan.precision_name()},
                                                {"layout", plan.layout_name()}}) +
                                  "\n");
    }
  }
  observer.log(
      fmt::format("computing in {}, {} ({})", plan.precision_name(), plan.layout_name(), how));
  observer.record("precision", plan.precision_name());
  observer.record("layout", plan.layout_name());
  return plan;
}

}  // namespace mat
