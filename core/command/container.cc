#include "core/command/container.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/command/program_path.h"
#include "core/command/root_image.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr double kToolSeconds = 20;
constexpr const char* kHomeInside = "/tmp";
// What an image has of its own, or what means nothing in it.
constexpr std::array<std::string_view, 12> kNotPassed{
    "HOME",  "TMPDIR",     "TMP",      "TEMP",   "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH",
    "SHELL", "LD_PRELOAD", "HOSTNAME", "OLDPWD", "XDG_CACHE_HOME",  "DBUS_SESSION_BUS_ADDRESS"};

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

bool is_own(const Container& container, std::string_view name) {
  const Words& own = container.own_variables;
  return std::find(own.begin(), own.end(), name) != own.end();
}

Words passed_on(const Container& container, const Words& environment) {
  Words passed;
  for (const std::string& each : environment) {
    const auto found = std::find(kNotPassed.begin(), kNotPassed.end(), name_of(each));
    if (found == kNotPassed.end() || is_own(container, name_of(each))) passed.push_back(each);
  }
  return passed;
}

std::optional<fs::path> tool_path(const std::string& tool, const Words& environment) {
  try {
    return find_program(tool, environment, "/");
  } catch (const Error&) {
    return std::nullopt;
  }
}

struct Answer {
  bool is_yes = false;
  std::string problem;  // its last line of complaint
};

Answer ask(const fs::path& tool, Words arguments, const Words& environment) {
  arguments.insert(arguments.begin(), tool.string());
  const ChildResult result = run_child(arguments, environment, {.seconds = kToolSeconds});
  if (result.started && result.exit_status == 0) return {true, {}};
  if (result.timed_out) return {false, "it does not answer"};
  const std::vector<std::string> lines = split(trim(result.error), '\n');
  return {false, lines.empty() ? "" : printable(lines.back())};
}

fs::path bubblewrap(const Words& environment) {
  const auto tool = tool_path("bwrap", environment);
  if (!tool) {
    throw Error(ErrorKind::usage,
                "an image that is a folder or tarball needs bubblewrap, which is not installed",
                "on Debian: apt install bubblewrap");
  }
  return *tool;
}

void check_bubblewrap(const Words& environment) {
  const fs::path tool = bubblewrap(environment);
  const Answer answer = ask(
      tool, {"--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"},
      environment);
  if (answer.is_yes) return;
  throw Error(ErrorKind::usage,
              fmt::format("bubblewrap cannot make a container on this machine: {}", answer.problem),
              "user namespaces must be allowed: look at sysctl kernel.unprivileged_userns_clone, "
              "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns");
}

struct Engine {
  fs::path tool;
  std::string name;
};

// The first that works.
Engine find_engine(const std::string& image, const Words& environment) {
  std::string problems;
  for (const char* name : {"podman", "docker"}) {
    const auto tool = tool_path(name, environment);
    if (!tool) continue;
    const Answer answer = ask(*tool, {"info"}, environment);
    if (answer.is_yes) return {*tool, name};
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", name, answer.problem);
  }
  const std::string hint =
      "on Debian: apt install podman catatonit; or give a root file system, as a folder or "
      "tarball, for "
      "which bubblewrap is enough";
  if (problems.empty()) {
    throw Error(
        ErrorKind::usage,
        fmt::format("the image '{}' needs podman or docker, and neither is installed", image),
        hint);
  }
  throw Error(ErrorKind::usage,
              fmt::format("the image '{}' needs podman or docker, which do not work here ({})",
                          image, problems),
              hint);
}

void check_engine_has(const Engine& engine, const std::string& image, const Words& environment) {
  if (ask(engine.tool, {"image", "inspect", image}, environment).is_yes) return;
  throw Error(ErrorKind::usage, fmt::format("{} has no image '{}'", engine.name, image),
              fmt::format("get it first: {} pull {}", engine.name, image));
}

