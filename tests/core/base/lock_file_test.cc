#include "core/base/lock_file.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"

namespace mat {

TEST_CASE("The lock of a file is waited for, told once, and given up on request") {
  const TempFolder folder;
  int told = 0, asked = 0;
  LockHooks hooks;
  hooks.waiting = [&] { ++told; };
  hooks.stop_requested = [&] { return ++asked == 3; };
  {
    const FileDescriptor held = lock_file(folder / "lock", hooks);
    CHECK(told == 0);
    CHECK(error_of([&] { lock_file(folder / "lock", hooks); }).kind() == ErrorKind::interrupted);
    CHECK(told == 1);
    CHECK(asked == 3);
  }
  CHECK(lock_file(folder / "lock", hooks));
  CHECK(told == 1);
  CHECK(error_of([&] { lock_file(folder / "none" / "lock", {}); }).kind() == ErrorKind::io);
}

TEST_CASE("A lock ends with the process that held it") {
  const TempFolder folder;
  CHECK(run_in_child([&] {
          FileDescriptor held = lock_file(folder / "lock", {});
          held.release();
        }).problem == "");
  LockHooks hooks;
  hooks.stop_requested = [] { return true; };
  CHECK(lock_file(folder / "lock", hooks));
}

}  // namespace mat
