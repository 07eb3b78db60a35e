#include "trainers/training/compute_plan.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "trainers/torch_compat.h"
#include "trainers/training/machine.h"
#include "trainers/training/speed_trial.h"

namespace mat {
namespace {

// A batch of this many pixels takes a fraction of a second on two cores and still ranks the plans
// as a whole batch does.
constexpr std::int64_t kTrialPixels = 1 << 18;
// For this long a choice is used again that was made while the machine was busy.
constexpr std::int64_t kUnsteadyMs = 60 * 60 * 1000;

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

// A plan's own network, training on pictures of noise.
class Candidate {
 public:
  Candidate(const ComputePlan& plan, const TrialSubject& subject)
      : plan_(plan), device_(subject.device), network_(subject.make_network()) {
    plan_.prepare(*network_, device_);
    network_->train(subject.training);
    const std::int64_t area = std::int64_t{subject.image_size} * subject.image_size;
    const std::int64_t count = std::clamp<std::int64_t>(
        kTrialPixels / area, std::min(subject.batch_size, 4), subject.batch_size);
    inputs_ = torch::rand({count, 3, subject.image_size, subject.image_size})
                  .to(device_)
                  .contiguous(plan_.layout);
    targets_ = torch::randint(subject.classes, {count}, torch::kLong).to(device_);
  }

  // Seconds of one step of training, or of one answer.
  double step() {
    const double before = monotonic_seconds();
    network_->is_training() ? learn() : answer();
    if (device_.is_cuda()) torch::cuda::synchronize();
    return monotonic_seconds() - before;
  }

 private:
  void answer() {
    const torch::NoGradGuard no_grad;
    const Autocast autocast(device_.type(), plan_.precision);
    network_->forward(inputs_);
  }

  void learn() {
    for (torch::Tensor& parameter : network_->parameters()) {
      parameter.mutable_grad() = torch::Tensor();
    }
    torch::Tensor loss;
    {
      const Autocast autocast(device_.type(), plan_.precision);
      const torch::Tensor logits = network_->forward(inputs_);
      loss = torch::nn::functional::cross_entropy(logits.to(torch::kFloat), targets_);
    }
    loss.backward();
  }

  ComputePlan plan_;
  torch::Device device_;
  std::shared_ptr<Network> network_;
  torch::Tensor inputs_, targets_;
};

struct Choice {
  ComputePlan plan;
  bool is_steady = true;
};

Choice fastest(const std::vector<ComputePlan>& plans, const TrialSubject& subject,
               TrainObserver& observer) {
  std::vector<TrialCandidate> candidates;
  for (const ComputePlan& plan : plans) {
    candidates.push_back(
        {fmt::format("{} {}", plan.precision_name(), plan.layout_name()), [&subject, &plan] {
           return [candidate = std::make_shared<Candidate>(plan, subject)] {
             return candidate->step();
           };
         }});
  }
  const TrialResult result = find_fastest(candidates, observer);
  return {plans[result.fastest], result.is_steady};
}

// Everything that the choice depends on, as a file name.
std::filesystem::path file_of_choice(const std::filesystem::path& folder,
                                     const TrialSubject& subject, const std::string& precision,
                                     const std::string& layout) {
  std::string name =
      fmt::format("plan-{}-{}-{}px-batch{}-{}-{}-{}-threads{}-torch{}-{}",
                  subject.training ? "training" : "answering", subject.name, subject.image_size,
                  subject.batch_size, precision, layout, subject.device.is_cuda() ? "gpu" : "cpu",
                  at::get_num_threads(), TORCH_VERSION, device_model(subject.device));
  for (char& c : name) {
    if (c == '/' || c == ' ' || c == '(' || c == ')' || c == '@') c = '_';
  }
  return folder / (name + ".json");
}

std::optional<Choice> read_choice(const std::filesystem::path& file,
                                  const std::vector<ComputePlan>& plans) {
  try {
    const std::optional<std::string> text = read_file_if_exists(file, 4096);
    if (!text) return std::nullopt;
    const Json json = parse_json(*text, file.string());
    const bool is_steady = json.at("steady").get<bool>();
    const std::int64_t age_ms = now_ms() - json.at("chosen_ms").get<std::int64_t>();
    if (!is_steady && (age_ms < 0 || age_ms > kUnsteadyMs)) return std::nullopt;
    for (const ComputePlan& plan : plans) {
      if (json.at("precision") == plan.precision_name() && json.at("layout") == plan.layout_name())
        return Choice{plan, is_steady};
    }
  } catch (const std::exception&) {
    // A damaged file costs another trial, nothing more.
  }
  return std::nullopt;
}

void write_choice(const std::filesystem::path& file, const Choice& choice,
                  TrainObserver& observer) {
  const Json json{{"precision", choice.plan.precision_name()},
                  {"layout", choice.plan.layout_name()},
                  {"steady", choice.is_steady},
                  {"chosen_ms", now_ms()}};
  try {
    write_file_atomic(file, to_json_text(json) + "\n");
  } catch (const Error& e) {
    observer.log(std::string("the choice is not kept for the next training: ") + e.what());
  }
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
  return __builtin_cpu_supports("avx512bf16");
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
    std::optional<Choice> choice = read_choice(file, plans);
    how = "as an earlier trial found";
    if (!choice) {
      choice = fastest(plans, subject, observer);
      write_choice(file, *choice, observer);
      how = choice->is_steady ? "the fastest"
                              : "the fastest on a busy machine: tried again in an hour or later";
    }
    plan = choice->plan;
  }
  observer.log(
      fmt::format("computing in {}, {} ({})", plan.precision_name(), plan.layout_name(), how));
  observer.record("precision", plan.precision_name());
  observer.record("layout", plan.layout_name());
  return plan;
}

}  // namespace mat
