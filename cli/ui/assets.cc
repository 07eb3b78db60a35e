#include "cli/ui/assets.h"

#include <algorithm>
#include <span>

namespace mat {

// In a source that is made when mat is built: see cli/CMakeLists.txt.
std::span<const Asset> all_assets();

const Asset* find_asset(std::string_view path) {
  const auto assets = all_assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [&](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

const char* type_of_asset(std::string_view path) {
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace mat
