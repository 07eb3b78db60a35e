#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// TensorBoard is a program that a person installs: $MAT_TENSORBOARD, or `tensorboard` on the PATH,
// or the module of that name of the python3 there.

// What it is called with, its program as an absolute path. Throws a usage error that says how to
// get it when there is none.
std::vector<std::string> find_tensorboard();

struct TensorboardPlace {
  std::filesystem::path folder;  // what it shows, links included
  std::string host;
  int port = 0;
  std::string title;
};
std::vector<std::string> tensorboard_command(std::vector<std::string> program,
                                             const TensorboardPlace& place);

}  // namespace mat
