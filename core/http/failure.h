#pragma once

#include <exception>
#include <string>

namespace mat {

// Why a request cannot be answered as it was wished: becomes http_error(status, message).
class HttpFailure : public std::exception {
 public:
  HttpFailure(int status, std::string message) : status_(status), message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }
  int status() const noexcept { return status_; }

 private:
  int status_;
  std::string message_;
};

}  // namespace mat
