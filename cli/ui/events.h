#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/home.h"
#include "core/http/server.h"
#include "core/registry/registry.h"

namespace mat {

// Tells all open pages what happens, as server-sent events: "changed" when anything in the registry
// has, "live" with where the active versions are. One thread looks for all of them, twice a second
// while a page is open: how many there are costs a training nothing.
class UiEvents {
 public:
  explicit UiEvents(const Home& home);
  ~UiEvents();
  UiEvents(const UiEvents&) = delete;
  UiEvents& operator=(const UiEvents&) = delete;

  // Thread safe.
  void add(std::shared_ptr<HttpStream> stream);
  // Another number after anything in the registry has changed. Thread safe.
  std::uint64_t state();

 private:
  void watch();
  void look(bool thoroughly);
  bool open_registry(std::optional<Registry>& registry) const;
  std::uint64_t registry_changes();
  Json active_versions(Registry& registry) const;
  void send(const std::string& event, const Json& data);

  const Home& home_;
  std::mutex registry_mutex_;
  std::optional<Registry> registry_;  // for registry_changes(); nothing while there is none
  std::int64_t data_version_ = -1;
  std::uint64_t registry_changes_ = 0;
  std::uint64_t told_changes_ = 0;   // of the registry
  std::optional<Registry> watched_;  // the watching thread's own: it may wait for other processes
  std::string live_;                 // as it was told last

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::vector<std::shared_ptr<HttpStream>> streams_;
  std::vector<std::shared_ptr<HttpStream>> new_streams_;
  std::thread thread_;
};

}  // namespace mat