// Once each, and without what lies in another one of the same kind.
std::vector<fs::path> tidy(const std::vector<fs::path>& paths) {
  std::vector<fs::path> result;
  for (const fs::path& path : paths) {
    fs::path plain = path.lexically_normal();
    if (!plain.has_filename()) plain = plain.parent_path();
    if (!plain.empty() && std::find(result.begin(), result.end(), plain) == result.end()) {
      result.push_back(plain);
    }
  }
  // A folder comes before what is mounted into it.
  std::sort(result.begin(), result.end());
  return result;
}

struct Mounts {
  std::vector<fs::path> all, writable;
  bool is_writable(const fs::path& path) const {
    return std::find(writable.begin(), writable.end(), path) != writable.end();
  }
};

Mounts mounts_of(const Container& container, const std::vector<fs::path>& more_writable) {
  Mounts mounts;
  std::vector<fs::path> writable = container.writable;
  writable.insert(writable.end(), more_writable.begin(), more_writable.end());
  mounts.writable = tidy(writable);
  std::vector<fs::path> all = mounts.writable;
  all.insert(all.end(), container.read_only.begin(), container.read_only.end());
  mounts.all = tidy(all);
  return mounts;
}

void check_program_inside(const fs::path& root, const std::string& program,
                          const Words& environment, const fs::path& working_folder,
                          const Mounts& mounts) {
  const auto is_in_mount = [&](const fs::path& path) {
    return std::any_of(mounts.all.begin(), mounts.all.end(), [&](const fs::path& mount) {
      return path.string().starts_with(mount.string() + "/");
    });
  };
  std::vector<fs::path> candidates;
  if (program.find('/') != std::string::npos) {
    candidates.push_back((working_folder / program).lexically_normal());
  } else {
    std::string_view folders = variable(environment, "PATH");
    if (folders.empty()) folders = "/usr/local/bin:/usr/bin:/bin";
    for (const std::string& folder : split(folders, ':')) {
      candidates.push_back((working_folder / folder / program).lexically_normal());
    }
  }
  for (const fs::path& path : candidates) {
    const bool is_there =
        is_in_mount(path) ? ::access(path.c_str(), X_OK) == 0 : root_has_program(root, path);
    if (is_there) return;
  }
  throw Error(ErrorKind::usage,
              fmt::format("the container has no program '{}' that can be executed", program),
              "a program is looked for in the image, by the PATH of the run's environment");
}

ContainerCommand through_bubblewrap(const Container& container, const Words& arguments,
                                    const Words& environment, const fs::path& working_folder,
                                    const Mounts& mounts,
                                    const std::function<bool()>& stop_requested) {
  const fs::path root =
      root_folder(container.image, container.image_cache, environment, stop_requested);
  check_program_inside(root, arguments.front(), environment, working_folder, mounts);
  ContainerCommand command;
  command.through = ContainerCommand::Through::bubblewrap;
  command.environment = passed_on(container, environment);
  if (!is_own(container, "HOME")) {
    command.environment.push_back(fmt::format("HOME={}", kHomeInside));
  }
  Words& words = command.arguments;
  words = {bubblewrap(environment).string(),
           "--unshare-all",
           "--die-with-parent",
           "--new-session",
           "--cap-drop",
           "ALL"};
  const auto add = [&words](const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  std::vector<fs::path> inside = mounts.all;
  if (container.network) {
    add({"--share-net"});
    for (const char* name : {"/etc/resolv.conf", "/etc/hosts"}) {
      if (::access(name, R_OK) == 0) inside.emplace_back(name);
    }
  }
  add(root_arguments(root, inside));
  add({"--proc", "/proc", "--dev", "/dev", "--ro-bind-try", "/sys", "/sys", "--tmpfs", "/tmp"});
  for (const fs::path& path : inside) {
    add({mounts.is_writable(path) ? "--bind" : "--ro-bind", path.string(), path.string()});
  }
  add({"--chdir", working_folder.string(), "--"});
  add(arguments);
  return command;
}

ContainerCommand through_engine(const Container& container, const Words& arguments,
                                const Words& environment, const fs::path& working_folder,
                                const Mounts& mounts) {
  const Engine engine = find_engine(container.image, environment);
  check_engine_has(engine, container.image, environment);
  const std::string name = fmt::format("mat-{}-{}", ::getpid(), now_ms());
  ContainerCommand command;
  command.through = ContainerCommand::Through::engine;
  command.environment = environment;
  command.clean_up = {engine.tool.string(), "rm", "--force", name};
  Words& words = command.arguments;
  words = {engine.tool.string(), "run", "--rm", "--init", "--pull=never",
           // What cleans up after the command has given it its time already.
           "--stop-timeout=0", "--name", name, "--workdir", working_folder.string(),
           "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp"};
  const bool is_rootless_podman = engine.name == "podman" && ::geteuid() != 0;
  words.push_back(is_rootless_podman ? "--userns=keep-id"
                                     : fmt::format("--user={}:{}", ::geteuid(), ::getegid()));
  words.push_back(container.network ? "--network=host" : "--network=none");
  for (const fs::path& path : mounts.all) {
    if (path.string().find_first_of(",\"") != std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' cannot be mounted by {}: it has a comma or a quote in its name",
                              path.string(), engine.name));
    }
    words.push_back(fmt::format("--mount=type=bind,source={0},destination={0}{1}", path.string(),
                                mounts.is_writable(path) ? "" : ",readonly"));
  }
  // Names alone: the engine takes the values from its own environment, and no list of processes
  // shows them. The image's PATH is its own.
  for (const std::string& each : passed_on(container, environment)) {
    const std::string_view name_outside = name_of(each);
    const bool is_of_image = name_outside == "PATH" && !is_own(container, name_outside);
    if (!is_of_image) words.push_back(fmt::format("--env={}", name_outside));
  }
  words.push_back(container.image);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

