#pragma once

#include <atomic>
#include <exception>

#include "core/base/error.h"

namespace mat {

// The way to other nodes through c10d, whose errors come out as ours: NodesLost where others are
// gone or do not answer, a training_failed error where this node itself is to blame. Errors of its
// memory and of CUDA come out as they are.
class AmongNodes {
 public:
  explicit AmongNodes(int own_node) : own_node_(own_node) {}

  template <typename Talk>
  auto operator()(const Talk& talk) const {
    check();
    try {
      return talk();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& e) {
      check();
      rethrow(e);
    }
  }

  // From now on everything throws NodesLost, since this node is gone; with the own node's number,
  // since some other does not answer. From any thread.
  void lose(int node) { lost_ = node; }
  void check() const;
  bool has_lost() const { return lost_ != kNone; }

 private:
  static constexpr int kNone = -1;

  // Of the exception that is being handled.
  [[noreturn]] static void rethrow(const std::exception& e);

  int own_node_;
  std::atomic<int> lost_ = kNone;
};

// NodesLost, since others have not answered for as long as nodes_patience_s().
[[noreturn]] void throw_silent_nodes();

}  // namespace mat
