#include "cli/context.h"

#include <fmt/core.h>

#include <filesystem>

#include "cli/output/terminal.h"
#include "core/base/text.h"
#include "core/run/background.h"
#include "core/run/batch_versions.h"
#include "core/run/dead_runners.h"

namespace mat {

namespace {

// Once for each process: some commands open the registry again and again.
void tell_batch_notes(Registry& registry) {
  static bool has_told = false;
  if (has_told) return;
  for (const std::string& line : batch_notes(registry)) {
    note(line);
    has_told = true;
  }
}

}  // namespace

void Context::note_missing_home() const {
  if (!has_looked_) return;
  const Home home = this->home();
  std::error_code ignored;
  const bool is_named = home.chosen_by == "--home" || home.chosen_by == "$MAT_HOME";
  if (!is_named || std::filesystem::exists(home.root, ignored)) return;
  note(printable(
      fmt::format("the home '{}' ({}) does not exist", home.root.string(), home.chosen_by)));
}

Registry Context::open_to_read() const {
  has_looked_ = true;
  Registry registry(home(), Registry::Mode::read);
  notice_dead_runners(registry);
  tell_batch_notes(registry);
  wake_queue(registry);
  return registry;
}

Registry Context::open_to_write() const {
  Registry registry(home(), Registry::Mode::write);
  notice_dead_runners(registry);
  tell_batch_notes(registry);
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
