#include "core/storage/remote_storage.h"

#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "core/base/time.h"
#include "tests/core/storage/remote_store.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a folder is fetched whole, and not again while nothing changes", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  const Tree tree = many_files(300);
  store.put(tree);
  Recorded recorded;
  const FetchedData data = store.fetch("data", recorded.hooks());
  CHECK(read_tree(data.path) == tree);
  CHECK(data.files == 300);
  CHECK_FALSE(data.reused);
  CHECK(recorded.last.files == 300);
  CHECK(recorded.last.bytes == data.bytes);

  const FetchedData again = store.fetch("data/");
  CHECK_FALSE(again.reused);  // another address

  const FetchedData same = store.fetch();
  CHECK(same.reused);
  CHECK(same.path == data.path);
  CHECK(same.fingerprint == data.fingerprint);
}

TEST_CASE("one object is fetched as a file", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"a table.csv", "x,y\n"}, {"b", ""}, {"same/same", "folder"}});
  CHECK(read_file(store.fetch("data/a table.csv").path) == "x,y\n");
  CHECK(store.fetch("data/a table.csv").reused);
  CHECK(read_file(store.fetch("data/b").path).empty());
  // A folder whose only file has its name.
  CHECK(read_tree(store.fetch("data/same").path) == Tree{{"same", "folder"}});
  CHECK(read_file(store.fetch("data/same/same").path) == "folder");
}

TEST_CASE("what is not there is an error, and leaves nothing to be taken for data",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"a", "x"}});
  for (const char* key : {"data/b", "dat", "data/a/b", "nothing/"}) {
    INFO(key);
    CHECK(error_of([&] { store.fetch(key); }).kind() == ErrorKind::not_found);
    const auto check = [&] { check_remote_source(store.address(key), server->environment()); };
    CHECK(error_of(check).kind() == ErrorKind::not_found);
  }
  const auto no_bucket = [&] {
    fetch_remote("s3://no-such-bucket/x", store.local / "cache", server->environment(), {});
  };
  CHECK(error_of(no_bucket).kind() == ErrorKind::not_found);
  for (const auto& check : {check_remote_source, check_remote_target}) {
    const auto run = [&] { check("s3://no-such-bucket/x", server->environment()); };
    CHECK(error_of(run).kind() == ErrorKind::not_found);
  }
  CHECK_NOTHROW(check_remote_source(store.address(), server->environment()));
  CHECK_NOTHROW(check_remote_target(store.address("new"), server->environment()));
}

TEST_CASE("refused credentials are told within seconds, without the secret", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"a", "x"}});
  const std::vector<std::string> wrong{"AWS_SECRET_ACCESS_KEY=hunter2-hunter2"};
  Recorded recorded;
  const double start = monotonic_seconds();
  const std::vector<std::function<void()>> actions{
      [&] { store.fetch("data", recorded.hooks(), wrong); },
      [&] { store.fetch("data/a", recorded.hooks(), wrong); },
      [&] { check_remote_source(store.address(), server->environment(wrong)); },
      [&] { check_remote_target(store.address(), server->environment(wrong)); },
      [&] {
        upload_to_remote(store.local / "source", store.address("new"), server->environment(wrong),
                         recorded.hooks());
      }};
  for (const auto& action : actions) {
    const Error error = error_of(action);
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.hint().find("credentials") != std::string::npos);
    const std::string all = error.message() + error.hint() + recorded.log;
    CHECK(all.find("hunter2") == std::string::npos);
    CHECK(all.find(server->access_key()) == std::string::npos);
  }
  CHECK(monotonic_seconds() - start < 60);
}

TEST_CASE("a missing rclone and an unknown OBS endpoint are usage errors", "[storage]") {
  const Error missing = error_of([] { check_remote_source("s3://b/x", {"PATH=/nonexistent"}); });
  CHECK(missing.kind() == ErrorKind::usage);
  CHECK(missing.hint().find("apt install rclone") != std::string::npos);
  if (!fs::exists("/usr/bin/rclone")) {
    WARN("SKIPPED: rclone is not installed");
    return;
  }
  const std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
  const Error endpoint = error_of([&] { check_remote_source("obs://b/x", environment); });
  CHECK(endpoint.kind() == ErrorKind::usage);
  CHECK(endpoint.hint().find("OBS_ENDPOINT") != std::string::npos);
}

