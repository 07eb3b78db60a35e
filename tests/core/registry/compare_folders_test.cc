#include "core/registry/compare_folders.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/file.h"
#include "tests/core/registry/registry_home.h"

namespace mat {

namespace fs = std::filesystem;

TEST_CASE("Folders that the registry does not know, and versions without theirs, are told apart") {
  const RegistryHome home;
  Registry registry = home.writer();
  const auto folder_of = [&](std::int64_t number) {
    return home.home().version_folder("clothes", number);
  };
  for (int i = 0; i < 3; ++i) registry.create_version(new_version("clothes"), "");
  CHECK(compare_folders(home.home(), &registry).unknown.empty());
  CHECK(compare_folders(home.home(), &registry).missing.empty());

  fs::remove_all(folder_of(2));
  make_folders(folder_of(7));
  write_file_unsynced(folder_of(7) / "log.txt", "begun\n");
  // What a killed creation has left, and a person's own folder, are none.
  make_folders(folder_of(8) / "output");
  make_folders(home.home().jobs() / "clothes" / "notes");
  const FolderDifferences found = compare_folders(home.home(), &registry);
  CHECK(found.unknown == std::vector<std::string>{"jobs/clothes/V0007"});
  CHECK(found.missing == std::vector<std::string>{"clothes@V0002"});

  for (const std::int64_t number : {1, 3}) {
    write_file_unsynced(folder_of(number) / "log.txt", "begun\n");
  }
  CHECK(compare_folders(home.home(), nullptr).unknown.size() == 3);
}

}  // namespace mat
