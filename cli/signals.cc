#include "cli/signals.h"

#include <csignal>

namespace mat {
namespace {

constexpr std::array<int, 3> kEndingSignals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t received_signal = 0;

extern "C" void keep_signal(int number) {
  received_signal = number;
  // A second Ctrl-C does not wait for the batch.
  if (number == SIGINT) std::signal(SIGINT, SIG_DFL);
}

}  // namespace

SignalsAsStop::SignalsAsStop() {
  received_signal = 0;
  struct sigaction keep {};
  keep.sa_handler = keep_signal;
  sigemptyset(&keep.sa_mask);
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(kEndingSignals[i], &keep, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before_.back());
}

SignalsAsStop::~SignalsAsStop() {
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], &before_[i], nullptr);
  }
  ::sigaction(SIGPIPE, &before_.back(), nullptr);
}

std::string SignalsAsStop::reason() {
  if (received_signal == SIGINT) return "interrupted by Ctrl-C";
  return received_signal != 0 ? "ended by a signal" : "";
}

bool SignalsAsStop::was_interrupted() { return received_signal == SIGINT; }

}  // namespace mat
