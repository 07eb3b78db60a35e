#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/spec/settings.h"

namespace mat {

// Everything that is wrong with a spec, told at once.
class Problems {
 public:
  // `where` is told as FILE:LINE:COLUMN, or as its source when it came from no file.
  void add(const Setting& where, const std::string& what, const std::string& hint = {},
           ErrorKind kind = ErrorKind::usage);
  // At the setting's key instead of its value.
  void add_at_key(const Setting& where, const std::string& what, const std::string& hint = {});
  // About no place in particular.
  void add(const std::string& what, const std::string& hint = {});

  bool empty() const { return problems_.empty(); }

  // Throws an error with one line a problem, in the order of the file: not_found when all are that,
  // otherwise a usage error.
  void throw_if_any() const;

 private:
  struct Problem {
    std::string where;
    Position position;
    std::string what;
    std::string hint;
    ErrorKind kind = ErrorKind::usage;
  };

  std::vector<Problem> problems_;
};

}  // namespace mat
