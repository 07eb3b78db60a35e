#include "core/http/listen.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/base/error.h"

namespace mat {
namespace {

// Enough for a burst; what is more waits in the network.
constexpr int kWaitingConnections = 1024;

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (problem != 0) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is no address to listen on: {}", host, ::gai_strerror(problem)),
                "127.0.0.1 is this machine alone, 0.0.0.0 all that reach it");
  }
  return {found, &::freeaddrinfo};
}

[[noreturn]] void refuse(const std::string& host, int port, int number) {
  if (number == EADDRINUSE) {
    throw Error(ErrorKind::conflict, fmt::format("the port {} of {} is in use", port, host),
                "choose another, or --port 0 for any that is free");
  }
  if (number == EADDRNOTAVAIL) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no address of this machine", host));
  }
  if (number == EACCES) {
    throw Error(ErrorKind::usage, fmt::format("the port {} is not for every user", port),
                "choose one above 1023");
  }
  throw_io_error(fmt::format("cannot listen on port {} of {}", port, host), number);
}

}  // namespace

FileDescriptor listen_on(const std::string& host, int port) {
  const Addresses addresses = resolve(host, port);
  const addrinfo& address = *addresses;
  FileDescriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) refuse(host, port, errno);
  // A port whose last connections are still being closed is free.
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0) refuse(host, port, errno);
  if (::listen(socket.get(), kWaitingConnections) != 0) refuse(host, port, errno);
  return socket;
}

int port_of(const FileDescriptor& listening) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_io_error("cannot tell the port", errno);
  }
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return host == "localhost" || host == "::1";
}

bool is_any_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return v4.s_addr == INADDR_ANY;
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

std::string http_address(const std::string& host, int port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  const std::string own = is_v6 ? "::1" : "127.0.0.1";
  return fmt::format(fmt::runtime(is_v6 ? "http://[{}]:{}" : "http://{}:{}"),
                     is_any_address(host) ? own : host, port);
}

}  // namespace mat
