#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace mat {

// A script that runs servers for tests, in lines on stdin and stdout. It ends when its input does.
class ScriptProcess {
 public:
  // `script` is taken from the folder of tests. It installs nothing. `option` is one more for it.
  explicit ScriptProcess(const std::string& script, const std::string& option = "") {
    std::array<int, 2> to{}, from{};
    if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    const std::string path = std::string(MAT_TESTS_FOLDER "/") + script;
    // Of nobody's family: other tests look at the children of this process.
    const pid_t between = ::fork();
    if (between == 0) {
      if (::fork() != 0) ::_exit(0);
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::execl("/bin/bash", "bash", path.c_str(), "--no-install",
              option.empty() ? nullptr : option.c_str(), nullptr);
      ::_exit(77);
    }
    ::waitpid(between, nullptr, 0);
    ::close(to[0]);
    ::close(from[1]);
    to_ = to[1];
    from_ = from[0];
  }
  // Waits for its end.
  ~ScriptProcess() {
    ::close(to_);
    while (!read_line().empty()) {
    }
    ::close(from_);
  }
  ScriptProcess(const ScriptProcess&) = delete;
  ScriptProcess& operator=(const ScriptProcess&) = delete;

  // Empty at the end.
  std::string read_line() {
    for (;;) {
      if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      std::array<char, 4096> chunk;
      const ssize_t count = ::read(from_, chunk.data(), chunk.size());
      if (count <= 0) return {};
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }

  // What it answers to a line; empty when it has ended.
  std::string ask(const std::string& command) {
    const std::string line = command + "\n";
    if (::write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return {};
    return read_line();
  }

 private:
  int to_ = -1, from_ = -1;
  std::string buffer_;
};

}  // namespace mat
