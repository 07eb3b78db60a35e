#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/home.h"
#include "core/registry/records.h"

namespace mat {

struct Guarded {
  std::optional<int> exit_code;  // none in the process that is to serve
  int restarts = 0;              // how often others before it were ended
};

// Starts the process that serves, and starts it again, after a pause that grows, whenever a signal
// ends it. Returns in the process that is to serve, and in the guard, which is the calling process
// and does nothing else, with the exit code of that one when it has ended by itself, or when it is
// not to be started again. Sockets and locks are shared: who connects meanwhile waits. The serving
// process ends with its guard. Throws io errors when the first one is ended by a signal before it
// has answered. To be called before there are threads. `stop_reason` as in ServeRequest: the guard
// passes it on.
Guarded guard_service(const Home& home, Id service,
                      const std::function<std::string()>& stop_reason);

}  // namespace mat
