#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/storage/remote_storage.h"
#include "tests/core/storage/s3_server.h"
#include "tests/test_files.h"

namespace mat {

using Tree = std::map<std::string, std::string>;

inline constexpr std::size_t kLarge = 24 << 20;

inline Tree read_tree(const std::filesystem::path& folder) {
  Tree tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      tree[std::filesystem::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
  }
  return tree;
}

inline void put_tree(const std::filesystem::path& folder, const Tree& tree) {
  for (const auto& [name, bytes] : tree) put_file(folder / name, bytes);
}

inline Tree many_files(int count) {
  Tree tree{{"empty", ""}, {"with space/ü ñ 图/a+b&c=d%20#1.txt", "x"}, {"-leading", "y"}};
  for (int i = static_cast<int>(tree.size()); i < count; ++i) {
    tree["folder" + std::to_string(i % 7) + "/file " + std::to_string(i)] =
        std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
  }
  return tree;
}

inline std::string large_bytes() {
  std::string bytes(kLarge, '\0');
  std::uint64_t state = 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

struct Recorded {
  TransferProgress last;
  std::string log;

  TransferHooks hooks() {
    TransferHooks hooks;
    hooks.progress = [this](const TransferProgress& now) { last = now; };
    hooks.log = [this](std::string_view line) { log += std::string(line) + "\n"; };
    return hooks;
  }
};

template <typename Action>
Error error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  throw std::logic_error("unreachable");
}

// A bucket with a tree below "data", and a folder to fetch into.
struct Store {
  explicit Store(S3Server& s3) : server(s3), bucket(s3.make_bucket()) {}

  // Objects that stay the same are not touched.
  void put(const Tree& tree) {
    const std::filesystem::path source = local / "source";
    std::filesystem::create_directories(source);
    for (const auto& [name, bytes] : read_tree(source)) {
      if (!tree.contains(name)) std::filesystem::remove(source / name);
    }
    for (const auto& [name, bytes] : tree) {
      if (read_file_if_exists(source / name) != bytes) put_file(source / name, bytes);
    }
    server.rclone({"sync", (local / "source").string(), "remote:" + bucket + "/data"});
  }

  std::string address(const std::string& key = "data") const {
    return "s3://" + bucket + "/" + key;
  }

  FetchedData fetch(const std::string& key = "data", const TransferHooks& hooks = {},
                    const std::vector<std::string>& more = {}) {
    return fetch_remote(address(key), local / "cache", server.environment(more), hooks);
  }

  S3Server& server;
  std::string bucket;
  TempFolder local;
};

}  // namespace mat
