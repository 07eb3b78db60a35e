#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/registry/registry.h"

namespace mat {

// Processes of mat that go on when the one that starts them has ended, each in a session of its
// own, without a terminal. They are mat's own program with a hidden command, and say that they have
// begun by the end of the process that was started.

// Arguments of the hidden commands, after "mat --home HOME".
constexpr const char* kRunVersionCommand = "run-version";  // ID
constexpr const char* kKeepQueueCommand = "keep-queue";

// Starts one and waits until it has begun: gives the exit code that it says so with, -1 when a
// signal ended it. `arguments` follow "mat --home HOME". Throws when it cannot be started.
// `meanwhile`, if given, is called again and again while it waits.
int run_hidden(const Home& home, std::vector<std::string> arguments,
               const std::vector<std::string>& environment,
               const std::function<void()>& meanwhile = {});

// Starts a runner for a pending version, with the version's own environment, and waits until it has
// taken its turn: true, or has not: false. Throws an Error when it could not be started at all.
bool start_runner(const Home& home, const ActiveVersion& version);

// Starts a keeper of the queue unless a second one stands by already. Cheap when there is nothing
// to do. Never throws: without a keeper, runners and other commands go on starting versions.
// Does nothing inside a run's command: what it starts ends with it. The run's own runner looks.
void ensure_keeper(const Home& home) noexcept;

// ensure_keeper() when a version waits for anybody to start it.
void wake_queue(Registry& registry);

// The calling process becomes one that goes on in the background: returns in the process that does,
// whose standard streams are /dev/null and, for what libraries print, `output` when not empty. The
// function that it gives must be called once, with the exit code that the process that was started
// ends with; the caller goes on.
std::function<void(int exit_code)> go_to_background(const std::filesystem::path& output);

}  // namespace mat
