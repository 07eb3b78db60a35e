#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/table/csv_table.h"
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

// Of a regression from a number and a text.
inline const char* const kTableOfPrices =
    R"({"kind":"table","columns":[{"name":"size","type":"number","mean":2.5,"deviation":0.5,)"
    R"("has_missing":true},{"name":"kind","type":"category","categories":["flat","house"],)"
    R"("has_other":true,"has_missing":false}],"target":"price","task":"regression",)"
    R"("delimiter":"tab","target_mean":100.0,"target_deviation":7.0})";

inline std::map<std::string, std::string> metadata_of_table() {
  return {{"algorithm", "tabular_mlp"},
          {"classes", "[]"},
          {"preprocessing", kTableOfPrices},
          {"metrics", R"({"loss":0.2,"rmse":3.5})"}};
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
    put_file(folder / "output" / "contents.txt", "");
    put_file(folder / "predictions.jsonl",
             R"({"file":"blue/0.bmp","label":"blue","predicted":"blue","scores":{"blue":0.9}})"
             "\n"
             R"({"file":"red/0.bmp","label":"red","predicted":"blue","scores":{"blue":0.9}})"
             "\n");
    return registry.version(made.reference());
  }

  // Of a table that lies in data(), of which the third and the first row were for validation.
  VersionRecord train_table(const std::string& job) const {
    Registry registry = writer();
    NewVersion version = new_version(job, {{"lr", 0.1}});
    version.algorithm = "tabular_mlp";
    const std::filesystem::path table = data() / "prices.csv";
    put_file(table, "size\tkind\tprice\n2\tflat\t90\n3\thouse\t110\n\tcastle\t120\n");
    CsvOptions options;
    options.delimiter = '\t';
    version.facts["dataset"] = {{"root", table.string()},
                                {"fingerprint", CsvTable::read(table, options).fingerprint()}};
    version.status = Status::completed;
    const VersionRecord made = registry.create_version(version, "name: x\n");
    const std::filesystem::path folder = home().version_folder(made.job, made.number);
    put_file(folder / "output" / "best.safetensors", weights_bytes(metadata_of_table()));
    put_file(folder / "output" / "contents.txt", "");
    put_file(folder / "predictions.jsonl", R"({"row":"row 3","target":120,"predicted":118})"
                                           "\n"
                                           R"({"row":"row 1","target":90,"predicted":91})"
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
