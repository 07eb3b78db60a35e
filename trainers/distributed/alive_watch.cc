#include "trainers/distributed/alive_watch.h"

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "trainers/distributed/c10d.h"

namespace mat {

#if MAT_HAS_GLOO

namespace {

constexpr const char* kLostKey = "alive/lost";
constexpr int kNobody = -1;
// Added to the count of a node that has left in good order.
constexpr std::int64_t kHasLeft = -(std::int64_t{1} << 40);
constexpr auto kLastWord = std::chrono::seconds(2);

std::string sign_key(int node) { return fmt::format("alive/{}", node); }

c10::intrusive_ptr<c10d::TCPStore> connect_to_store(const NodeGroup& group) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(group.port);
  options.waitWorkers = false;
  return c10::make_intrusive<c10d::TCPStore>(group.address, options);
}

}  // namespace

// Kept by the talker, too, which may never come back from a store that hangs.
struct AliveWatch::Shared {
  Shared(const NodeGroup& group, const Patience& with)
      : own(group.node),
        next((group.node + 1) % group.nodes),
        patience(with),
        store(connect_to_store(group)) {}

  void talk();
  void talk_until_end();
  int judge();

  const int own, next;
  const Patience patience;
  const c10::intrusive_ptr<c10d::TCPStore> store;  // the talker's
  std::atomic<int> looks_without_own = 0;

  std::mutex mutex;  // of all below
  std::condition_variable changed;
  bool ends = false, leaves_well = false, is_talking = true;
  int lost = kNobody;
  int looks_without_next = 0, looks_without_store = 0;
};

void AliveWatch::Shared::talk() {
  try {
    talk_until_end();
  } catch (const std::exception&) {
    const std::lock_guard lock(mutex);
    if (lost == kNobody) lost = 0;
  }
  const std::lock_guard lock(mutex);
  is_talking = false;
  changed.notify_all();
}

void AliveWatch::Shared::talk_until_end() {
  std::int64_t heard = 0;
  std::unique_lock lock(mutex);
  // Once more after the end, for what is to be told.
  for (bool is_last = false; !is_last;) {
    is_last = ends;
    // That this node itself does not go on is no reason for others to name it.
    const int to_tell = lost == own ? kNobody : lost;
    lock.unlock();
    store->add(sign_key(own), 1);
    const std::int64_t signs = store->add(sign_key(next), 0);
    if (to_tell != kNobody) {
      const std::string text = std::to_string(to_tell);
      store->set(kLostKey, std::vector<std::uint8_t>(text.begin(), text.end()));
    }
    int told = kNobody;
    if (store->check({kLostKey})) {
      const std::vector<std::uint8_t> text = store->get(kLostKey);
      told = std::stoi(std::string(text.begin(), text.end()));
    }
    lock.lock();
    looks_without_store = 0;
    if (signs != heard || signs < 0) looks_without_next = 0;
    heard = signs;
    if (lost == kNobody && told != kNobody) {
      lost = told;
      changed.notify_all();
    }
    if (!is_last) changed.wait_for(lock, patience.between_looks, [this] { return ends; });
  }
  const bool says_good_bye = leaves_well;
  lock.unlock();
  if (says_good_bye) store->add(sign_key(own), kHasLeft);
}

int AliveWatch::Shared::judge() {
  std::unique_lock lock(mutex);
  while (!ends && lost == kNobody) {
    changed.wait_for(lock, patience.between_looks, [this] { return ends || lost != kNobody; });
    if (ends || lost != kNobody) break;
    // The store first: without it nothing is heard of the next one, either.
    if (++looks_without_store >= patience.looks_at_others) {
      lost = 0;
    } else if (++looks_without_next >= patience.looks_at_others) {
      lost = next;
    } else if (++looks_without_own >= patience.looks_at_own) {
      lost = own;
    }
  }
  return ends ? kNobody : lost;
}

AliveWatch::AliveWatch(const NodeGroup& group, const Patience& patience,
                       std::function<void(int)> when_lost)
    : shared_(std::make_shared<Shared>(group, patience)),
      talker_([shared = shared_] { shared->talk(); }),
      judge_([shared = shared_, when_lost = std::move(when_lost)] {
        const int lost = shared->judge();
        if (lost != kNobody) when_lost(lost);
      }) {}

AliveWatch::~AliveWatch() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ends = true;
    shared_->leaves_well = std::uncaught_exceptions() == 0;
  }
  shared_->changed.notify_all();
  judge_.join();
  std::unique_lock lock(shared_->mutex);
  if (shared_->changed.wait_for(lock, kLastWord, [this] { return !shared_->is_talking; })) {
    lock.unlock();
    talker_.join();
  } else {
    talker_.detach();
  }
}

void AliveWatch::goes_on() { shared_->looks_without_own = 0; }

#else

struct AliveWatch::Shared {};

AliveWatch::AliveWatch(const NodeGroup&, const Patience&, std::function<void(int)>) {}
AliveWatch::~AliveWatch() = default;
void AliveWatch::goes_on() {}

#endif

}  // namespace mat
