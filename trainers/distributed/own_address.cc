#include "trainers/distributed/own_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

std::optional<std::string> numeric(const sockaddr* address, socklen_t size) {
  char text[NI_MAXHOST];
  const int problem = ::getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  if (problem != 0) return std::nullopt;
  return text;
}

}  // namespace

std::string own_address(const NodeGroup& group) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int problem =
      ::getaddrinfo(group.address.c_str(), std::to_string(group.port).c_str(), &wanted, &found);
  if (problem != 0) {
    throw Error(ErrorKind::training_failed,
                fmt::format("the address of node 0, '{}', is not known: {}", group.address,
                            ::gai_strerror(problem)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* way = found; way != nullptr; way = way->ai_next) {
    // Connecting such a socket sends nothing; it only chooses the way.
    const FileDescriptor socket(::socket(way->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (!socket || ::connect(socket.get(), way->ai_addr, way->ai_addrlen) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) {
      continue;
    }
    if (const auto text = numeric(reinterpret_cast<sockaddr*>(&own), size)) return *text;
  }
  throw Error(ErrorKind::training_failed,
              fmt::format("there is no way from here to node 0 at {}", group.address));
}

std::string interface_of(const std::string& address) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(found, &::freeifaddrs);
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const bool is_4 = one->ifa_addr->sa_family == AF_INET;
    if (!is_4 && one->ifa_addr->sa_family != AF_INET6) continue;
    const socklen_t size = is_4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (numeric(one->ifa_addr, size) == address) return one->ifa_name;
  }
  return {};
}

}  // namespace mat