TEST_CASE("a server that does not answer is an error that names no password", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  const std::vector<std::string> nobody{"AWS_ENDPOINT_URL=http://localhost:hunter2@127.0.0.1:1"};
  const double start = monotonic_seconds();
  const Error error =
      error_of([&] { check_remote_source("s3://b/x", server->environment(nobody)); });
  INFO(error.message());
  CHECK(error.kind() == ErrorKind::io);
  CHECK(error.message().find("connection refused") != std::string::npos);
  CHECK(error.message().find("hunter2") == std::string::npos);
  CHECK(error.hint().find("endpoint") != std::string::npos);
  CHECK(monotonic_seconds() - start < 30);
}

TEST_CASE("two runs that want the same data fetch it once", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put(many_files(40));
  FetchedData one, other;
  std::thread second([&] { other = store.fetch(); });
  one = store.fetch();
  second.join();
  CHECK(one.path == other.path);
  CHECK(one.reused != other.reused);
}

TEST_CASE("a remote of the user's configuration named like the scheme is used", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"a", "x"}});
  put_file(store.local / ".config/rclone/rclone.conf",
           "[s3]\ntype = s3\nprovider = Other\nregion = us-east-1\nendpoint = " +
               server->endpoint() + "\naccess_key_id = " + server->access_key() +
               "\nsecret_access_key = " + server->secret_key() + "\n");
  const std::vector<std::string> environment{"PATH=/usr/bin:/bin",
                                             "HOME=" + store.local.path().string()};
  const auto data = fetch_remote(store.address(), store.local / "cache", environment, {});
  CHECK(read_tree(data.path) == Tree{{"a", "x"}});
}

TEST_CASE("an obs address is reached with Huawei's variables", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"a", "x"}, {"b/c", ""}});
  const std::vector<std::string> environment{
      "PATH=/usr/bin:/bin", "HOME=" + store.local.path().string(),
      "OBS_ENDPOINT=" + server->endpoint(), "HUAWEICLOUD_SDK_AK=" + server->access_key(),
      "HUAWEICLOUD_SDK_SK=" + server->secret_key(), "RCLONE_S3_REGION=us-east-1",
      // Huawei's own way puts the bucket in front of the host's name, which a bare address lacks.
      "RCLONE_S3_PROVIDER=Other"};
  const std::string address = "obs://" + store.bucket;
  const auto data = fetch_remote(address + "/data", store.local / "cache", environment, {});
  CHECK(read_tree(data.path) == Tree{{"a", "x"}, {"b/c", ""}});
  CHECK(upload_to_remote(data.path, address + "/copy", environment, {}).files == 2);
}

TEST_CASE("data that changed gets a folder of its own, and only the change is fetched",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  Tree tree = many_files(20);
  tree["large"] = std::string(4 << 20, 'x');
  store.put(tree);
  FetchedData old = store.fetch();
  const Tree before = tree;
  tree["folder3/file 3"] = "zzz";  // as long as before
  tree.erase("-leading");
  tree["new"] = "n";
  store.put(tree);

  Recorded recorded;
  const fs::path first = old.path;
  const FetchedData changed = store.fetch("data", recorded.hooks());
  CHECK(read_tree(changed.path) == tree);
  CHECK(changed.path != first);
  CHECK(recorded.last.bytes < 1000);
  CHECK(read_tree(first) == before);  // it is in use

  old.in_use = FileDescriptor();
  CHECK(store.fetch().reused);
  CHECK_FALSE(fs::exists(first));
  CHECK(read_tree(changed.path) == tree);
}

