#include "trainers/distributed/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "trainers/distributed/alive_watch.h"
#include "trainers/distributed/among_nodes.h"
#include "trainers/distributed/c10d.h"
#include "trainers/distributed/own_address.h"
#include "trainers/torch_compat.h"

namespace mat {

#if MAT_HAS_GLOO

namespace {

constexpr auto kBetweenConnectionLooks = std::chrono::milliseconds(20);
constexpr auto kBetweenWorkLooks = std::chrono::milliseconds(2);

// What it waits for belongs to the function.
class WaitingWork final : public Connection::Work {
 public:
  explicit WaitingWork(std::function<void()> wait) : wait_(std::move(wait)) {}
  void wait() override { wait_(); }

 private:
  std::function<void()> wait_;
};

class C10dConnection final : public Connection {
 public:
  C10dConnection(const NodeGroup& group, const torch::Device& device, TrainObserver& observer)
      : group_(group), among_(group.node) {
    const auto patience = std::chrono::milliseconds(
        static_cast<std::int64_t>(std::max(1.0, nodes_patience_s() * 1000)));
    among_([&] {
      c10d::TCPStoreOptions options;
      options.port = static_cast<std::uint16_t>(group.port);
      options.isServer = group.is_first();
      options.waitWorkers = false;
      options.timeout = patience;
      store_ = c10::make_intrusive<c10d::TCPStore>(group.address, options);
    });
    wait_for_all(observer);
    const std::string address = own_address(group);
    among_([&] {
      quick_ = gloo_group("quick", address, patience);
      bulk_ = gloo_group("bulk", address, patience);
    });
    transport_ = "Gloo";
    if (!device.is_cuda()) return;
#if MAT_HAS_NCCL
    begin_nccl(device, address, patience);
    transport_ = "NCCL";
#else
    transport_ = "Gloo through the CPU: this mat was built without nccl.h";
#endif
  }

#if MAT_HAS_NCCL
  ~C10dConnection() override {
    watch_.reset();
    if (!nccl_) return;
    if (among_.has_lost()) {
      // Their ends would wait for what the lost node does not send; it is the process's end, too.
      static_cast<void>(quick_.release());
      static_cast<void>(bulk_.release());
      return;
    }
    try {
      // With nodes that are gone nothing would come to its end.
      std::uncaught_exceptions() > 0 ? abort_group(*nccl_) : end_group(*nccl_);
    } catch (const std::exception&) {
      // All that was to be summed has been, or what went wrong with it has been said.
    }
  }
  C10dConnection(const C10dConnection&) = delete;
  C10dConnection& operator=(const C10dConnection&) = delete;
#endif

  std::string transport() const override { return transport_; }

  void check() override { among_.check(); }

  std::unique_ptr<Work> sum(const torch::Tensor& tensor, Lane lane) override {
    return speak([&]() -> std::unique_ptr<Work> {
#if MAT_HAS_NCCL
      if (tensor.is_cuda()) {
        std::vector<torch::Tensor> tensors{tensor};
        // The GPU waits for it, in the order of its work; this thread goes on giving it more.
        return work([work = nccl_->allreduce(tensors)] { work->wait(); });
      }
#endif
      const torch::Tensor on_cpu = tensor.is_cpu() ? tensor : tensor.to(torch::kCPU);
      std::vector<torch::Tensor> tensors{on_cpu};
      auto sum = (lane == Lane::quick ? quick_ : bulk_)->allreduce(tensors);
      return work([this, tensor, on_cpu, sum = std::move(sum)] {
        wait_for(*sum);
        if (!tensor.is_cpu()) tensor.copy_(on_cpu);
      });
    });
  }

  void copy_from_first(const torch::Tensor& tensor) override {
    if (tensor.numel() == 0) return;
    speak([&] {
      // Whatever its layout is, it travels row by row.
      const torch::Tensor plain = tensor.to(torch::kCPU).contiguous();
      std::vector<torch::Tensor> tensors{plain};
      wait_for(*quick_->broadcast(tensors));
      if (!plain.is_same(tensor)) tensor.copy_(plain);
    });
  }

  void set(const std::string& key, const std::string& text) override {
    speak([&] { store_->set(key, std::vector<std::uint8_t>(text.begin(), text.end())); });
  }
  bool has(const std::string& key) override {
    return speak([&] { return store_->check({key}); });
  }
  std::string get(const std::string& key) override {
    const std::vector<std::uint8_t> bytes = speak([&] { return store_->get(key); });
    return {bytes.begin(), bytes.end()};
  }
  std::int64_t add(const std::string& key, std::int64_t number) override {
    return speak([&] { return store_->add(key, number); });
  }

