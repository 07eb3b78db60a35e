#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace mat {

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

// Out of line, so that the class has one key function and one type information.
Error::~Error() = default;

void throw_io_error(const std::string& message, int error_number) {
  std::string hint;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      hint = "the disk is full: free some space, or choose another home with --home";
      break;
    case EROFS:
    case EACCES:
    case EPERM:
      hint = "check who owns it and whether it is writable, or choose another home with --home";
      break;
    default:
      break;
  }
  throw Error(ErrorKind::io, message + ": " + std::strerror(error_number), hint);
}

}  // namespace mat
