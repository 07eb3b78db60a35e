#pragma once

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

namespace mat {

// Work in a process of its own. Catch2's assertions are the parent's: the child says what is wrong
// with expect() and the parent compares `problem` with "".
struct ChildEnd {
  std::string problem;
};

inline void expect(bool is_met, const std::string& what) {
  if (!is_met) throw std::runtime_error("not met: " + what);
}

// The write end of a pipe to the parent.
class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no process");
    if (pid_ > 0) {
      ::close(ends[1]);
      from_child_ = ends[0];
      return;
    }
    ::close(ends[0]);
    std::string problem;
    try {
      work();
    } catch (const std::exception& e) {
      problem = std::string(e.what()) + " ";
    }
    const auto written = ::write(ends[1], problem.data(), problem.size());
    ::_exit(written == static_cast<ssize_t>(problem.size()) ? 0 : 1);
  }
  ~Child() {
    if (pid_ > 0) wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }

  ChildEnd wait() {
    ChildEnd result;
    char buffer[4096];
    for (ssize_t n; (n = ::read(from_child_, buffer, sizeof buffer)) > 0;) {
      result.problem.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(from_child_);
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
    if (WIFSIGNALED(status_)) {
      result.problem += "ended by signal " + std::to_string(WTERMSIG(status_));
    }
    return result;
  }

 private:
  pid_t pid_ = -1;
  int from_child_ = -1;
  int status_ = 0;
};

inline ChildEnd run_in_child(const std::function<void()>& work) { return Child(work).wait(); }

// As a user whom permissions bind, since they do not bind root; `folder` and what is in it is
// given to that user first. As whoever runs the tests when that is not root.
inline ChildEnd run_as_nobody(const std::filesystem::path& folder,
                              const std::function<void()>& work) {
  constexpr unsigned kNobody = 65534;
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    if (::chown(folder.c_str(), kNobody, kNobody) != 0) throw std::runtime_error("chown");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (::lchown(entry.path().c_str(), kNobody, kNobody) != 0) throw std::runtime_error("chown");
    }
  }
  return run_in_child([&] {
    if (is_root) {
      expect(::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0,
             "to become nobody");
    }
    work();
  });
}

}  // namespace mat