 private:
  // A core that has nothing to do takes up to a millisecond to wake, in virtual machines above all,
  // which is longer than what most sums take: for some time, this thread only lets others go first.
  // Gloo itself does not notice a machine that has gone without a word.
  void wait_for(c10d::Work& work) const {
    constexpr double kSecondsAwake = 0.02;
    const double until_s = monotonic_seconds() + kSecondsAwake;
    while (!work.isCompleted() && monotonic_seconds() < until_s) std::this_thread::yield();
    while (watch_ && !work.isCompleted()) {
      among_.check();
      std::this_thread::sleep_for(kBetweenWorkLooks);
    }
    work.wait();
  }

  template <typename Talk>
  std::invoke_result_t<Talk> speak(const Talk& talk) {
    if (watch_) watch_->goes_on();
    return among_(talk);
  }

  template <typename Wait>
  std::unique_ptr<Work> work(Wait wait) {
    return std::make_unique<WaitingWork>([this, wait = std::move(wait)] { speak(wait); });
  }

  void wait_for_all(TrainObserver& observer) {
    const std::string key = "here/";
    set(key + std::to_string(group_.node), "1");
    const double until_s = monotonic_seconds() + nodes_patience_s();
    for (int node = 0; node < group_.nodes;) {
      if (has(key + std::to_string(node))) {
        ++node;
        continue;
      }
      if (observer.stop_requested()) {
        throw Error(ErrorKind::interrupted, "stopped while the nodes met");
      }
      if (monotonic_seconds() > until_s) {
        throw NodesLost(ErrorKind::training_failed,
                        fmt::format("node {} has not come within {}", node,
                                    format_duration(nodes_patience_s())));
      }
      std::this_thread::sleep_for(kBetweenConnectionLooks);
    }
  }

  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_group(const std::string& name,
                                                        const std::string& address,
                                                        std::chrono::milliseconds patience) {
    auto options = c10d::ProcessGroupGloo::Options::create(patience);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    options->threads = 1;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>(name, store_), group_.node, group_.nodes,
        std::move(options));
  }

#if MAT_HAS_NCCL
  void begin_nccl(const torch::Device& device, const std::string& address,
                  std::chrono::milliseconds patience) {
    constexpr bool kIsWatched = kCanAbort<c10d::ProcessGroupNCCL>;
    constexpr int kKeepTheirs = 0;
    const std::string interface = interface_of(address);
    if (!interface.empty()) {
      ::setenv("NCCL_SOCKET_IFNAME", ("=" + interface).c_str(), kKeepTheirs);
    }
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = patience;
    if (kIsWatched) {
      // LibTorch's own watch would end the whole process, without a word of why.
      ::setenv(kNcclErrorHandling, "0", kKeepTheirs);
      options->timeout *= 2;
    }
    among_([&] {
      nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(
          c10::make_intrusive<c10d::PrefixStore>("nccl", store_), group_.node, group_.nodes,
          std::move(options));
      if (!kIsWatched) return;
      AliveWatch::Patience looks;
      looks.looks_at_own = static_cast<int>(patience / looks.between_looks) + 1;
      looks.looks_at_others = std::clamp(looks.looks_at_own / 30, 10, 60);
      watch_ = std::make_unique<AliveWatch>(group_, looks, [this](int node) {
        among_.lose(node);
        try {
          abort_group(*nccl_);
        } catch (const std::exception&) {
          // Whoever started this process will end it.
        }
      });
    });
    try {
      connect_gpus(device);
    } catch (...) {
      watch_.reset();
      abort_group(*nccl_);
      throw;
    }
  }

  // Which cannot be broken off: a GPU that does not work is to fail before, and all are to know it.
  void connect_gpus(const torch::Device& device) {
    const torch::Tensor one = torch::ones({1}, torch::TensorOptions(device));
    speak([&] { static_cast<void>(one.item<float>()); });
    sum(torch::ones({1}), Lane::quick)->wait();
    sum(one, Lane::quick)->wait();
    speak([&] { static_cast<void>(one.item<float>()); });
    check();
  }
#endif

  NodeGroup group_;
  AmongNodes among_;
  std::string transport_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> quick_, bulk_;
#if MAT_HAS_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
  // Only with sums that wait without an end. The last member: it uses others.
  std::unique_ptr<AliveWatch> watch_;
};

}  // namespace

std::unique_ptr<Connection> connect_nodes(const NodeGroup& group, const torch::Device& device,
                                          TrainObserver& observer) {
  return std::make_unique<C10dConnection>(group, device, observer);
}

#else

std::unique_ptr<Connection> connect_nodes(const NodeGroup&, const torch::Device&, TrainObserver&) {
  throw Error(
      ErrorKind::usage, "this mat cannot train on several nodes: it was built without Gloo",
      "build it where libgloo-dev is installed, against a LibTorch with distributed training; "
      "or set resources.nodes to 1");
}

#endif

}  // namespace mat
