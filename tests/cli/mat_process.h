#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "tests/temp_folder.h"

namespace mat::test {

using TemporaryFolder = TempFolder;

struct Output {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out, err;

  Json json() const;  // stdout as one document; throws when it is none
};

// The built mat as a user runs it: without a terminal, with an empty HOME, MAT_HOME set to a folder
// of its own, and nothing else of mat's from the environment.
class MatProcess {
 public:
  explicit MatProcess(const TemporaryFolder& folder);

  std::filesystem::path home() const { return folder_ / "home"; }
  const std::filesystem::path& folder() const { return folder_; }
  std::map<std::string, std::string> environment;  // replaces or adds
  std::string working_directory;                   // the temporary folder by default

  Output run(const std::vector<std::string>& arguments) const;
  // Run and require exit code 0.
  Output succeed(const std::vector<std::string>& arguments) const;

  // A line for bash, which finds `mat` by its name.
  Output run_in_shell(const std::string& line) const;

  // On a terminal of so many columns, without input; `out` is all that appeared there, with
  // "\r\n" as "\n".
  Output run_on_terminal(const std::vector<std::string>& arguments, int columns = 80) const;

  // Started and left running; output goes to FOLDER/out and FOLDER/err.
  pid_t start(const std::vector<std::string>& arguments) const;
  Output wait_for(pid_t pid) const;

  static std::filesystem::path program();

 private:
  pid_t start_program(const std::vector<std::string>& words, int out, int err) const;

  std::filesystem::path folder_;
};

// Writes text, making folders.
void write_text(const std::filesystem::path& path, const std::string& text);

// A picture set that small_cnn learns in a second or two: FOLDER/CLASS/*.bmp of 24×24 pixels, one
// colour a class, with noise.
void draw_pictures(const std::filesystem::path& folder, const std::vector<std::string>& classes,
                   int per_class);

// A spec for such a set: small_cnn, few epochs, one thread.
std::string small_spec(const std::string& name, const std::string& data, int epochs = 2);

// Compares with tests/cli/golden/NAME; MAT_ACCEPT=1 writes it instead. What changes from run to run
// (times, folders, speeds) must be replaced by the caller.
void check_golden(const std::string& name, const std::string& text);

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The root of the sources, for golden files and docs.
std::filesystem::path source_root();

}  // namespace mat::test
