#include "cli/commands/prediction_output.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/output/csv.h"
#include "cli/output/terminal.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace mat {
namespace {

double rounded(float score) { return std::round(double{score} * 1e6) / 1e6; }

class Lines : public PredictionOutput {
 public:
  Lines(const std::vector<std::string>& classes, std::size_t top)
      : classes_(classes), top_(top), has_colour_(stdout_has_colour()), columns_(stdout_width()) {}

  void add(const Prediction& prediction, const std::string& heatmap) override {
    std::string line = printable(prediction.name);
    if (!prediction.problem.empty()) {
      line += "  " + styled(printable(prediction.problem), Style::bad, has_colour_);
    } else {
      // On a terminal, as many classes as fit the line; the first in any case.
      int width = display_width(line);
      bool is_first = true;
      for (const std::size_t c : top_classes(prediction.probabilities, top_)) {
        const std::string name = printable(classes_[c]);
        const std::string score = fmt::format(" {:.4f}", prediction.probabilities[c]);
        width += 2 + display_width(name) + static_cast<int>(score.size());
        if (!is_first && columns_ > 0 && width > columns_) break;
        line += "  " + (is_first ? styled(name, Style::bold, has_colour_) : name) + score;
        is_first = false;
      }
      if (!prediction.warning.empty()) line += fmt::format("  ({})", printable(prediction.warning));
      if (!heatmap.empty()) line += "  → " + printable(heatmap);
    }
    print(line + "\n");
  }

 private:
  const std::vector<std::string>& classes_;
  std::size_t top_;
  bool has_colour_;
  int columns_;  // 0: no terminal
};

class JsonOutput : public PredictionOutput {
 public:
  JsonOutput(const std::string& model, const std::vector<std::string>& classes, std::size_t top)
      : classes_(classes), top_(top) {
    print(fmt::format("{{\n  \"model\": {},\n  \"predictions\": [", to_json_text(Json(model))));
  }

  void add(const Prediction& prediction, const std::string& heatmap) override {
    Json row{{"file", prediction.name}};
    if (!prediction.problem.empty()) {
      row["error"] = prediction.problem;
    } else {
      Json scores = Json::array();
      for (const std::size_t c : top_classes(prediction.probabilities, top_)) {
        scores.push_back({{"label", classes_[c]}, {"score", rounded(prediction.probabilities[c])}});
      }
      row["predicted"] = scores.front()["label"];
      row["scores"] = std::move(scores);
      if (!prediction.warning.empty()) row["warning"] = prediction.warning;
      if (!heatmap.empty()) row["heatmap"] = heatmap;
    }
    print(fmt::format("{}\n    {}", is_first_ ? "" : ",", to_json_text(row)));
    is_first_ = false;
  }

  void finish() override { print(is_first_ ? "]\n}\n" : "\n  ]\n}\n"); }

 private:
  const std::vector<std::string>& classes_;
  std::size_t top_;
  bool is_first_ = true;
};

class Csv : public PredictionOutput {
 public:
  Csv(const std::vector<std::string>& classes, std::size_t top, bool has_heatmaps)
      : classes_(classes), top_(std::min(top, classes.size())), has_heatmaps_(has_heatmaps) {
    std::string header = "file";
    for (std::size_t i = 1; i <= top_; ++i) header += fmt::format(",label_{0},score_{0}", i);
    print(header + (has_heatmaps_ ? ",error,warning,heatmap\n" : ",error,warning\n"));
  }

  void add(const Prediction& prediction, const std::string& heatmap) override {
    std::string line = csv_cell(prediction.name);
    if (prediction.problem.empty()) {
      for (const std::size_t c : top_classes(prediction.probabilities, top_)) {
        line += fmt::format(",{},{}", csv_cell(classes_[c]),
                            format_number(rounded(prediction.probabilities[c])));
      }
    } else {
      line += std::string(2 * top_, ',');
    }
    print(line + "," + csv_cell(prediction.problem) + "," + csv_cell(prediction.warning) +
          (has_heatmaps_ ? "," + csv_cell(heatmap) : "") + "\n");
  }

 private:
  const std::vector<std::string>& classes_;
  std::size_t top_;
  bool has_heatmaps_;
};

}  // namespace

std::unique_ptr<PredictionOutput> prediction_lines(const std::vector<std::string>& classes,
                                                   std::size_t top) {
  return std::make_unique<Lines>(classes, top);
}

std::unique_ptr<PredictionOutput> prediction_json(const std::string& model,
                                                  const std::vector<std::string>& classes,
                                                  std::size_t top) {
  return std::make_unique<JsonOutput>(model, classes, top);
}

std::unique_ptr<PredictionOutput> prediction_csv(const std::vector<std::string>& classes,
                                                 std::size_t top, bool has_heatmaps) {
  return std::make_unique<Csv>(classes, top, has_heatmaps);
}

}  // namespace mat
