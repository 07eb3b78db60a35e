#include "tests/cli/mat_process.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <random>

#include "core/base/file.h"
#include "tests/test_files.h"

namespace mat::test {

namespace fs = std::filesystem;

Json Output::json() const { return parse_json(out, "stdout"); }

MatProcess::MatProcess(const TemporaryFolder& folder)
    : working_directory(folder.path().string()), folder_(folder.path()) {
  environment = {{"HOME", (folder_ / "user").string()},
                 {"MAT_HOME", home().string()},
                 {"PATH", "/usr/local/bin:/usr/bin:/bin"},
                 {"TZ", "UTC"},
                 {"LANG", "C.UTF-8"}};
}

fs::path MatProcess::program() { return fs::canonical("/proc/self/exe").parent_path() / "mat"; }

pid_t MatProcess::start(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words{program().string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start_program(words, -1, -1);
}

// Output goes to the two descriptors or, where one is -1, to the files.
pid_t MatProcess::start_program(const std::vector<std::string>& words_of_line, int to_out,
                                int to_err) const {
  std::vector<std::string> words = words_of_line, variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const std::string out = (folder_ / "out").string(), err = (folder_ / "err").string();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  if (::chdir(working_directory.c_str()) != 0) ::_exit(126);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(to_out >= 0 ? to_out : ::open(out.c_str(), flags, 0600), 1);
  ::dup2(to_err >= 0 ? to_err : ::open(err.c_str(), flags, 0600), 2);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

Output MatProcess::wait_for(pid_t pid) const {
  int status = 0;
  ::waitpid(pid, &status, 0);
  Output output;
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  output.out = read_file_if_exists(folder_ / "out").value_or("");
  output.err = read_file_if_exists(folder_ / "err").value_or("");
  return output;
}

Output MatProcess::run(const std::vector<std::string>& arguments) const {
  return wait_for(start(arguments));
}

Output MatProcess::run_in_shell(const std::string& line) const {
  return wait_for(start_program({"/bin/bash", "-c", "PATH=$1:$PATH; eval \"$2\"", "bash",
                                 program().parent_path().string(), line},
                                -1, -1));
}

Output MatProcess::run_on_terminal(const std::vector<std::string>& arguments, int columns) const {
  const FileDescriptor ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(ours);
  REQUIRE(::grantpt(ours.get()) == 0);
  REQUIRE(::unlockpt(ours.get()) == 0);
  FileDescriptor theirs(::open(::ptsname(ours.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(theirs);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = static_cast<unsigned short>(columns);
  REQUIRE(::ioctl(theirs.get(), TIOCSWINSZ, &size) == 0);
  std::vector<std::string> words{program().string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const pid_t pid = start_program(words, theirs.get(), theirs.get());
  theirs = FileDescriptor();
  // Ends with EIO when the last process has closed the other side.
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = ::read(ours.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  Output output = wait_for(pid);
  output.err.clear();
  output.out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\r\n") != 0) output.out += text[i];
  }
  return output;
}

Output MatProcess::succeed(const std::vector<std::string>& arguments) const {
  const Output output = run(arguments);
  INFO("mat " << (arguments.empty() ? "" : arguments.front()) << " …: " << output.err);
  REQUIRE(output.exit_code == 0);
  return output;
}

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void draw_pictures(const fs::path& folder, const std::vector<std::string>& classes, int per_class) {
  constexpr int kSide = 24;
  std::mt19937 random(7);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (int i = 0; i < per_class; ++i) {
      const auto color = [&](int, int) {
        std::uint32_t rgb = 0;
        for (std::size_t channel = 0; channel < 3; ++channel) {
          const std::uint32_t base = channel == c % 3 ? 150 : 60;
          rgb = rgb << 8 | (base + random() % 60);
        }
        return rgb;
      };
      put_file(folder / classes[c] / (std::to_string(i) + ".bmp"), bmp_bytes(kSide, kSide, color));
    }
  }
}

std::string small_spec(const std::string& name, const std::string& data, int epochs) {
  return "name: " + name +
         "\nalgorithm: small_cnn\n"
         "inputs: {data_url: " +
         data +
         "}\n"
         "hyperparameters: {epochs: " +
         std::to_string(epochs) +
         ", batch_size: 8, lr: 0.05, image_size: 16, precision: fp32, layout: contiguous}\n"
         "resources: {type: cpu, flavor: cpu.1}\n"
         "seed: 7\n";
}

fs::path source_root() { return fs::path(MAT_TESTS_FOLDER).parent_path(); }

void check_golden(const std::string& name, const std::string& text) {
  const fs::path path = source_root() / "tests" / "cli" / "golden" / name;
  if (std::getenv("MAT_ACCEPT") != nullptr) {
    write_text(path, text);
    return;
  }
  INFO("MAT_ACCEPT=1 accepts the new text of " << path);
  CHECK(text == read_file_if_exists(path).value_or("(there is no such file)"));
}

}  // namespace mat::test
