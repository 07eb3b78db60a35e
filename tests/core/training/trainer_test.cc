#include "core/training/trainer.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/training/blas_kernels.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

class ChosenModule {
 public:
  explicit ChosenModule(const std::string& place) {
    if (const char* old = std::getenv(kName)) old_ = old;
    ::setenv(kName, place.c_str(), 1);
  }
  ~ChosenModule() {
    ::unsetenv(kName);
    if (old_) ::setenv(kName, old_->c_str(), 1);
  }

 private:
  static constexpr const char* kName = "MAT_TRAINERS_MODULE";
  std::optional<std::string> old_;
};

Error error_of_loading() {
  try {
    load_trainer();
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::io);
    return e;
  }
  FAIL("a trainer was loaded");
  throw 0;
}

// Compiles a shared library from C; false, and told loudly, when there is no compiler.
bool build_library(const fs::path& library, const std::string& code,
                   const std::vector<std::string>& more = {}) {
  const std::string source = library.string() + ".c";
  put_file(source, code);
  std::vector<std::string> arguments{"cc", "-shared", "-fPIC", "-o", library.string(), source};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ChildResult result = run_child(arguments, {"PATH=/usr/bin:/bin"}, {.seconds = 60});
  if (!result.started) {
    std::cout << "WARNING: there is no C compiler to make modules with" << std::endl;
    return false;
  }
  CAPTURE(result.error);
  REQUIRE(result.exit_status == 0);
  return true;
}

TEST_CASE("a module that the user names and that is not there is looked for nowhere else",
          "[run]") {
  const ChosenModule module("/nonexistent/module.so");
  const Error e = error_of_loading();
  CHECK_THAT(e.message(), Catch::EndsWith("is not at '/nonexistent/module.so'"));
  CHECK_THAT(e.hint(), Catch::Contains("MAT_TRAINERS_MODULE"));
}

TEST_CASE("a file that is no library is an error with the linker's words", "[run]") {
  const TempFolder folder;
  put_file(folder / "module.so", "not a library");
  const ChosenModule module(folder / "module.so");
  CHECK_THAT(error_of_loading().message(),
             Catch::Contains((folder / "module.so").string()) && Catch::Contains("file too short"));
}

TEST_CASE("a library that the module needs and that is missing is named, with what to install",
          "[run]") {
  const TempFolder folder;
  if (!build_library(folder / "libtorch_gone.so", "int gone(void) { return 1; }")) return;
  build_library(folder / "module.so", "int gone(void); int use(void) { return gone(); }",
                {"-L" + folder.path().string(), "-ltorch_gone"});
  fs::remove(folder / "libtorch_gone.so");
  const ChosenModule module(folder / "module.so");
  const Error e = error_of_loading();
  CHECK_THAT(e.message(), Catch::Contains("libtorch_gone.so"));
  CHECK_THAT(e.hint(), Catch::Contains("install LibTorch") && Catch::Contains("mat doctor"));
}

TEST_CASE("a module of another LibTorch asks for a new build", "[run]") {
  const TempFolder folder;
  if (!build_library(folder / "module.so", "int gone(void); int use(void) { return gone(); }")) {
    return;
  }
  const ChosenModule module(folder / "module.so");
  const Error e = error_of_loading();
  CHECK_THAT(e.message(), Catch::Contains("undefined symbol: gone"));
  CHECK_THAT(e.hint(), Catch::Contains("build mat again"));
}

TEST_CASE("a library without the entry, or of another version, is not taken", "[run]") {
  const TempFolder folder;
  if (!build_library(folder / "other.so", "int x;")) return;
  build_library(folder / "old.so", "void *mat_trainer(int abi) { return 0; }");
  {
    const ChosenModule module(folder / "other.so");
    CHECK_THAT(error_of_loading().message(), Catch::Contains("is not a trainers module of mat"));
  }
  const ChosenModule module(folder / "old.so");
  const Error e = error_of_loading();
  CHECK_THAT(e.message(), Catch::Contains("is of another version of mat"));
  CHECK_THAT(e.hint(), Catch::Contains("together"));
}

TEST_CASE("what is chosen for a module's BLAS is there while it is opened, and not after",
          "[run]") {
  const TempFolder folder;
  if (!build_library(folder / "module.so",
                     "#include <stdlib.h>\n"
                     "__attribute__((constructor)) void look(void) {\n"
                     "  const char *core = getenv(\"OPENBLAS_CORETYPE\");\n"
                     "  setenv(\"MAT_TEST_CORE\", core ? core : \"none\", 1);\n"
                     "}\n")) {
    return;
  }
  const ChosenModule module(folder / "module.so");
  const auto seen = [] {
    CHECK_THAT(error_of_loading().message(), Catch::Contains("is not a trainers module of mat"));
    const std::string core = std::getenv("MAT_TEST_CORE");
    ::unsetenv("MAT_TEST_CORE");
    return core;
  };
  ::unsetenv("OPENBLAS_CORETYPE");
  const bool has_choice = choose_blas_kernels();
  const std::string choice = has_choice ? std::getenv("OPENBLAS_CORETYPE") : "none";
  ::unsetenv("OPENBLAS_CORETYPE");
  CHECK(seen() == choice);
  CHECK(std::getenv("OPENBLAS_CORETYPE") == nullptr);
}

}  // namespace
}  // namespace mat
