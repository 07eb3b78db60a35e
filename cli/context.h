#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/registry/registry.h"

namespace mat {

// What every command gets: how mat was called, and what to run once the command line is parsed.
struct Context {
  std::string home_option;             // --home, or empty
  std::vector<std::string> arguments;  // the whole command line, for the record
  std::function<int()> action;         // of the command that was chosen; gives the exit code

  Home home() const { return find_home(home_option); }
  // Says on stderr that the home which was looked into is not there, when somebody named it: it may
  // be mistyped.
  void note_missing_home() const;

  // For commands that only look: makes nothing, and notices runners that have died.
  Registry open_to_read() const;
  // Makes the home and the registry when they are absent.
  Registry open_to_write() const;
  // For commands that change what is already there: makes no home, so that with a mistyped one
  // nothing is found, and nothing is left behind. Where there is none it is open for reading.
  Registry open_to_change() const;

 private:
  mutable bool has_looked_ = false;
};

}  // namespace mat
