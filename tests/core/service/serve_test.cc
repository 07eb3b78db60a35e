#include "core/service/serve.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "core/http/listen.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/service/service_folder.h"
#include "core/service/services.h"
#include "tests/core/model/model_home.h"
#include "tests/core/registry/refused_facts.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

class EvenModel : public PictureModel {
 public:
  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    return std::vector<float>(2 * pictures.size(), 0.5F);
  }
  Heatmap heatmap(const ImageView&, int) override { return {}; }
  Json facts() const override { return {{"device", "even"}}; }
};

// A service in this process, of versions of the job "m"; models open when the test lets them.
class Serving : public ModelHome {
 public:
  explicit Serving(ServiceSettings settings = {}, const std::string& token = "") {
    train("m");
    train("m");
    settings.drain_s = 0;
    Registry registry = writer();
    service = record_service(registry, {"s", "m@1", token, settings});
    folder = home().service_folder("s");
  }
  ~Serving() {
    hold(false);
    if (fs::exists(folder)) request_stop(folder, "the test is over");
    leave();
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    thread_ = std::thread([this] {
      const VersionLock lock = VersionLock::acquire(folder);
      ServeRequest request;
      request.service = service.id;
      request.open_model = [this](const ModelRequest&) {
        std::unique_lock held(mutex_);
        ++opened_;
        changed_.notify_all();
        changed_.wait(held, [&] { return !is_held_; });
        return std::make_unique<EvenModel>();
      };
      request.stop_reason = [] { return std::string(); };
      request.ready = [this](const ServiceRecord&) { set(is_ready_); };
      try {
        reason = serve(home(), request, listen_on(service.settings.at("host"), 0)).reason;
      } catch (const Error& e) {
        failure = e.message();
      }
      set(is_over_);
      std::unique_lock held(mutex_);
      changed_.wait(held, [&] { return may_leave_; });
    });
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    is_held_ = held;
    changed_.notify_all();
  }
  void leave() { set(may_leave_); }
  void wait_until_ready() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [&] { return is_ready_ || is_over_; });
  }
  void wait_until_over() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [&] { return is_over_; });
  }
  // Counted from the start of the service.
  void wait_for_opening(int count) {
    std::unique_lock held(mutex_);
    changed_.wait(held, [&] { return opened_ >= count; });
  }
  int opened() {
    const std::lock_guard lock(mutex_);
    return opened_;
  }
  ServiceRecord now() const { return reader().service("s"); }
  bool becomes(Status status) const {
    for (int i = 0; i < 1000 && now().status != status; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return now().status == status;
  }
  ServiceUpdate change(
      const std::string& source,
      const std::function<bool()>& is_interrupted = [] { return false; }) const {
    Registry registry = writer();
    return update_service(registry, "s", source, is_interrupted);
  }
  ServiceRecord update(const std::string& source) const { return change(source).service; }

  ServiceRecord service;
  fs::path folder;
  std::string reason, failure;

 private:
  void set(bool& what) {
    const std::lock_guard lock(mutex_);
    what = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_held_ = false, is_ready_ = false, is_over_ = false, may_leave_ = false;
  int opened_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a service that others reach does not answer without its token") {
  ServiceSettings open_to_all;
  open_to_all.host = "0.0.0.0";
  for (const char* left : {"", " \n"}) {
    CAPTURE(left);
    Serving f(open_to_all, "a token of its own");
    CHECK((fs::status(f.folder / "token").permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));
    fs::remove(f.folder / "token");
    if (*left != '\0') put_file(f.folder / "token", left);
    f.start();
    f.wait_until_ready();
    CHECK(f.failure.find("without a token") != std::string::npos);
    CHECK(f.now().status == Status::failed);
    f.leave();
  }
}

TEST_CASE("two updates at a time are done one after the other") {
  Serving f;
  f.start();
  f.wait_until_ready();
  std::vector<std::future<ServiceRecord>> updates;
  for (const char* source : {"m@1", "m@2", "m@1", "m@2"}) {
    updates.push_back(std::async(std::launch::async, [&f, source] { return f.update(source); }));
  }
  for (auto& update : updates) CHECK(update.get().status == Status::running);
  CHECK_FALSE(is_update_requested(f.folder));
  CHECK(f.update("m@2").reference() == "m@V0002");
}

TEST_CASE("an update that will have no answer ends with an error") {
  Serving f;
  f.start();
  f.wait_until_ready();
  const int before = f.opened();
  f.hold(true);
  auto update = std::async(std::launch::async, [&] { return error_of([&] { f.update("m@2"); }); });
  f.wait_for_opening(before + 1);
  drop_update_requests(f.folder);
  CHECK(update.get().message().find("gave no answer") != std::string::npos);
  f.hold(false);
  CHECK(f.update("m@1").reference() == "m@V0001");
}

TEST_CASE("an update that is interrupted while its model is opened swaps nothing") {
  Serving f;
  f.start();
  f.wait_until_ready();
  const int before = f.opened();
  f.hold(true);
  const Error error = error_of([&] { f.change("m@2", [&] { return f.opened() == before + 1; }); });
  CHECK(error.kind() == ErrorKind::interrupted);
  CHECK(error.message() == "s serves m@V0001 as before");
  f.hold(false);
  CHECK(f.update("m@1").reference() == "m@V0001");
  CHECK(read_file(f.folder / "log.txt").find("serves m@V0002") == std::string::npos);
}

TEST_CASE("a service keeps to pictures or to tables, and other classes are told of") {
  Serving f;
  f.train_table("prices");
  auto metadata = metadata_of_classifier();
  metadata["classes"] = R"(["dog","cat"])";
  f.train("m");
  put_file(f.home().version_folder("m", 3) / "output" / "best.safetensors",
           weights_bytes(metadata));
  f.start();
  f.wait_until_ready();
  const Error refused = error_of([&] { f.update("prices@1"); });
  CHECK(refused.kind() == ErrorKind::conflict);
  CHECK(refused.message() == "s answers for pictures, and prices@V0001 for rows of tables");
  CHECK(refused.hint().find("mat service deploy prices@V0001") != std::string::npos);
  CHECK(f.now().reference() == "m@V0001");
  CHECK(f.change("m@2").note == "");
  const ServiceUpdate update = f.change("m@3");
  CHECK(update.service.reference() == "m@V0003");
  CHECK(update.note == "it answers dog, cat now, not blue, red");
}

TEST_CASE("auto_stop counts from the first answer") {
  ServiceSettings settings;
  settings.auto_stop_s = 0.001;
  Serving f(settings);
  f.hold(true);
  f.start();
  f.wait_for_opening(1);
  f.hold(false);
  f.wait_until_over();
  CHECK(f.reason.find("auto_stop after ") == 0);
  CHECK(read_file(f.folder / "log.txt").find("answers at http://") != std::string::npos);
}

TEST_CASE("an update succeeds when only what it computes with cannot be recorded") {
  Serving f;
  f.start();
  f.wait_until_ready();
  refuse_facts(f.home());
  CHECK(f.update("m@2").reference() == "m@V0002");
  CHECK(read_file(f.folder / "log.txt").find("serves m@V0002") != std::string::npos);
}

TEST_CASE("a stop is seen while a model is being opened") {
  SECTION("before the service answers") {
    Serving f;
    f.hold(true);
    f.start();
    f.wait_for_opening(1);
    request_stop(f.folder, "stopped by the user");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    f.hold(false);
    f.wait_until_over();
    CHECK(f.reason == "stopped by the user");
    CHECK(f.failure.empty());
    CHECK(f.now().status == Status::terminated);
  }
  SECTION("for an update") {
    Serving f;
    f.start();
    f.wait_until_ready();
    const int before = f.opened();
    f.hold(true);
    auto update =
        std::async(std::launch::async, [&] { return error_of([&] { f.update("m@2"); }); });
    f.wait_for_opening(before + 1);
    request_stop(f.folder, "stopped by the user");
    CHECK(f.becomes(Status::terminated));
    CHECK(update.get().kind() == ErrorKind::conflict);
    f.hold(false);
    f.wait_until_over();
    CHECK(f.reason == "stopped by the user");
    CHECK(f.opened() == before + 1);
    CHECK(f.now().reference() == "m@V0001");
  }
}

TEST_CASE("a stop returns when the process has ended, so that it can be started again") {
  Serving f;
  f.start();
  f.wait_until_ready();
  auto stop = std::async(std::launch::async, [&] {
    Registry registry = f.writer();
    return stop_service(registry, "s", false);
  });
  f.wait_until_over();
  CHECK(stop.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);
  f.leave();
  CHECK(stop.get().status == Status::terminated);
  Registry registry = f.writer();
  CHECK(restart_service(registry, "s").status == Status::pending);
}

TEST_CASE("a service that does not end in time is killed only when that is asked for") {
  Serving f;
  const VersionLock held = VersionLock::acquire(f.folder);
  Registry registry = f.writer();
  const Error error = error_of([&] { stop_service(registry, "s", false); });
  CHECK(error.kind() == ErrorKind::conflict);
  CHECK(error.hint().find("--force") != std::string::npos);
}

}  // namespace mat
