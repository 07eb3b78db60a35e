#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/spec/problems.h"
#include "core/spec/read_setting.h"
#include "core/spec/setting_keys.h"
#include "core/spec/settings.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

constexpr std::uint64_t kMaxSpecBytes = 1 << 20;

// The keys below a section that has fixed ones ("resources"), without the section's name.
std::vector<std::string> keys_of_section(const std::string& section) {
  std::vector<std::string> keys;
  for (const SettingKey& key : setting_keys()) {
    if (key.rule.name.starts_with(section + ".")) {
      keys.emplace_back(member_name(key.rule.name));
    }
  }
  return keys;
}

class SpecReader {
 public:
  SpecReader(std::string file, std::filesystem::path folder, std::string source, Problems& problems)
      : file_(std::move(file)),
        folder_(std::move(folder)),
        source_(std::move(source)),
        problems_(problems) {}

  Settings read(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::mapping) {
      const char* what = root.kind == YamlNode::Kind::null
                             ? "there is nothing in it"
                             : "this must be settings like 'name: clothes'";
      problems_.add(place(root, root), what);
      problems_.throw_if_any();
    }
    for (std::size_t i = 0; i + 1 < root.children.size(); i += 2) {
      read_entry(root.children[i], root.children[i + 1]);
    }
    return std::move(settings_);
  }

 private:
  Setting place(const YamlNode& key, const YamlNode& value) const {
    return {nullptr, source_, file_, value.position, key.position};
  }

  bool check_key(const YamlNode& key, const YamlNode& value) {
    if (key.text == "<<") {
      problems_.add_at_key(place(key, value), "merge keys (<<) are not supported",
                           "write the settings out");
    } else if (!is_scalar(key)) {
      problems_.add_at_key(place(key, value), "a key must be a name");
    } else {
      return true;
    }
    return false;
  }

  void read_entry(const YamlNode& key, const YamlNode& value) {
    if (!check_key(key, value)) return;
    const auto& sections = spec_sections();
    if (std::find(sections.begin(), sections.end(), key.text) == sections.end()) {
      problems_.add_at_key(place(key, value),
                           fmt::format("unknown key '{}'", display_name(key.text)),
                           name_hint(key.text, sections));
    } else if (key.text == "experiment" && is_scalar(value)) {
      read_value("experiment.name", key, value);
    } else if (key.text == "algorithm" && value.kind == YamlNode::Kind::mapping) {
      read_section(key, value);
    } else if (find_setting_key(key.text) != nullptr) {
      read_value(key.text, key, value);
    } else {
      read_section(key, value);
    }
  }

  void read_section(const YamlNode& key, const YamlNode& section) {
    // A section whose lines are all commented out is empty, not wrong.
    if (section.kind == YamlNode::Kind::null) return;
    if (section.kind != YamlNode::Kind::mapping) {
      problems_.add(place(key, section),
                    fmt::format("{} must be a mapping with lines like 'key: value'", key.text));
      return;
    }
    const std::vector<std::string> known = keys_of_section(key.text);
    for (std::size_t i = 0; i + 1 < section.children.size(); i += 2) {
      const YamlNode& child = section.children[i];
      const YamlNode& value = section.children[i + 1];
      if (!check_key(child, value)) continue;
      if (!known.empty() && std::find(known.begin(), known.end(), child.text) == known.end()) {
        problems_.add_at_key(
            place(child, value),
            fmt::format("unknown key '{}' in {}", display_name(child.text), key.text),
            name_hint(child.text, known));
      } else if (child.text.empty()) {
        problems_.add_at_key(place(child, value), "a key must not be empty");
      } else {
        read_value(key.text + "." + child.text, child, value);
      }
    }
  }

  void read_value(const std::string& flat_key, const YamlNode& key, const YamlNode& node) {
    Setting setting = place(key, node);
    std::string problem;
    setting.value = read_setting(flat_key, node, folder_, &problem);
    if (problem.empty()) {
      settings_[flat_key] = std::move(setting);
    } else {
      problems_.add(setting, fmt::format("{} {}", display_name(flat_key), problem));
    }
  }

  std::string file_;
  std::filesystem::path folder_;
  std::string source_;
  Settings settings_;
  Problems& problems_;
};

Settings read_spec(std::string_view yaml, const std::string& file,
                   const std::filesystem::path& folder, const std::string& source,
                   Problems& problems) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(folder.empty() ? "." : folder, error);
  if (error) throw_io_error("cannot tell the working directory", error.value());
  return SpecReader(file, absolute, source, problems).read(parse_yaml(yaml, file));
}

}  // namespace

Settings parse_spec(std::string_view yaml, const std::string& file,
                    const std::filesystem::path& folder, const std::string& source) {
  Problems problems;
  Settings settings = read_spec(yaml, file, folder, source, problems);
  problems.throw_if_any();
  return settings;
}

Settings read_spec_file(const std::filesystem::path& path) {
  Problems problems;
  Settings settings = read_spec_file(path, problems);
  problems.throw_if_any();
  return settings;
}

Settings read_spec_file(const std::filesystem::path& path, Problems& problems) {
  if (path == "-") {
    const auto yaml = read_file_if_exists("/dev/stdin", kMaxSpecBytes);
    return read_spec(yaml.value_or(""), "standard input", working_folder(), "spec", problems);
  }
  return read_spec(read_file(path, kMaxSpecBytes), path.string(), folder_of_spec(path), "spec",
                   problems);
}

std::filesystem::path folder_of_spec(const std::filesystem::path& path) {
  std::error_code error;
  if (path == "-" || !std::filesystem::is_regular_file(path, error)) return working_folder();
  return absolute_path(path).parent_path();
}

}  // namespace mat
