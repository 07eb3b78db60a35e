#include "cli/commands/label_suspects_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"

namespace mat {
namespace {

// Labels are ranked by the mean of what all that were tried have said.
double mean_accuracy(const Json& search) {
  if (!search.is_object()) return 0;
  double sum = 0;
  int count = 0;
  for (const Json& tried : search.value("candidates", Json::array())) {
    if (!tried.contains("accuracy") || !tried["accuracy"].is_number()) continue;
    sum += tried["accuracy"].get<double>();
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

Table table_of(const std::vector<Json>& lines, std::size_t top) {
  Table table({{"TRAINING PICTURE", Align::left, true},
               {"LABEL"},
               {"LOOKS LIKE"},
               {"SUSPICION", Align::right}});
  for (std::size_t i = 0; i < std::min(top, lines.size()); ++i) {
    const Json& line = lines[i];
    const double suspicion = line.value("suspicion", 0.0);
    if (suspicion < kLeastSuspicion) break;
    table.add({value_text(line.value("file", Json())), value_text(line.value("label", Json())),
               value_text(line.value("suggested", Json())), fmt::format("{:.2f}", suspicion)});
  }
  return table;
}

}  // namespace

LabelJudge label_judge(const Json& facts) {
  LabelJudge judge;
  judge.accuracy = mean_accuracy(facts.value("search", Json()));
  std::int64_t most = 0;
  const Json dataset = facts.value("dataset", Json());
  if (!dataset.is_object() || !dataset.contains("per_class")) return judge;
  for (const auto& [name, counts] : dataset["per_class"].items()) {
    const auto pictures = counts.value("train", std::int64_t{0});
    judge.pictures += pictures;
    most = std::max(most, pictures);
  }
  if (judge.pictures > 0) {
    judge.chance = static_cast<double>(most) / static_cast<double>(judge.pictures);
  }
  return judge;
}

void print_label_suspects(const LabelSuspects& suspects, std::size_t top,
                          const std::string& title) {
  if (top == 0) return;
  const LabelJudge& judge = suspects.judge;
  std::string text = fmt::format("\n{}\n", styled(title, Style::bold, stdout_has_colour()));
  if (!suspects.lines) {
    print(text + "not looked for: there was too little time, or there were too few pictures\n");
    return;
  }
  const std::string how_good = fmt::format(
      "the networks that judge them are right about {:.0f} % of pictures that they have not learnt "
      "from, the most frequent label alone about {:.0f} %",
      100 * judge.accuracy, 100 * judge.chance);
  if (!judge.is_useful()) {
    print(text + fmt::format("none are shown: {}; more time may help\n", how_good));
    return;
  }
  const Table table = table_of(*suspects.lines, top);
  if (table.empty()) text += "none stands out: ";
  print(text + how_good + "\n" + table.text());
}

Json label_check_json(const LabelSuspects& suspects) {
  if (!suspects.lines) return nullptr;
  return {{"accuracy", suspects.judge.accuracy},
          {"chance", suspects.judge.chance},
          {"is_useful", suspects.judge.is_useful()},
          {"least_suspicion", kLeastSuspicion}};
}

}  // namespace mat