bool is_image_path(std::string_view image) {
  constexpr std::array<std::string_view, 4> kStarts{"/", "./", "../", "~"};
  constexpr std::array<std::string_view, 7> kEnds{".tar",     ".tar.gz", ".tgz",    ".tar.xz",
                                                  ".tar.bz2", ".txz",    ".tar.zst"};
  return image == "." || image == ".." ||
         std::any_of(kStarts.begin(), kStarts.end(),
                     [image](std::string_view start) { return image.starts_with(start); }) ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [image](std::string_view end) { return image.ends_with(end); });
}

void check_image_place(const std::string& image) {
  if (!is_image_path(image)) return;
  if (!fs::path(image).is_absolute()) {
    throw Error(ErrorKind::bug, fmt::format("the image's path '{}' is not absolute", image));
  }
  require_there(image, "image", "a folder or tarball with a root file system, or an image's name");
  std::error_code error;
  const fs::file_status status = fs::status(image, error);
  const bool is_usable = fs::is_directory(status) || fs::is_regular_file(status);
  if (!is_usable || ::access(image.c_str(), R_OK) != 0) {
    throw Error(ErrorKind::usage, fmt::format("the image '{}' cannot be read", image));
  }
  if (fs::is_directory(status)) check_is_root(image, image);
}

void check_program_in_image(const Container& container, const std::string& program,
                            const Words& environment, const fs::path& working_folder) {
  std::error_code error;
  if (!is_image_path(container.image) || !fs::is_directory(container.image, error)) return;
  check_program_inside(container.image, program, environment, working_folder,
                       mounts_of(container, {working_folder}));
}

void check_container(const Container& container, const Words& environment) {
  if (container.image.empty()) throw Error(ErrorKind::usage, "the image's name is empty");
  if (is_image_path(container.image)) {
    check_image_place(container.image);
    check_bubblewrap(environment);
  } else {
    if (container.image.starts_with('-')) {
      throw Error(ErrorKind::usage, fmt::format("'{}' is no name of an image", container.image));
    }
    check_engine_has(find_engine(container.image, environment), container.image, environment);
  }
}

ContainerCommand in_container(const Container& container, const Words& arguments,
                              const Words& environment, const fs::path& working_folder,
                              const std::vector<fs::path>& writable,
                              const std::function<bool()>& stop_requested) {
  check_container(container, environment);
  const Mounts mounts = mounts_of(container, writable);
  return is_image_path(container.image)
             ? through_bubblewrap(container, arguments, environment, working_folder, mounts,
                                  stop_requested)
             : through_engine(container, arguments, environment, working_folder, mounts);
}

}  // namespace mat
