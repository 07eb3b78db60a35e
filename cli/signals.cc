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
volatile std::sig_atomic_t has_line_to_clear = 0;

void write_word(int file, const char* text) {
  // Nobody is left to be told that it could not be written.
  if (::write(file, text, std::strlen(text)) < 0) return;
}

// A second Ctrl-C does not wait for the batch.
extern "C" void end_at_once(int number) {
  if (last_word_path[0] != '\0') {
    const int file = ::open(last_word_path.data(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0) {
      write_word(file, last_word.data());
      ::close(file);
    }
    // Where the progress bar stands.
    write_word(STDERR_FILENO, has_line_to_clear != 0 ? "\r\x1b[Kmat: " : "mat: ");
    write_word(STDERR_FILENO, last_word.data());
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
  has_line_to_clear = ::isatty(STDERR_FILENO);
  std::strcpy(last_word.data(), text.c_str());
  std::strcpy(last_word_path.data(), path.c_str());
}

std::string SignalsAsStop::reason() {
  if (received_signal == SIGINT) return "interrupted by Ctrl-C";
  if (received_signal == 0) return {};
  const char* name = ::sigabbrev_np(received_signal);
  return name == nullptr ? "ended by a signal" : std::string("ended by SIG") + name;
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
