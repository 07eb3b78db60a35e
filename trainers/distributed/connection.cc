#include "trainers/distributed/connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "trainers/torch_compat.h"

// A LibTorch from a wheel comes without Gloo's headers: Debian's libgloo-dev has them. Only names
// of types are needed of them; Gloo itself is in LibTorch.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/transport/device.h>)
#define MAT_HAS_GLOO 1
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#else
#define MAT_HAS_GLOO 0
#endif
#if MAT_HAS_GLOO && defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define MAT_HAS_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#define MAT_HAS_NCCL 0
#endif

namespace mat {

double nodes_patience_s() {
  constexpr double kDefault = 300;
  const char* text = std::getenv("MAT_NODES_PATIENCE");
  return text == nullptr ? kDefault : parse_number(text).value_or(kDefault);
}

#if MAT_HAS_GLOO

namespace {

constexpr auto kBetweenConnectionLooks = std::chrono::milliseconds(20);

[[noreturn]] void throw_lost_nodes(const std::exception& e) {
  std::string what = e.what();
  if (const auto* error = dynamic_cast<const c10::Error*>(&e)) {
    what = error->what_without_backtrace();
  }
  what = what.substr(0, what.find('\n'));
  const bool is_silence =
      what.find("imed out") != std::string::npos || what.find("imeout") != std::string::npos;
  if (is_silence) {
    throw NodesLost(
        ErrorKind::training_failed,
        fmt::format("another node has not answered for {}", format_duration(nodes_patience_s())),
        "it hangs, or is much slower than the others; their logs say what they did last: "
        "mat version logs REF --node K");
  }
  throw NodesLost(ErrorKind::training_failed,
                  fmt::format("the connection to another node was lost: {}", what));
}

template <typename Talk>
auto among_nodes(const Talk& talk) {
  try {
    return talk();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw_lost_nodes(e);
  }
}

// This machine's address on the way to node 0: names of hosts may lead to addresses that others
// cannot reach.
std::string own_address(const NodeGroup& group) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int problem =
      ::getaddrinfo(group.address.c_str(), std::to_string(group.port).c_str(), &wanted, &found);
  if (problem != 0) {
    throw Error(ErrorKind::training_failed,
                fmt::format("the address of node 0, '{}', is not known: {}", group.address,
                            ::gai_strerror(problem)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* way = found; way != nullptr; way = way->ai_next) {
    // Connecting such a socket sends nothing; it only chooses the way.
    const FileDescriptor socket(::socket(way->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (!socket || ::connect(socket.get(), way->ai_addr, way->ai_addrlen) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) {
      continue;
    }
    char text[NI_MAXHOST];
    if (::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      return text;
    }
  }
  throw Error(ErrorKind::training_failed,
              fmt::format("there is no way from here to node 0 at {}", group.address));
}

// A core that has nothing to do takes up to a millisecond to wake, in virtual machines above all,
// which is longer than what most sums take: for some time, this thread only lets others go first.
void wait_awake(c10d::Work& work) {
  constexpr double kSecondsAwake = 0.02;
  const double until_s = monotonic_seconds() + kSecondsAwake;
  while (!work.isCompleted() && monotonic_seconds() < until_s) std::this_thread::yield();
  work.wait();
}

class GlooWork final : public Connection::Work {
 public:
  explicit GlooWork(c10::intrusive_ptr<c10d::Work> work) : work_(std::move(work)) {}
  void wait() override {
    among_nodes([&] { wait_awake(*work_); });
  }

 private:
  c10::intrusive_ptr<c10d::Work> work_;
};

#if MAT_HAS_NCCL
// The GPU waits for it, in the order of its work; this thread goes on giving it more.
class NcclWork final : public Connection::Work {
 public:
  explicit NcclWork(c10::intrusive_ptr<c10d::Work> work) : work_(std::move(work)) {}
  void wait() override {
    among_nodes([&] { work_->wait(); });
  }

 private:
  c10::intrusive_ptr<c10d::Work> work_;
};
#endif

// Of a GPU's tensor where only Gloo can sum: by way of the CPU.
class CopiedWork final : public Connection::Work {
 public:
  CopiedWork(torch::Tensor to, torch::Tensor copy, c10::intrusive_ptr<c10d::Work> work)
      : to_(std::move(to)), copy_(std::move(copy)), work_(std::move(work)) {}
  void wait() override {
    among_nodes([&] { work_->wait(); });
    to_.copy_(copy_);
  }

 private:
  torch::Tensor to_, copy_;
  c10::intrusive_ptr<c10d::Work> work_;
};

class C10dConnection final : public Connection {
 public:
  C10dConnection(const NodeGroup& group, const torch::Device& device, TrainObserver& observer)
      : group_(group) {
    const auto patience = std::chrono::milliseconds(
        static_cast<std::int64_t>(std::max(1.0, nodes_patience_s() * 1000)));
    among_nodes([&] {
      c10d::TCPStoreOptions options;
      options.port = static_cast<std::uint16_t>(group.port);
      options.isServer = group.is_first();
      options.waitWorkers = false;
      options.timeout = patience;
      store_ = c10::make_intrusive<c10d::TCPStore>(group.address, options);
    });
    wait_for_all(observer);
    const std::string address = own_address(group);
    among_nodes([&] {
      quick_ = gloo_group("quick", address, patience);
      bulk_ = gloo_group("bulk", address, patience);
#if MAT_HAS_NCCL
      if (device.is_cuda()) {
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = patience;
        nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(
            c10::make_intrusive<c10d::PrefixStore>("nccl", store_), group.node, group.nodes,
            std::move(options));
      }
#else
      static_cast<void>(device);
#endif
    });
  }

#if MAT_HAS_NCCL
  ~C10dConnection() override {
    if (!nccl_) return;
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

  std::unique_ptr<Work> sum(const torch::Tensor& tensor, Lane lane) override {
    return among_nodes([&]() -> std::unique_ptr<Work> {
#if MAT_HAS_NCCL
      if (tensor.is_cuda()) {
        std::vector<torch::Tensor> tensors{tensor};
        return std::make_unique<NcclWork>(nccl_->allreduce(tensors));
      }
#endif
      const torch::Tensor on_cpu = tensor.is_cpu() ? tensor : tensor.to(torch::kCPU);
      std::vector<torch::Tensor> tensors{on_cpu};
      auto work = (lane == Lane::quick ? quick_ : bulk_)->allreduce(tensors);
      if (tensor.is_cpu()) return std::make_unique<GlooWork>(std::move(work));
      return std::make_unique<CopiedWork>(tensor, on_cpu, std::move(work));
    });
  }

  void copy_from_first(const torch::Tensor& tensor) override {
    if (tensor.numel() == 0) return;
    among_nodes([&] {
      // Whatever its layout is, it travels row by row.
      const torch::Tensor plain = tensor.to(torch::kCPU).contiguous();
      std::vector<torch::Tensor> tensors{plain};
      quick_->broadcast(tensors)->wait();
      if (!plain.is_same(tensor)) tensor.copy_(plain);
    });
  }

  void set(const std::string& key, const std::string& text) override {
    among_nodes([&] { store_->set(key, std::vector<std::uint8_t>(text.begin(), text.end())); });
  }
  bool has(const std::string& key) override {
    return among_nodes([&] { return store_->check({key}); });
  }
  std::string get(const std::string& key) override {
    const std::vector<std::uint8_t> bytes = among_nodes([&] { return store_->get(key); });
    return {bytes.begin(), bytes.end()};
  }
  std::int64_t add(const std::string& key, std::int64_t number) override {
    return among_nodes([&] { return store_->add(key, number); });
  }

 private:
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

  NodeGroup group_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> quick_, bulk_;
#if MAT_HAS_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
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
