#include "cli/context.h"

#include <filesystem>

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

Registry Context::open_to_change() const {
  std::error_code ignored;
  const bool is_absent = std::filesystem::status(home().database(), ignored).type() ==
                         std::filesystem::file_type::not_found;
  return is_absent ? open_to_read() : open_to_write();
}

}  // namespace mat
