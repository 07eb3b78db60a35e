#include "trainers/distributed/nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "trainers/distributed/among_nodes.h"

namespace mat {
namespace {

constexpr auto kBetweenTurnLooks = std::chrono::milliseconds(50);
constexpr double kSecondsBetweenBeats = 1;
constexpr auto kBetweenWordLooks = std::chrono::milliseconds(20);
constexpr auto kBetweenLeaveLooks = std::chrono::milliseconds(1);
// Which others have to end in good order.
constexpr double kSecondsToLeave = 5;

// Tells the other nodes now and then that this one is at work.
class BeatingObserver final : public TrainObserver {
 public:
  BeatingObserver(TrainObserver& observer, std::function<void()> beat)
      : observer_(observer), beat_(std::move(beat)) {}

  void log(std::string_view line) override { observer_.log(line); }
  void phase(std::string_view what, std::int64_t done, std::int64_t total) override {
    beat_now_and_then();
    observer_.phase(what, done, total);
  }
  void progress(const Progress& progress) override { observer_.progress(progress); }
  void metric(std::string_view name, std::int64_t step, double value) override {
    observer_.metric(name, step, value);
  }
  void summary(const EventSummary& summary) override { observer_.summary(summary); }
  void record(std::string_view key, const Json& value) override { observer_.record(key, value); }
  bool stop_requested() override {
    beat_now_and_then();
    return observer_.stop_requested();
  }
  Json checkpoint_state() override { return observer_.checkpoint_state(); }
  void restore(const Json& state) override { observer_.restore(state); }

 private:
  void beat_now_and_then() {
    if (monotonic_seconds() - beaten_s_ < kSecondsBetweenBeats) return;
    beaten_s_ = monotonic_seconds();
    beat_();
  }

