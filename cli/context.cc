#include "cli/context.h"

#include "core/base/time.h"
#include "core/run/background.h"
#include "core/run/dead_runners.h"

namespace mat {

Registry Context::open_to_read() const {
  Registry registry(home(), Registry::Mode::read);
  notice_dead_runners(registry);
  wake_queue(registry);
  return registry;
}

Registry Context::open_to_write() const {
  Registry registry(home(), Registry::Mode::write);
  notice_dead_runners(registry);
  wake_queue(registry);
  return registry;
}

}  // namespace mat
