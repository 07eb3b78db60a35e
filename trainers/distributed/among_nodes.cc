#include "trainers/distributed/among_nodes.h"

#include <fmt/format.h>

#include <initializer_list>
#include <new>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/training/node_group.h"
#include "trainers/torch.h"

namespace mat {
namespace {

bool holds_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

std::string words_of(const std::exception& e) {
  const auto* error = dynamic_cast<const c10::Error*>(&e);
  return error != nullptr ? error->what_without_backtrace() : e.what();
}

// NCCL names a place in LibTorch and a kind of error first, and what has happened in the end.
std::string shortest(std::string_view what) {
  constexpr std::string_view kLast = "Last error:";
  const std::size_t last = what.find(kLast);
  if (last != std::string_view::npos && !trim(what.substr(last + kLast.size())).empty()) {
    what = trim(what.substr(last + kLast.size()));
  }
  return std::string(what.substr(0, what.find('\n')));
}

bool is_silence(std::string_view what) { return holds_any(what, {"imed out", "imeout"}); }

bool is_of_this_node(const std::exception& e, std::string_view what) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&e) != nullptr ||
         dynamic_cast<const std::bad_alloc*>(&e) != nullptr ||
         holds_any(what, {"CUDA error", "out of memory", "failed to listen"});
}

}  // namespace

void AmongNodes::check() const {
  const int lost = lost_;
  if (lost == kNone) return;
  if (lost == own_node_) throw_silent_nodes();
  throw NodesLost(
      ErrorKind::training_failed,
      fmt::format("node {} gives no sign of life any more, or cannot be reached from here", lost));
}

void AmongNodes::rethrow(const std::exception& e) {
  const std::string what = words_of(e);
  if (holds_any(what, {"NCCL error"})) {
    // "remote" also in the words of versions that have no kind of error of that name.
    if (!is_silence(what) &&
        !holds_any(what, {"emote", "abort", "onnection", "No route", "nreachable"})) {
      throw Error(ErrorKind::training_failed, "NCCL: " + shortest(what),
                  "with NCCL_DEBUG=INFO in the spec's environment it says more in the log");
    }
  } else if (is_of_this_node(e, what)) {
    throw;
  }
  if (is_silence(what)) throw_silent_nodes();
  throw NodesLost(ErrorKind::training_failed,
                  fmt::format("the connection to another node was lost: {}", shortest(what)));
}

void throw_silent_nodes() {
  throw NodesLost(
      ErrorKind::training_failed,
      fmt::format("another node has not answered for {}", format_duration(nodes_patience_s())),
      "it hangs, or is much slower than the others; their logs say what they did last: "
      "mat version logs REF --node K");
}

}  // namespace mat
