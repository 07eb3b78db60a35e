#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/file.h"
#include "core/registry/registry.h"
#include "core/training/trainer.h"

namespace mat {

struct ServeRequest {
  Id service = 0;
  double begun_s = 0;  // by monotonic_seconds(), of this start; a restart keeps it
  int restarts = 0;    // of this start: how often its process was ended and started again
  std::function<std::unique_ptr<PictureModel>(const ModelRequest&)> open_model;
  std::function<std::unique_ptr<TableModel>(const TableRequest&)> open_table_model;
  // Why it is to end ("interrupted by Ctrl-C"); empty while it is not. Asked again and again.
  std::function<std::string()> stop_reason;
  // Called once it answers, with the service as it is then.
  std::function<void(const ServiceRecord&)> ready;
};

struct ServeEnd {
  enum class Why { asked, auto_stop, stopped_here } why = Why::asked;
  std::string reason;
};

// Serves in this process what a Pending service is to serve, on a socket that listens, until
// something ends it: a stop request in its folder, its auto_stop or stop_reason(). What is under
// way then is answered. The caller holds the service's lock (see VersionLock). Takes updates while
// it runs. Records Running, and the end: Terminated, or Failed with what is thrown.
ServeEnd serve(const Home& home, const ServeRequest& request, FileDescriptor listening);

}  // namespace mat
