#pragma once

#include <cstdint>
#include <string>

#include "core/base/file.h"

namespace mat {

// A socket that listens: what connects waits until a server takes it. Processes that are forked
// inherit it, programs that are started do not. Port 0 is any that is free. Throws usage errors for
// an address that is none of this machine's, and a conflict for a port in use.
FileDescriptor listen_on(const std::string& host, int port);

int port_of(const FileDescriptor& listening);

// Whether only this machine reaches the address: "127.0.0.1", "::1", "localhost".
bool is_loopback(const std::string& host);

// Whether it stands for all addresses of this machine: "0.0.0.0", "::".
bool is_any_address(const std::string& host);

// "http://127.0.0.1:8080", "http://[::1]:8080": where this machine reaches what listens at `host`,
// which may stand for all its addresses and so be none to go to.
std::string http_address(const std::string& host, int port);

}  // namespace mat
