#include "core/model/validation_list.h"

#include <sys/stat.h>

#include <string>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/dataset/json_lines.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "validation.jsonl";

constexpr std::string_view kRow = "row ", kValRow = "val row ";

// The one of the two keys that names what a line is of; null when it has neither.
const char* key_of(const Json& line) {
  for (const char* key : {"file", "row"}) {
    if (const auto found = line.find(key); found != line.end() && found->is_string()) return key;
  }
  return nullptr;
}

// An absolute one stays as it is.
std::optional<fs::path> root_of(const Home& home, const Json& validation) {
  const auto root = validation.find("root");
  if (root == validation.end() || !root->is_string()) return std::nullopt;
  return home.root / root->get<std::string>();
}

bool is_below(const fs::path& folder, const fs::path& above) {
  const std::string path = folder.string(), start = above.string() + "/";
  return path.starts_with(start);
}

}  // namespace

Json write_validation_list(const Home& home, const fs::path& predictions, const fs::path& root,
                           const fs::path& folder) {
  std::error_code error;
  std::int64_t count = 0;
  bool of_rows = false;
  std::optional<AtomicFile> list;
  if (!root.empty() && fs::is_regular_file(predictions, error)) {
    JsonLines lines(predictions);
    for (Json line; lines.next(line);) {
      const char* const key = key_of(line);
      if (key == nullptr) continue;
      of_rows = of_rows || key == std::string_view("row");
      if (!list) list.emplace(folder / kList);
      list->write(to_json_text({{key, line[key]}, {"label", line.value("label", Json())}}) + "\n");
      ++count;
    }
  }
  if (list) {
    list->finish();
    ::chmod((folder / kList).c_str(), 0444);
  }
  const fs::path kept = is_below(root, home.root) ? root.lexically_relative(home.root) : root;
  return {{"root", kept.string()}, {of_rows ? "rows" : "pictures", count}};
}

std::vector<fs::path> validation_pictures(const Home& home, const Json& validation,
                                          const fs::path& folder) {
  std::vector<fs::path> files;
  const auto root = root_of(home, validation);
  std::error_code error;
  if (!root || !fs::is_regular_file(folder / kList, error)) return files;
  JsonLines lines(folder / kList);
  for (Json line; lines.next(line);) {
    const auto file = line.find("file");
    if (file != line.end() && file->is_string()) {
      files.push_back(*root / file->get<std::string>());
    }
  }
  return files;
}

std::optional<ListedRows> validation_rows(const Home& home, const Json& validation,
                                          const fs::path& folder) {
  const auto root = root_of(home, validation);
  std::error_code error;
  if (!root || !fs::is_regular_file(folder / kList, error)) return std::nullopt;
  ListedRows listed;
  JsonLines lines(folder / kList);
  for (Json line; lines.next(line);) {
    const auto row = line.find("row");
    if (row == line.end() || !row->is_string()) continue;
    std::string name = row->get<std::string>();
    listed.is_val = name.starts_with(kValRow);
    name.erase(0, (listed.is_val ? kValRow : kRow).size());
    const auto number = parse_integer(name);
    if (number && *number > 0) listed.rows.push_back(static_cast<std::size_t>(*number - 1));
  }
  if (listed.rows.empty()) return std::nullopt;
  const bool is_folder = fs::is_directory(*root, error);
  listed.table = !is_folder ? *root : *root / (listed.is_val ? "val.csv" : "train.csv");
  return listed;
}

}  // namespace mat
