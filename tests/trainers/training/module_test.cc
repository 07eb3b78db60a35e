#include <dlfcn.h>

#include "core/training/trainer.h"
#include "tests/trainers/catch.h"

namespace mat {

TEST_CASE("The module is found, opened, and says what it computes with") {
  const Json description = load_trainer().describe();
  CHECK(!description.at("libtorch").get<std::string>().empty());
  CHECK(!description.at("blas").get<std::string>().empty());
  CHECK(description.at("devices").at(0).at("name") == "cpu");
  for (const Json& problem : description.at("problems")) {
    CHECK(!problem.at("what").get<std::string>().empty());
    CHECK(!problem.at("hint").get<std::string>().empty());
  }
}

TEST_CASE("The module refuses a mat with another interface") {
  load_trainer();
  const auto path =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mat_trainers.so";
  void* const module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(module != nullptr);
  const auto entry = reinterpret_cast<TrainerEntry>(::dlsym(module, kTrainerEntryName));
  REQUIRE(entry != nullptr);
  CHECK(entry(kTrainerAbi) != nullptr);
  CHECK(entry(kTrainerAbi + 1) == nullptr);
}

}  // namespace mat
