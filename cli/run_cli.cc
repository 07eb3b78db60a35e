#include "cli/run_cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/context.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/version.h"

namespace mat {
namespace {

void print_error(std::string_view message, std::string_view hint) {
  const bool has_colour = stderr_has_colour();
  std::string text;
  for (const std::string& line : split(message, '\n')) {
    text += fmt::format("mat: {} {}\n", styled("error:", Style::bad, has_colour), printable(line));
  }
  if (!hint.empty()) {
    for (const std::string& line : split(hint, '\n')) {
      text +=
          fmt::format("mat: {} {}\n", styled("hint:", Style::bold, has_colour), printable(line));
    }
  }
  std::fputs(text.c_str(), stderr);
}

void print_version() { print(fmt::format("mat {}\n", mat_version())); }

struct Mistake {
  std::string message, hint;
  const CLI::App* group = nullptr;  // of commands, that was called without one of them
};

// Of an option that is not there: the nearest that is.
std::string option_hint(const CLI::App& command, const std::vector<std::string>& extras) {
  const auto wrong = std::find_if(extras.begin(), extras.end(),
                                  [](const std::string& word) { return word.starts_with("--"); });
  if (wrong == extras.end()) return {};
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const auto near = nearest_name(wrong->substr(0, wrong->find('=')), known);
  return near ? fmt::format("did you mean {}?", *near) : "";
}

// "Could not convert: --seed = x" is no sentence of ours. Only numbers are converted.
std::string words_of(const CLI::ParseError& error, const std::vector<std::string>& extras) {
  if (!extras.empty()) return "not expected: " + join(extras, " ");
  std::string text = error.what();
  constexpr std::string_view kConversion = "Could not convert: ", kEquals = " = ";
  const std::size_t equals = text.find(kEquals);
  if (!text.starts_with(kConversion) || equals == text.npos) return text;
  return fmt::format("{}: '{}' is no number",
                     text.substr(kConversion.size(), equals - kConversion.size()),
                     text.substr(equals + kEquals.size()));
}

// What a person did wrong, where the parser only says that something is missing or too much:
// follows the words as far as they name commands.
Mistake explain(const CLI::App& app, const std::vector<std::string>& arguments,
                const std::string& parser_message, const std::vector<std::string>& extras) {
  const CLI::App* at = &app;
  std::string path = "mat";
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::vector<std::string> names;
    for (const CLI::App* sub : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (!sub->get_group().empty()) names.push_back(sub->get_name());
    }
    const std::string& word = arguments[i];
    if (word == "--home") ++i;
    if (word.rfind("--home", 0) == 0) continue;
    if (std::find(names.begin(), names.end(), word) == names.end()) {
      const std::string hint = option_hint(*at, extras);
      Mistake other{parser_message, hint.empty() ? fmt::format("see '{} --help'", path) : hint};
      if (names.empty() || word.rfind('-', 0) == 0) return other;
      return {fmt::format("there is no command '{} {}'", path, word), name_hint(word, names)};
    }
    path += " " + word;
    at = at->get_subcommand(word);
  }
  return {parser_message, fmt::format("see '{} --help'", path),
          at->get_require_subcommand_min() > 0 ? at : nullptr};
}

std::string help_of(const CLI::App& app, const CLI::App& command) {
  std::string before;
  for (const CLI::App* at = &command; at != &app; at = at->get_parent()) {
    before = at->get_parent()->get_name() + (before.empty() ? "" : " ") + before;
  }
  return command.help(before);
}

// "mat help job create" is "mat job create --help".
std::vector<std::string> without_help_word(std::vector<std::string> arguments) {
  if (arguments.size() < 2 || arguments[1] != "help") return arguments;
  arguments.erase(arguments.begin() + 1);
  arguments.emplace_back("--help");
  return arguments;
}

int run(CLI::App& app, Context& context) {
  try {
    std::vector<std::string> words(context.arguments.rbegin(), context.arguments.rend() - 1);
    app.parse(std::move(words));
    const int code = context.action();
    context.note_missing_home();
    finish_output();
    return code;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::not_found) throw;
    std::fflush(stdout);
    print_error(e.message(), e.hint());
    context.note_missing_home();
    return e.exit_code();
  } catch (const CLI::CallForHelp&) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    print(help_of(app, *at));
    finish_output();
    return 0;
  } catch (const CLI::CallForVersion&) {
    print_version();
    finish_output();
    return 0;
  } catch (const CLI::ParseError& e) {
    const bool is_too_much = dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr;
    const auto extras = is_too_much ? app.remaining(true) : std::vector<std::string>();
    const Mistake mistake = explain(app, context.arguments, words_of(e, extras), extras);
    // On stderr and with the exit code of a mistake: in a script it is one.
    if (mistake.group != nullptr) {
      std::fputs(help_of(app, *mistake.group).c_str(), stderr);
      return static_cast<int>(ErrorKind::usage);
    }
    print_error(mistake.message, mistake.hint);
    return static_cast<int>(ErrorKind::usage);
  }
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  try {
    // Before the parser is made: it is the quickest way to see that mat runs at all.
    if (argc == 2 &&
        (std::string_view(argv[1]) == "--version" || std::string_view(argv[1]) == "-V")) {
      print_version();
      finish_output();
      return 0;
    }
    Context context;
    context.arguments = without_help_word({argv, argv + argc});
    // Not taken down at the end: its hundreds of options are given back with the process.
    static CLI::App& app = *new CLI::App;
    add_commands(app, context);
    return run(app, context);
  } catch (const Error& e) {
    std::fflush(stdout);
    print_error(e.message(), e.hint());
    return e.exit_code();
  } catch (const std::filesystem::filesystem_error& e) {
    print_error(e.what(), "");
    return static_cast<int>(ErrorKind::io);
  } catch (const std::bad_alloc&) {
    print_error("out of memory", "");
    return static_cast<int>(ErrorKind::io);
  } catch (const std::exception& e) {
    print_error(fmt::format("unexpected: {}", e.what()), "this is a bug in mat; please report it");
    return static_cast<int>(ErrorKind::bug);
  }
}

}  // namespace mat
