#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/base/file.h"
#include "core/base/time.h"

namespace mat {

// A connection to 127.0.0.1 that sends whatever bytes it is told to.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error(std::strerror(errno));
    }
  }

  // False when the other side has closed.
  bool send(const std::string& bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const ssize_t sent =
          ::send(socket_.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent < 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }
  void finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }

  // All until the other side closes.
  std::string read_all(double seconds = 20) {
    while (read_more(seconds)) {
    }
    return text_;
  }
  // Until the text is there; what came so far.
  std::string read_until(const std::string& wanted, double seconds = 20) {
    while (text_.find(wanted) == std::string::npos && read_more(seconds)) {
    }
    return text_;
  }
  bool is_closed(double seconds = 20) {
    while (read_more(seconds)) {
    }
    return is_closed_;
  }
  void close() { socket_ = FileDescriptor(); }
  // Closes without waiting for the other side, and leaves its port to the next one.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  bool read_more(double seconds) {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(seconds * 1000)) <= 0) return false;
    std::array<char, 65536> piece;
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    is_closed_ = count <= 0;
    if (count > 0) text_.append(piece.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  FileDescriptor socket_;
  std::string text_;
  bool is_closed_ = false;
};

inline std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace mat
