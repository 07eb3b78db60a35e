#include "core/base/cores.h"

#include <sched.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/test_files.h"

namespace mat {
namespace {

TEST_CASE("usable cores follow the affinity of the thread", "[base]") {
  const int before = usable_cores();
  CHECK(before >= 1);
  CHECK(before <= static_cast<int>(std::thread::hardware_concurrency()));
  cpu_set_t old_set, one;
  REQUIRE(::sched_getaffinity(0, sizeof old_set, &old_set) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &old_set)) CPU_SET(cpu, &one);
  }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usable_cores() == 1);
  ::sched_setaffinity(0, sizeof old_set, &old_set);
}

TEST_CASE("the quota of control groups is the smallest on the way up, in both versions", "[base]") {
  const TempFolder mount;
  CHECK_FALSE(control_group_cores("0::/a/b\n", mount.path()));
  put_file(mount / "a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(control_group_cores("0::/a/b\n", mount.path()));
  put_file(mount / "a/cpu.max", "250000 100000\n");
  CHECK(control_group_cores("0::/a/b\n", mount.path()) == 2.5);
  put_file(mount / "cpu.max", "50000 100000\n");
  CHECK(control_group_cores("0::/a/b\n", mount.path()) == 0.5);

  const TempFolder old_mount;
  put_file(old_mount / "cpu/x/cpu.cfs_quota_us", "-1\n");
  put_file(old_mount / "cpu/x/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(control_group_cores("4:memory:/x\n1:cpu,cpuacct:/x\n", old_mount.path()));
  put_file(old_mount / "cpu/x/cpu.cfs_quota_us", "300000\n");
  CHECK(control_group_cores("4:memory:/x\n1:cpu,cpuacct:/x\n", old_mount.path()) == 3);
  CHECK_FALSE(control_group_cores("4:memory:/x\n", old_mount.path()));

  // In a container the host's path is not there, and the root of the mount is the container's
  // group.
  const TempFolder container;
  put_file(container / "cpu.max", "150000 100000\n");
  CHECK(control_group_cores("0::/docker/0123\n", container.path()) == 1.5);
}

TEST_CASE("control groups that make no sense are no limit", "[base]") {
  const TempFolder mount;
  for (const char* content :
       {"", "max", "100000", "x y", "0 100000", "100000 0", "-1 -1", "nan 1"}) {
    CAPTURE(content);
    put_file(mount / "cpu.max", content);
    CHECK_FALSE(control_group_cores("0::/\n", mount.path()));
  }
  put_file(mount / "cpu.max", "100000 100000");
  for (const char* groups : {"", "\n", "0", "0:", ":::", "x:y"}) {
    CAPTURE(groups);
    CHECK_NOTHROW(control_group_cores(groups, mount.path()));
  }
  CHECK(control_group_cores("0::/../../..\n", mount.path()) == 1);
}

}  // namespace
}  // namespace mat
