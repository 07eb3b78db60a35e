#pragma once

#include <string_view>

namespace mat {

struct Asset {
  std::string_view path;  // below cli/ui/page: "views/jobs.js"
  std::string_view bytes;
};

// A file of the page, built into the program; null when there is none of that path.
const Asset* find_asset(std::string_view path);

// "text/javascript; charset=utf-8", by the ending of the name.
const char* type_of_asset(std::string_view path);

}  // namespace mat
