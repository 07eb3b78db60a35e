#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "cli/commands/model_opening.h"
#include "cli/context.h"
#include "core/registry/registry.h"

namespace mat {

// The options of 'service deploy' and 'exeml deploy'.
struct DeployFlags {
  std::string source, name, host = "127.0.0.1", auto_stop, token, token_file;
  std::string max_body = "20MB";
  ComputeFlags compute{.precision = "auto", .batch_size = 32};
  int port = 0;
  std::int64_t max_pixels = 50'000'000, max_connections = 512;
  bool detach = false, restart = false, json = false;

  void add_to(CLI::App* command);
};

int deploy_service(const Context& context, const DeployFlags& flags);

// Starts one again that has ended: in the background, and returns once it answers, or here. With
// `port` at that one from now on.
int start_service(const Context& context, const std::string& name, std::optional<int> port,
                  bool foreground, bool json);

// What the hidden command does in the background.
int run_service(const Context& context, Id id);

}  // namespace mat
