#pragma once

#include <filesystem>
#include <fstream>

namespace mat {

// A root file system of busybox alone, which must be installed.
inline void make_busybox_root(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  for (const char* name : {"bin", "etc", "home/someone", "dev", "tmp", "usr"}) {
    fs::create_directories(root / name);
  }
  fs::copy_file("/bin/busybox", root / "bin" / "busybox");
  for (const char* name : {"sh", "cat", "ls", "touch", "id", "env", "sleep", "pwd", "wget", "mkdir",
                           "kill", "setsid"}) {
    fs::create_symlink("busybox", root / "bin" / name);
  }
  std::ofstream(root / "etc" / "made-for") << "a test\n";
  fs::create_directory_symlink("/bin", root / "usr" / "bin");
}

}  // namespace mat
