#include "core/base/machine.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// The value of "KEY=VALUE" or "KEY : VALUE" in a text of such lines, quotes taken off.
std::string value_in(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t middle = line.find(separator);
    if (middle == std::string_view::npos || trim(line.substr(0, middle)) != key) continue;
    std::string_view value = trim(line.substr(middle + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return "";
}

// /proc and /sys files need not be there: a container may hide them.
std::string text_of(const fs::path& path) {
  try {
    return read_file_if_exists(path, 1 << 24).value_or("");
  } catch (const std::exception&) {
    return "";
  }
}

std::string operating_system() {
  utsname kernel{};
  ::uname(&kernel);
  const std::string name = value_in(text_of("/etc/os-release"), "PRETTY_NAME", '=');
  return fmt::format("{}{}{} {} {}", name, name.empty() ? "" : ", ", kernel.sysname, kernel.release,
                     kernel.machine);
}

}  // namespace

const Machine& this_machine() {
  static const Machine machine = [] {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return Machine{host.data(), std::string(trim(text_of("/proc/sys/kernel/random/boot_id")))};
  }();
  return machine;
}

Json host_facts() {
  const std::string cpus = text_of("/proc/cpuinfo");
  const std::string model = value_in(cpus, "model name", ':');
  return {{"name", this_machine().host},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory_bytes", static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                               static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE))},
          {"os", operating_system()},
          {"cpu", model.empty() ? value_in(cpus, "Processor", ':') : model},
          {"boot_id", this_machine().boot_id}};
}

std::string machine_text() { return this_machine().boot_id + " " + this_machine().host; }

bool is_this_machine(const std::string& host, const std::string& boot_id) {
  const Machine& here = this_machine();
  return (!boot_id.empty() && boot_id == here.boot_id) || (!host.empty() && host == here.host);
}

bool is_this_machine(const std::string& machine_text) {
  const std::size_t space = machine_text.find(' ');
  if (space == std::string::npos) return false;
  return is_this_machine(machine_text.substr(space + 1), machine_text.substr(0, space));
}

}  // namespace mat
