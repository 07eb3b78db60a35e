#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace mat {

// Where a value stands in a text: 1-based; 0 when it did not come from a file.
struct Position {
  int line = 0;
  int column = 0;
};

// One value of a job and where it came from: "algorithm" (its default), "default" (mat's own),
// "params NAME", "JOB@V0001" (a version that was modified), "spec" or "--set".
struct Setting {
  Json value;
  std::string source;
  std::string file;       // of the positions, as the user named it
  Position position;      // of the value
  Position key_position;  // of its key
};

// The settings of a job as flat dotted keys, which every part of mat shares: "name",
// "description", "experiment.name", "experiment.description", "algorithm", "inputs.data_url",
// "outputs.train_url", "hyperparameters.lr", "environment.TZ", "resources.pool", ".type",
// ".flavor", ".nodes", "priority", "auto_restart", "auto_stop", "log_path", "log_limit", "seed",
// "seeds". Instead of "algorithm" there may be "algorithm.command", ".code", ".image", ".network",
// ".parameters", ".metrics" and ".code_limit": a command that the spec spells out. Paths in values
// are absolute; a dataset is "dataset://NAME@VERSION"; a command is one text (see split_command()),
// patterns are one a line. Saved configurations, specs, `--set` and the settings of a version are
// all of this kind, so that merging, saving and comparing are one mechanism.
using Settings = std::map<std::string, Setting>;

class Problems;

// Reads a YAML job spec. Paths become absolute against `folder`. `file` names it in errors, which
// are usage errors "FILE:LINE:COLUMN: what" with the nearest known key as hint. Keys are checked
// here; hyperparameters are checked against their algorithm by resolve(). `source` is put into
// each setting.
Settings parse_spec(std::string_view yaml, const std::string& file,
                    const std::filesystem::path& folder, const std::string& source = "spec");

// The same from a file, or from standard input for "-"; paths are relative to folder_of_spec(). Not
// found when there is no such file. With `problems`, wrong values are told there and left out, for
// resolve() to go on with the others; what is no YAML is thrown all the same.
Settings read_spec_file(const std::filesystem::path& path);
Settings read_spec_file(const std::filesystem::path& path, Problems& problems);

// Absolute: the folder that the file is in or, for a pipe, which is in none, the working directory.
std::filesystem::path folder_of_spec(const std::filesystem::path& path);

// Reads `--set` arguments "key=value". A key that is no setting of its own is a hyperparameter:
// "lr=0.1" is "hyperparameters.lr=0.1"; "experiment=E" is "experiment.name=E". Values are YAML
// scalars, but where text is wanted (names, descriptions, paths, environment) they are taken as
// they are. Paths are relative to `folder`, the working directory. An empty value removes nothing:
// it is an error, except for strings. A command and metric patterns may also be YAML lists. Of a
// key given twice the later one wins. `problems` as above.
Settings parse_assignments(const std::vector<std::string>& assignments,
                           const std::filesystem::path& folder);
Settings parse_assignments(const std::vector<std::string>& assignments,
                           const std::filesystem::path& folder, Problems& problems);

// Later layers win. When `above` names another algorithm than `below`, those hyperparameters of
// `below` that were only the old algorithm's defaults go with it. A name replaces a command of the
// spec's own, and the other way round.
Settings merge(const Settings& below, const Settings& above);

// The settings as coming from `source` ("params NAME", "JOB@V0001"), without positions. Defaults
// ("algorithm", "default") stay marked as such, which merge() relies on.
Settings with_source(const Settings& settings, const std::string& source);

// The settings with kHiddenValue for the values of environment variables with secret names: how
// they are recorded and shown.
Settings hide_secrets(Settings settings);

// {"key": {"value": …, "source": "…"}, …}; positions are not kept. Reading anything of another
// shape is an io error: it was written by mat, so it is damaged. Values are checked by resolve().
Json to_json(const Settings& settings);
Settings settings_from_json(const Json& json);

}  // namespace mat
