#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

// Every command, found as a shell's completion finds it.
void add_help(const MatProcess& mat, std::vector<std::string> words, std::string& page) {
  std::vector<std::string> with_help = words;
  with_help.push_back("--help");
  const std::string help = mat.succeed(with_help).out;
  std::string title = "mat";
  for (const std::string& word : words) title += " " + word;
  page += std::string(words.size() > 1 ? "###" : "##") + " " + title + "\n```\n" +
          std::string(trim(help)) + "\n```\n\n";
  if (words.size() >= 2) return;
  std::vector<std::string> question{"__complete", "--"};
  question.insert(question.end(), words.begin(), words.end());
  question.emplace_back("");
  for (const std::string& name : split(mat.succeed(question).out, '\n')) {
    // What begins with a colon is for the shell, what ends with one begins a value.
    if (name.empty() || name.front() == ':' || name.back() == ':' ||
        (words.size() == 1 && words[0] == "completion")) {
      continue;
    }
    std::vector<std::string> deeper = words;
    deeper.push_back(name);
    add_help(mat, deeper, page);
  }
}

}  // namespace

TEST_CASE("the reference page is what --help prints") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  std::string page =
      "# Command reference\n\nEvery command's own `--help`; a test keeps this page equal to "
      "it.\n\n";
  add_help(mat, {}, page);
  CHECK(page.find("## mat job create") != std::string::npos);
  const auto path = source_root() / "docs" / "cli-reference.md";
  if (std::getenv("MAT_ACCEPT") != nullptr) {
    write_text(path, page);
    return;
  }
  INFO("MAT_ACCEPT=1 accepts the new text of " << path);
  CHECK(page == read_file_if_exists(path).value_or("(there is no such file)"));
}

TEST_CASE("mat says its version and lists its exit codes") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  CHECK(mat.succeed({"--version"}).out.rfind("mat ", 0) == 0);
  const std::string help = mat.succeed({"--help"}).out;
  CHECK(help.find("130 interrupted") != std::string::npos);
}

TEST_CASE("a mistaken command names the nearest one and exits with 2") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const Output output = mat.run({"version", "lst"});
  CHECK(output.exit_code == 2);
  CHECK(output.out.empty());
  CHECK(output.err.find("did you mean 'list'?") != std::string::npos);
  CHECK(mat.run({"job", "create", "--no-such-option"}).exit_code == 2);
  const Output several =
      mat.run({"exeml", "train", "data", "--project", "p", "--max-durations", "1", "--foo", "2"});
  CHECK(several.exit_code == 2);
  CHECK(several.err ==
        "mat: error: not expected: --max-durations 1 --foo 2\n"
        "mat: hint: did you mean --max-duration?\n");
  CHECK(mat.run({"exeml", "train", "data", "--project", "p", "--short-duration", "1m"}).err ==
        "mat: error: --short-duration: '1m' is no number\n"
        "mat: hint: see 'mat exeml train --help'\n");
  const Output option = mat.run({"job", "--no-such-option"});
  CHECK(option.exit_code == 2);
  CHECK(option.err.find("mat: error: ") == 0);
}

TEST_CASE("a group of commands called alone prints its help on stderr and exits with 2") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"job"}, {"version"}, {"--home", "x", "params"}}) {
    std::vector<std::string> with_help = words;
    with_help.emplace_back("--help");
    const Output output = mat.run(words);
    CHECK(output.exit_code == 2);
    CHECK(output.out.empty());
    CHECK(output.err == mat.succeed(with_help).out);
  }
}
