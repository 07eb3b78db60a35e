#include <fmt/core.h>

#include "core/base/address.h"
#include "core/base/text.h"
#include "core/spec/job_spec.h"
#include "core/spec/setting_keys.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

class Writer {
 public:
  Writer(const JobSpec& spec, bool with_comments) : spec_(spec), with_comments_(with_comments) {}

  std::string write() {
    for (const std::string& section : spec_sections()) {
      if (spec_.settings.contains(section)) {
        write_line(section, section, 0);
      } else if (section == "experiment" && !spec_.settings.contains("experiment.description")) {
        if (spec_.settings.contains("experiment.name")) write_line("experiment.name", section, 0);
      } else if (section == "hyperparameters") {
        write_section(section, hyperparameter_names());
      } else {
        write_section(section, member_names(section));
      }
    }
    return out_;
  }

 private:
  std::vector<std::string> hyperparameter_names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : spec_.hyperparameters.items()) names.push_back(name);
    return names;
  }

  std::vector<std::string> member_names(const std::string& section) const {
    std::vector<std::string> names;
    for (const SettingKey& key : setting_keys()) {
      if (key.rule.name.starts_with(section + ".") && spec_.settings.contains(key.rule.name)) {
        names.emplace_back(member_name(key.rule.name));
      }
    }
    for (const auto& [key, setting] : spec_.settings) {
      const SettingGroup* group = find_setting_group(key);
      if (group != nullptr && group->name == section) names.emplace_back(member_name(key));
    }
    return names;
  }

  void write_section(const std::string& section, const std::vector<std::string>& names) {
    if (names.empty()) return;
    out_ += section + ":\n";
    for (const std::string& name : names) write_line(section + "." + name, name, 2);
  }

  void write_line(const std::string& key, const std::string& name, int indent) {
    const Setting& setting = spec_.settings.at(key);
    out_ += fmt::format("{:{}}{}: {}", "", indent, to_yaml_scalar(name), yaml_value(setting.value));
    if (with_comments_) out_ += "  # " + printable(setting.source);
    out_ += '\n';
  }

  static std::string yaml_value(const Json& value) {
    const auto dataset =
        value.is_string() ? dataset_of_address(value.get<std::string>()) : std::nullopt;
    return dataset ? fmt::format("{{dataset: {}}}", to_yaml_scalar(*dataset))
                   : to_yaml_scalar(value);
  }

  const JobSpec& spec_;
  bool with_comments_;
  std::string out_;
};

}  // namespace

std::string to_yaml(const JobSpec& spec, bool comments) { return Writer(spec, comments).write(); }

}  // namespace mat
