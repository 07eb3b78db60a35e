#include "cli/commands/label_suspects_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"

namespace mat {
namespace {

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

void print_label_suspects(const LabelSuspects& suspects, std::size_t top,
                          const std::string& title) {
  if (top == 0) return;
  const LabelJudge& judge = suspects.judge;
  std::string text = fmt::format("\n{}\n", styled(title, Style::bold, stdout_has_colour()));
  if (!suspects.lines) {
    print(text + "not looked for: there was too little time, or there were too few pictures\n");
    return;
  }
  std::string how_good = fmt::format(
      "the networks that judge them are right about {:.0f} % of pictures that they have not learnt "
      "from, the most frequent label alone about {:.0f} %",
      100 * judge.accuracy, 100 * judge.chance);
  if (judge.known_before > 0) {
    how_good += fmt::format(
        "; but {} of the {} were learnt from by the weights that they begin with: labels that were "
        "wrong then do not stand out",
        judge.known_before, counted(judge.pictures, "picture"));
  }
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
          {"known_before", suspects.judge.known_before},
          {"least_suspicion", kLeastSuspicion}};
}

}  // namespace mat
