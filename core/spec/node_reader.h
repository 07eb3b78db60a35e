#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/spec/problems.h"
#include "core/spec/yaml_tree.h"

namespace mat {

// One of a list of named things: "- name: lr" with more keys, "- lr", or "lr: …" in a mapping.
struct NamedNode {
  std::string name;
  std::string path;                // "hyperparameters.lr"
  const YamlNode* key = nullptr;   // where the name stands
  const YamlNode* body = nullptr;  // what is said about it; null: nothing
};

// Reads pieces of a tree and tells what is wrong with them. The tree must outlive what it gives.
class NodeReader {
 public:
  NodeReader(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  Setting place(const YamlNode& key, const YamlNode& value) const;

  using ReadField = std::function<void(const YamlNode& key, const YamlNode& value)>;

  // Calls `read` for each known key of a mapping; `what` is the mapping's name in messages.
  void read_fields(const YamlNode& mapping, const std::string& what,
                   const std::vector<std::string>& known, const ReadField& read);

  // A value that `rule` accepts, in its type; null where it is not one, or where the value is null
  // and so nothing is said.
  Json value(const std::string& what, const YamlNode& key, const YamlNode& node,
             const Hyperparameter& rule);
  Json value(const std::string& what, const YamlNode& key, const YamlNode& node, ValueType type);

  // The members of a section, with names that is_parameter_name() accepts; others are a problem.
  std::vector<NamedNode> named(const YamlNode& section, const YamlNode& node);

  void refuse(const YamlNode& key, const YamlNode& node, const std::string& what,
              const std::string& hint = {});

 private:
  void add_named(const std::string& section, const YamlNode& key, const YamlNode* body,
                 std::vector<NamedNode>& found);

  const std::string& file_;
  Problems& problems_;
};

}  // namespace mat
