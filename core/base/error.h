#pragma once

#include <exception>
#include <string>

namespace mat {

// What went wrong, as a caller of the program must tell it apart. The value is the exit code.
enum class ErrorKind {
  training_failed = 1,
  usage = 2,       // wrong command line, spec or data
  not_found = 3,   // a name or reference that does not exist
  conflict = 4,    // exists already, or is in the wrong state for this
  io = 5,          // disk, permissions, damaged files
  terminated = 6,  // stopped on request
  bug = 70,
  interrupted = 130,
};

// The one exception that core and trainers throw. Thrown across the boundary of the trainers
// module, hence the default visibility. `what()` is one sentence without a final stop, without
// "error:" in front; `hint()` says what to do and may be empty. Both may quote file names and
// values: whoever prints them makes them printable (see printable() in text.h).
class __attribute__((visibility("default"))) Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {});
  ~Error() override;

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  ErrorKind kind() const noexcept { return kind_; }
  int exit_code() const noexcept { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
};

// Throws an io error "MESSAGE: strerror(ERROR_NUMBER)". A full disk and missing permissions get a
// hint; `otherwise`, as in "choose another place", is a second way out that it then names.
[[noreturn]] void throw_io_error(const std::string& message, int error_number,
                                 const std::string& otherwise = {});

}  // namespace mat
