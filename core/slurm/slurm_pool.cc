#include "core/slurm/slurm_pool.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kLongestValue = 1000;

// What sbatch takes by its long names and mat leaves to the user.
const std::vector<std::string>& free_options() {
  static const std::vector<std::string> kOptions{"acctg-freq",
                                                 "batch",
                                                 "bb",
                                                 "begin",
                                                 "comment",
                                                 "constraint",
                                                 "container",
                                                 "contiguous",
                                                 "core-spec",
                                                 "cores-per-socket",
                                                 "cpu-freq",
                                                 "deadline",
                                                 "delay-boot",
                                                 "dependency",
                                                 "exclude",
                                                 "exclusive",
                                                 "extra-node-info",
                                                 "gpu-bind",
                                                 "gpu-freq",
                                                 "gres-flags",
                                                 "hint",
                                                 "hold",
                                                 "kill-on-invalid-dep",
                                                 "licenses",
                                                 "mail-type",
                                                 "mail-user",
                                                 "mcs-label",
                                                 "mem-bind",
                                                 "mincpus",
                                                 "network",
                                                 "nice",
                                                 "nodelist",
                                                 "oversubscribe",
                                                 "power",
                                                 "prefer",
                                                 "priority",
                                                 "profile",
                                                 "propagate",
                                                 "reboot",
                                                 "reservation",
                                                 "sockets-per-node",
                                                 "spread-job",
                                                 "switches",
                                                 "thread-spec",
                                                 "threads-per-core",
                                                 "time-min",
                                                 "tmp",
                                                 "use-min-nodes",
                                                 "wckey"};
  return kOptions;
}

// What mat says to sbatch, and how the user tells mat.
const std::map<std::string, std::string>& own_options() {
  static const std::map<std::string, std::string> kOptions{
      {"account", "give it with --account"},
      {"partition", "give it with --partition"},
      {"qos", "give it with --qos"},
      {"nodes", "a spec has resources: {nodes: N}"},
      {"cpus-per-task", "a spec has resources: {flavor: cpu.N}"},
      {"mem", "a spec has resources: {flavor: …}"},
      {"mem-per-cpu", "a spec has resources: {flavor: …}"},
      {"mem-per-gpu", "a spec has resources: {flavor: …}"},
      {"gres", "a spec has resources: {flavor: gpu.N}"},
      {"gpus", "a spec has resources: {flavor: gpu.N}"},
      {"cpus-per-gpu", "a spec has resources: {flavor: gpu.N}"},
      {"gpus-per-node", "a spec has resources: {flavor: gpu.N}"},
      {"gpus-per-task", "a spec has resources: {flavor: gpu.N}"},
      {"gpus-per-socket", "a spec has resources: {flavor: gpu.N}"},
      {"time", "a spec has auto_stop"},
      {"requeue", "a spec has auto_restart"},
      {"no-requeue", "a spec has auto_restart"},
      {"export", "a spec has environment"},
      {"export-file", "a spec has environment"}};
  return kOptions;
}

bool is_one_line(std::string_view text) {
  return text.size() <= kLongestValue && find_bad_utf8(text) == std::string_view::npos &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

Json to_json(const SlurmPool& pool) {
  Json options = Json::array();
  for (const auto& [name, value] : pool.options) options.push_back({name, value});
  return {{"partition", pool.partition}, {"account", pool.account}, {"qos", pool.qos},
          {"options", options},          {"program", pool.program}, {"conf", pool.conf}};
}

SlurmPool slurm_pool_from_json(const Json& json) {
  SlurmPool pool;
  pool.partition = json.at("partition").get<std::string>();
  pool.account = json.at("account").get<std::string>();
  pool.qos = json.at("qos").get<std::string>();
  for (const Json& option : json.at("options")) {
    pool.options.emplace_back(option.at(0).get<std::string>(), option.at(1).get<std::string>());
  }
  pool.program = json.at("program").get<std::string>();
  pool.conf = json.at("conf").get<std::string>();
  return pool;
}

std::pair<std::string, std::string> parse_slurm_option(const std::string& text) {
  const std::size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  const std::string value = sign == std::string::npos ? "" : text.substr(sign + 1);
  if (const auto own = own_options().find(name); own != own_options().end()) {
    throw Error(ErrorKind::usage, fmt::format("mat sets sbatch's option '{}' itself", name),
                own->second);
  }
  const auto& known = free_options();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no option of sbatch for a pool", name),
                name_hint(name, known));
  }
  if (!is_one_line(value) || (sign != std::string::npos && value.empty())) {
    throw Error(
        ErrorKind::usage, fmt::format("the option '{}' cannot have that value", name),
        fmt::format("one line of at most {} bytes, as in --option constraint=a100", kLongestValue));
  }
  return {name, value};
}

void check_slurm_name(const std::string& what, const std::string& name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == ',' || c == '+';
  });
  if (is_plain && !name.starts_with('-') && name.size() <= kLongestValue) return;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no name of a {}", name, what),
              "letters, digits, '-', '_' and '.'");
}

std::vector<std::string> place_words(const SlurmPool& pool) {
  std::vector<std::string> words;
  if (!pool.partition.empty()) words.push_back("--partition=" + pool.partition);
  if (!pool.account.empty()) words.push_back("--account=" + pool.account);
  if (!pool.qos.empty()) words.push_back("--qos=" + pool.qos);
  for (const auto& [name, value] : pool.options) {
    words.push_back(value.empty() ? "--" + name : fmt::format("--{}={}", name, value));
  }
  return words;
}

}  // namespace mat
