#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.h"
#include "core/image/image.h"

namespace mat {

// What TensorBoard shows besides curves, each kind on a page of its own.

// Numbers by their size. Buckets are in order, from `left` on to below `right`.
struct HistogramSummary {
  struct Bucket {
    double left = 0, right = 0, count = 0;
  };
  std::vector<Bucket> buckets;
};

struct PictureSummary {
  Image picture;
};

struct TextSummary {
  std::string markdown;
};

// The text as it is, in a block of its own.
TextSummary code_block(std::string_view text, std::string_view language);

// Of one class against the rest, at thresholds evenly from 0 to 1, both of them included.
struct PrecisionRecallSummary {
  struct Point {
    double true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;
  };
  std::vector<Point> points;
};

// A network as nodes. Names are unique, with '/' between a part and what is in it.
struct GraphSummary {
  struct Node {
    std::string name, operation;
    std::vector<std::string> inputs;  // names of others
    std::vector<std::pair<std::string, std::int64_t>> numbers;
  };
  std::vector<Node> nodes;
};

// Charts of several curves each: regular expressions of whole tags.
struct ChartsSummary {
  struct Chart {
    std::string title;
    std::vector<std::string> tags;
  };
  std::vector<Chart> charts;
};

// What a run was started with, for the table of hyperparameters: numbers, texts and booleans, the
// others are left out.
struct RunSettingsSummary {
  Json settings = Json::object();
};

// How it ended, which completes the row.
struct RunEndSummary {
  bool is_success = true;
};

// What a run has come to in one metric, to stand in that table: TensorBoard would take the last
// point of the curve. Readers of mat's curves do not see it.
struct ResultSummary {
  double value = 0;
};

// The tag of a metric's result: "result/accuracy".
std::string result_tag(std::string_view metric);

// The columns of that table, for several runs together: all their settings, and the results of
// these metrics.
struct TableColumnsSummary {
  Json settings = Json::array();  // of each run, as RunSettingsSummary has them
  Json metrics = Json::array();   // their names
};

using Summary = std::variant<HistogramSummary, PictureSummary, TextSummary, PrecisionRecallSummary,
                             GraphSummary, ChartsSummary, RunSettingsSummary, RunEndSummary,
                             ResultSummary, TableColumnsSummary>;

struct EventSummary {
  // Of graphs, charts, settings, ends and columns there is one each, whatever stands here.
  std::string tag;
  std::int64_t step = 0;
  Summary content;
};

// An event as its file has it, without the record around it.
std::string event_of(const EventSummary& summary, double wall_time);

// The settings that an event tells, by name, when it is one of RunSettingsSummary.
std::optional<Json> settings_in_event(std::string_view event);

}  // namespace mat