  TrainObserver& observer_;
  std::function<void()> beat_;
  double beaten_s_ = 0;
};

std::string beat_key(int node) { return fmt::format("beat/{}", node); }
std::string done_key(const std::string& name, int node) {
  return fmt::format("done/{}/{}", name, node);
}

// What a tensor is, besides its bytes.
Json shape_of(const torch::Tensor& tensor) {
  return {{"type", static_cast<int>(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}};
}

torch::Tensor empty_like_shape(const Json& shape) {
  return torch::empty(shape.at("shape").get<std::vector<std::int64_t>>(),
                      static_cast<torch::ScalarType>(shape.at("type").get<int>()));
}

}  // namespace

Nodes::Nodes(const NodeGroup& group, const torch::Device& device, TrainObserver& observer)
    : group_(group), observer_(observer), connection_(connect_nodes(group, device, observer)) {
  observer.log(fmt::format("node {} of {} is connected to the others; sums by {}", group.node,
                           group.nodes, connection_->transport()));
}

void Nodes::sum(const torch::Tensor& tensor) {
  const double before_s = monotonic_seconds();
  connection_->sum(tensor, Connection::Lane::quick)->wait();
  waited_s_ += monotonic_seconds() - before_s;
}

std::unique_ptr<Connection::Work> Nodes::begin_sum(const torch::Tensor& tensor) {
  return connection_->sum(tensor, Connection::Lane::bulk);
}

void Nodes::wait(Connection::Work& work) {
  const double before_s = monotonic_seconds();
  work.wait();
  waited_s_ += monotonic_seconds() - before_s;
}

bool Nodes::any(bool is_so) {
  const torch::Tensor count = torch::full({1}, is_so ? 1.0 : 0.0, torch::kDouble);
  sum(count);
  return count.item<double>() > 0;
}

std::string Nodes::hear(const std::string& key, bool heeds_stop) {
  double until_s = monotonic_seconds() + nodes_patience_s();
  bool is_stopping = false;
  while (!connection_->has(key)) {
    const double now_s = monotonic_seconds();
    if (heeds_stop && !is_stopping && observer_.stop_requested()) {
      is_stopping = true;
      until_s = std::min(until_s, now_s + kSecondsToLeave);
    }
    if (now_s > until_s) {
      if (!is_stopping) throw_silent_nodes();
      throw Error(ErrorKind::interrupted, "stopped while waiting for another node's word");
    }
    std::this_thread::sleep_for(kBetweenWordLooks);
  }
  return connection_->get(key);
}

std::string Nodes::next_key() { return fmt::format("told/{}", keys_++); }

Json Nodes::tell(const Json& value) {
  const std::string key = next_key();
  if (is_first()) {
    connection_->set(key, to_json_text(value));
    return value;
  }
  return parse_json(hear(key), "node 0");
}

void Nodes::tell(const std::vector<torch::Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  for (const torch::Tensor& tensor : tensors) connection_->copy_from_first(tensor);
}

std::optional<Checkpoint> Nodes::tell(std::optional<Checkpoint> checkpoint) {
  Json description;
  if (checkpoint) {
    description = {{"step", checkpoint->step}, {"state", checkpoint->state}};
    Json& tensors = description["tensors"] = Json::object();
    for (const auto& [name, tensor] : checkpoint->tensors) tensors[name] = shape_of(tensor);
  }
  description = tell(description);
  if (description.is_null()) return std::nullopt;
  if (!is_first()) {
    checkpoint.emplace();
    checkpoint->step = description.at("step").get<std::int64_t>();
    checkpoint->state = description.at("state");
    for (const auto& [name, shape] : description.at("tensors").items()) {
      checkpoint->tensors[name] = empty_like_shape(shape);
    }
  }
  for (const auto& [name, tensor] : checkpoint->tensors) connection_->copy_from_first(tensor);
  return checkpoint;
}

std::vector<Json> Nodes::gather(const Json& value) {
  const std::string key = next_key();
  if (!is_first()) {
    connection_->set(fmt::format("{}/{}", key, node()), to_json_text(value));
    // Node 0 keeps the store: whoever leaves before it has heard everything is missed.
    hear(key + "/heard", false);
    connection_->add(key + "/left", 1);
    return {};
  }
  std::vector<Json> values{value};
  for (int other = 1; other < count(); ++other) {
    values.push_back(parse_json(hear(fmt::format("{}/{}", key, other)), "a node"));
  }
  connection_->set(key + "/heard", "1");
  // The store may go with this process, and what was set last with it.
  const double until_s = monotonic_seconds() + kSecondsToLeave;
  while (connection_->add(key + "/left", 0) < count() - 1 && monotonic_seconds() < until_s) {
    std::this_thread::sleep_for(kBetweenLeaveLooks);
  }
  return values;
}

void Nodes::one_before_others(const std::string& name, TrainObserver& observer,
                              const std::function<void(TrainObserver&)>& work) {
  BeatingObserver beating(observer, [this] { connection_->add(beat_key(node()), 1); });
  if (!is_first()) wait_for(name, 0, observer);
  work(beating);
  connection_->set(done_key(name, node()), "1");
  for (int other = 1; other < count(); ++other) wait_for(name, other, beating);
}

void Nodes::wait_for(const std::string& name, int node, TrainObserver& observer) {
  std::int64_t beats = -1;
  double heard_s = monotonic_seconds();
  while (!connection_->has(done_key(name, node))) {
    if (observer.stop_requested()) {
      throw Error(ErrorKind::interrupted, fmt::format("stopped while waiting for node {}", node));
    }
    const std::int64_t heard = connection_->add(beat_key(node), 0);
    if (heard != beats) {
      beats = heard;
      heard_s = monotonic_seconds();
    }
    if (monotonic_seconds() - heard_s > nodes_patience_s()) {
      throw NodesLost(ErrorKind::training_failed,
                      fmt::format("node {} has not said anything for {}", node,
                                  format_duration(nodes_patience_s())));
    }
    std::this_thread::sleep_for(kBetweenTurnLooks);
  }
}

}  // namespace mat
