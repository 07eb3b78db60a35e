#include <catch2/catch.hpp>

#include "core/storage/remote_storage.h"
#include "tests/core/storage/remote_store.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TEST_CASE("an upload puts every file there with its size, and leaves others", "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  store.put({{"other", "o"}});
  Tree tree = many_files(60);
  tree["large"] = large_bytes();  // in several parts
  put_tree(store.local / "out", tree);
  fs::create_symlink("large", store.local / "out/link");
  Recorded recorded;
  const auto upload = [&] {
    return upload_to_remote(store.local / "out", store.address(), server->environment(),
                            recorded.hooks());
  };
  const UploadedData uploaded = upload();
  CHECK(uploaded.files == 61);
  CHECK(recorded.log.find("link") != std::string::npos);
  tree["other"] = "o";
  CHECK(read_tree(store.fetch().path) == tree);

  tree["large"][kLarge / 2] ^= 1;
  put_tree(store.local / "out", {{"large", tree["large"]}});
  upload();
  CHECK(read_tree(store.fetch().path) == tree);
}

TEST_CASE("a file is uploaded to its address, or into it when that is a folder's",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  Store store(*server);
  put_file(store.local / "log.txt", "line\n");
  const auto upload = [&](const std::string& key) {
    upload_to_remote(store.local / "log.txt", store.address(key), server->environment(), {});
  };
  upload("logs/V0001.txt");
  upload("logs/V0002/");
  upload("");
  CHECK(read_file(store.fetch("logs/V0001.txt").path) == "line\n");
  CHECK(read_tree(store.fetch("").path) == Tree{{"log.txt", "line\n"},
                                                {"logs/V0001.txt", "line\n"},
                                                {"logs/V0002/log.txt", "line\n"}});
}

TEST_CASE("nothing to upload is no error, a missing bucket is one and is not made",
          "[storage][s3]") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  const TempFolder folder;
  const auto upload = [&](const std::string& address) {
    return upload_to_remote(folder / "out", address, server->environment(), {});
  };
  CHECK(upload("s3://no-such-bucket/x").files == 0);
  fs::create_directories(folder / "out/empty");
  CHECK(upload("s3://no-such-bucket/x").files == 0);
  put_file(folder / "out/a", "x");
  CHECK(error_of([&] { upload("s3://no-such-bucket/x"); }).kind() == ErrorKind::not_found);
  CHECK(server->rclone({"lsf", "remote:"}).find("no-such-bucket") == std::string::npos);
}

}  // namespace
}  // namespace mat
