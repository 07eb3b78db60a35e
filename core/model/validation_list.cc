#include "core/model/validation_list.h"

#include <sys/stat.h>

#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/dataset/json_lines.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "validation.jsonl";

bool is_below(const fs::path& folder, const fs::path& above) {
  const std::string path = folder.string(), start = above.string() + "/";
  return path.starts_with(start);
}

}  // namespace

Json write_validation_list(const Home& home, const fs::path& predictions, const fs::path& root,
                           const fs::path& folder) {
  std::error_code error;
  std::int64_t count = 0;
  std::optional<AtomicFile> list;
  if (!root.empty() && fs::is_regular_file(predictions, error)) {
    JsonLines lines(predictions);
    for (Json line; lines.next(line);) {
      const auto file = line.find("file");
      if (file == line.end() || !file->is_string()) continue;
      if (!list) list.emplace(folder / kList);
      list->write(to_json_text({{"file", *file}, {"label", line.value("label", Json())}}) + "\n");
      ++count;
    }
  }
  if (list) {
    list->finish();
    ::chmod((folder / kList).c_str(), 0444);
  }
  const fs::path kept = is_below(root, home.root) ? root.lexically_relative(home.root) : root;
  return {{"root", kept.string()}, {"pictures", count}};
}

std::vector<fs::path> validation_pictures(const Home& home, const Json& validation,
                                          const fs::path& folder) {
  std::vector<fs::path> files;
  const auto root = validation.find("root");
  std::error_code error;
  if (root == validation.end() || !root->is_string() ||
      !fs::is_regular_file(folder / kList, error)) {
    return files;
  }
  // An absolute one stays as it is.
  const fs::path above = home.root / root->get<std::string>();
  JsonLines lines(folder / kList);
  for (Json line; lines.next(line);) {
    const auto file = line.find("file");
    if (file != line.end() && file->is_string()) files.push_back(above / file->get<std::string>());
  }
  return files;
}

}  // namespace mat