TEST_CASE("a copy that somebody changed here is mended, unless a run uses it", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  const Tree tree = many_files(10);
  store.put(tree);
  FetchedData data = store.fetch();
  SECTION("changed") { put_file(data.path / "-leading", "z"); }
  SECTION("removed") { fs::remove(data.path / "empty"); }
  SECTION("added") { put_file(data.path / "more", "z"); }
  CHECK(error_of([&] { store.fetch(); }).kind() == ErrorKind::conflict);
  data.in_use = FileDescriptor();
  const FetchedData mended = store.fetch();
  CHECK_FALSE(mended.reused);
  CHECK(read_tree(mended.path) == tree);
}

TEST_CASE("a server killed in the middle ends a fetch in bounded time, and it goes on later",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  Tree tree = many_files(50);
  tree["a large"] = large_bytes();
  store.put(tree);
  Recorded recorded;
  TransferHooks hooks = recorded.hooks();
  bool killed = false;
  hooks.progress = [&](const TransferProgress& now) {
    if (!killed && now.files > 20 && now.bytes > 0) {
      killed = true;
      server->kill();
    }
  };
  hooks.patience_s = 2;
  const double start = monotonic_seconds();
  const Error error = error_of([&] { store.fetch("data", hooks, {"RCLONE_BWLIMIT=2M"}); });
  const double took = monotonic_seconds() - start;
  server->start();
  INFO(error.message() << " after " << took << " s");
  CHECK(killed);
  CHECK(error.kind() == ErrorKind::io);
  CHECK(took < 60);
  for (const auto& entry : fs::recursive_directory_iterator(store.local / "cache")) {
    CHECK(entry.path().extension() != ".json");
  }

  const FetchedData data = store.fetch("data", recorded.hooks());
  CHECK(read_tree(data.path) == tree);
  CHECK(recorded.last.files < 40);
}

TEST_CASE("a transfer is stopped at once in the middle of a large file", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"large", large_bytes()}});
  double asked = 0, ended = 0;
  TransferHooks hooks;
  hooks.progress = [&](const TransferProgress& now) {
    if (asked == 0 && now.bytes > 0) asked = monotonic_seconds();
  };
  hooks.stop_requested = [&] { return asked > 0; };
  const std::vector<std::string> slow{"RCLONE_BWLIMIT=1M"};
  Error error(ErrorKind::bug, "");
  SECTION("fetched") {
    error = error_of([&] { store.fetch("data/large", hooks, slow); });
    ended = monotonic_seconds();
  }
  SECTION("uploaded") {
    error = error_of([&] {
      upload_to_remote(store.local / "source", store.address("copy"), server->environment(slow),
                       hooks);
    });
    ended = monotonic_seconds();
    CHECK(store.server.rclone({"lsf", "remote:" + store.bucket + "/copy"}).empty());
  }
  CHECK(error.kind() == ErrorKind::terminated);
  // All of it would take most of a minute.
  CHECK(ended - asked < 10);
}

TEST_CASE("a full disk ends a fetch with an error that says so", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"large", large_bytes()}});
  const fs::path small = store.local / "cache";
  fs::create_directories(small);
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=32m") != 0) {
    WARN(std::string("SKIPPED: no small file system can be mounted: ") + std::strerror(errno));
    return;
  }
  TransferHooks hooks;
  std::string hint, message;
  SECTION("before anything is moved") {
    put_file(small / "filler", std::string(16 << 20, 'x'));
    const Error error = error_of([&] { store.fetch(); });
    CHECK(error.kind() == ErrorKind::io);
    CHECK(error.message().find("room") != std::string::npos);
  }
  SECTION("in the middle") {
    bool filled = false;
    hooks.progress = [&](const TransferProgress& now) {
      if (filled || now.bytes == 0) return;
      filled = true;
      std::ofstream(small / "filler") << std::string(32 << 20, 'x');
    };
    const Error error = error_of([&] { store.fetch("data", hooks, {"RCLONE_BWLIMIT=4M"}); });
    INFO(error.message());
    CHECK(filled);
    CHECK(error.kind() == ErrorKind::io);
    CHECK(error.hint().find("disk is full") != std::string::npos);
    fs::remove(small / "filler");
    CHECK(fs::file_size(store.fetch().path / "large") == kLarge);
  }
  ::umount2(small.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace mat
