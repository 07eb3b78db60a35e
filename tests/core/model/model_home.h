#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "tests/core/registry/registry_home.h"
#include "tests/test_files.h"

namespace mat {

// A safetensors file with one tensor of `count` numbers.
inline std::string weights_bytes(const std::map<std::string, std::string>& metadata,
                                 std::size_t count = 4) {
  const Json header{
      {"__metadata__", metadata},
      {"fc.bias", {{"dtype", "F32"}, {"shape", {count}}, {"data_offsets", {0, 4 * count}}}}};
  const std::string text = to_json_text(header);
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(text.size() >> (8 * i));
  return bytes + text + std::string(4 * count, 'w');
}

inline std::map<std::string, std::string> metadata_of_classifier() {
  return {{"algorithm", "exeml"},
          {"network", "resnet18_w32"},
          {"classes", R"(["blue","red"])"},
          {"preprocessing",
           R"({"image_size":64,"short_side":144,"views":["whole","first"],"mirrored":true,)"
           R"("mean":[0.1,0.2,0.3],"std":[0.4,0.5,0.6]})"},
          {"temperature", "1.5"},
          {"metrics", R"({"accuracy":0.9,"loss":0.2})"}};
}

// A home with versions of jobs that look as trainings leave them, and pictures beside it.
class ModelHome : public RegistryHome {
 public:
  std::filesystem::path data() const { return home().root.parent_path() / "data"; }

  VersionRecord train(const std::string& job, Status status = Status::completed,
                      const std::string& algorithm = "exeml") const {
    Registry registry = writer();
    NewVersion version = new_version(job, {{"lr", 0.1}});
    version.algorithm = algorithm;
    version.settings["environment.KEY"] = setting("hidden");
    version.facts["dataset"] = {{"root", data().string()},
                                {"fingerprint", "ab12"},
                                {"classes", {"blue", "red"}},
                                {"train", 8},
                                {"validation", 2}};
    version.facts["datasets"] = {{"data_url", {{"version", "colours@V002"}}}};
    version.facts["git"] = {{"commit", "c0ffee"}, {"dirty", false}, {"diff_file", "git.diff"}};
    version.metrics["accuracy"] = summary(0.8);
    version.status = status;
    const VersionRecord made = registry.create_version(version, "name: x\n");
    const std::filesystem::path folder = home().version_folder(made.job, made.number);
    put_file(folder / "output" / "best.safetensors", weights_bytes(metadata_of_classifier()));
    put_file(folder / "predictions.jsonl",
             R"({"file":"blue/0.bmp","label":"blue","predicted":"blue","scores":{"blue":0.9}})"
             "\n"
             R"({"file":"red/0.bmp","label":"red","predicted":"blue","scores":{"blue":0.9}})"
             "\n");
    return registry.version(made.reference());
  }

  std::set<std::string> entries_of(const std::filesystem::path& folder) const {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
};

}  // namespace mat
