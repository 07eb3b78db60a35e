#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstring>

namespace mat {
namespace {

constexpr std::array<int, 4> kEndingSignals{SIGINT, SIGTERM, SIGHUP, SIGURG};

volatile std::sig_atomic_t received_signal = 0;

// Only what a signal handler may touch.
std::array<char, PATH_MAX> last_word_path{};
std::array<char, 256> last_word{};

// A second Ctrl-C does not wait for the batch.
extern "C" void end_at_once(int number) {
  if (last_word_path[0] != '\0') {
    const int file = ::open(last_word_path.data(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0 && ::write(file, last_word.data(), std::strlen(last_word.data())) >= 0) {
      ::close(file);
    }
  }
  std::signal(number, SIG_DFL);
  ::raise(number);
}

extern "C" void keep_signal(int number) {
  received_signal = number;
  if (number == SIGINT) std::signal(SIGINT, end_at_once);
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
  last_word_path[0] = '\0';
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], &before_[i], nullptr);
  }
  ::sigaction(SIGPIPE, &before_.back(), nullptr);
}

void SignalsAsStop::on_second_interrupt(const std::string& path, const std::string& text) {
  if (path.size() >= last_word_path.size() || text.size() >= last_word.size()) return;
  std::strcpy(last_word.data(), text.c_str());
  std::strcpy(last_word_path.data(), path.c_str());
}

std::string SignalsAsStop::reason() {
  if (received_signal == SIGINT) return "interrupted by Ctrl-C";
  return received_signal != 0 ? "ended by a signal" : "";
}

void SignalsAsStop::leave_on_hangup() {
  for (const int number : {SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler != SIG_IGN) std::signal(number, SIG_DFL);
  }
}

int SignalsAsStop::received() { return received_signal; }

bool SignalsAsStop::was_interrupted() { return received_signal == SIGINT; }

}  // namespace mat
