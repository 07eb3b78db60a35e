#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/registry/registry.h"
#include "core/service/service_settings.h"

namespace mat {

// Argument of the hidden command that starts a service in the background, after "mat --home HOME":
// its number in the registry.
constexpr const char* kRunServiceCommand = "run-service";

struct NewService {
  std::string name;    // empty: that of the model
  std::string source;  // as find_model_source() takes it
  std::string token;   // empty: none
  ServiceSettings settings;
};

// Records a service, Pending, with its folder and token. Usage error for a host that others reach
// without a token.
ServiceRecord record_service(Registry& registry, const NewService& service);

// Makes one that has ended Pending again, with its settings or these.
ServiceRecord restart_service(Registry& registry, const std::string& name,
                              const std::optional<Json>& settings = std::nullopt);

// Starts a Pending service in a process of its own and returns when it answers. Throws why it does
// not. Once stop_reason() says something (see ServeRequest) the service is ended again: an
// interrupted error.
ServiceRecord start_in_background(Registry& registry, const ServiceRecord& service,
                                  const std::function<std::string()>& stop_reason);

// A service that is Running. One that is Pending, since its model is being opened or its guard
// starts it again, is waited for, up to so many seconds; `waits` is told of it first. Conflict for
// one that has ended or takes longer.
ServiceRecord wait_until_running(Registry& registry, const std::string& name, double seconds,
                                 const std::function<void(const ServiceRecord&)>& waits);

// Has a service answer what is under way and end, and waits until its process has; conflict when it
// has not within its drain_s and some more, or does not run. With `force` it is killed; also one
// that is recorded as ended and whose process has not.
ServiceRecord stop_service(Registry& registry, const std::string& name, bool force);

struct ServiceUpdate {
  ServiceRecord service;
  std::string note;  // in what its answers differ from those before, if a person should know
};

// What it serves from now on: at once, without a failed request, when it runs, otherwise from its
// next start on. Throws what is wrong with the new one, a conflict when it answers to something
// else than the old one; the old one is served on then, and also when is_interrupted() before the
// models are swapped: an interrupted error.
ServiceUpdate update_service(Registry& registry, const std::string& name, const std::string& source,
                             const std::function<bool()>& is_interrupted);

}  // namespace mat
