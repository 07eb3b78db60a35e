#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace mat {

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

// Out of line, so that the class has one key function and one type information.
Error::~Error() = default;

void throw_io_error(const std::string& message, int error_number, const std::string& otherwise) {
  std::string hint;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      hint = "the disk is full: free some space";
      break;
    case EROFS:
    case EACCES:
    case EPERM:
      hint = "check who owns it and its permissions";
      break;
    default:
      break;
  }
  if (!hint.empty() && !otherwise.empty()) hint += ", or " + otherwise;
  throw Error(ErrorKind::io, message + ": " + std::strerror(error_number), hint);
}

}  // namespace mat
