#include "trainers/training/training_summaries.h"

#include <limits>
#include <set>

#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

const GraphSummary& graph_in(const EventSummary& summary) {
  return std::get<GraphSummary>(summary.content);
}

}  // namespace

TEST_CASE("The graph of every network has nodes of different names that lead to its answer") {
  const std::string name = GENERATE("resnet18", "resnet50", "mobilenet_v3_small", "small_cnn");
  CAPTURE(name);
  const EventSummary summary = summary_of(graph_of(name), *make_image_network(name, 5));
  const GraphSummary& graph = graph_in(summary);
  std::set<std::string> names;
  std::int64_t classes = 0;
  for (const GraphSummary::Node& node : graph.nodes) {
    for (const std::string& input : node.inputs) CHECK(names.contains(input));
    CHECK(names.insert(node.name).second);
    for (const auto& [what, number] : node.numbers) {
      if (what == "outputs") classes = number;
    }
  }
  CHECK(classes == 5);
  // A folder cannot be a node as well.
  for (const std::string& one : names) {
    for (const std::string& other : names) CHECK_FALSE(other.starts_with(one + "/"));
  }
}

TEST_CASE("The graph of a table's network is the chain of its modules") {
  const EventSummary summary = summary_of_chain(*make_tabular_network(3, {8}, 0.1, 2));
  const GraphSummary& graph = graph_in(summary);
  std::string operations;
  for (const GraphSummary::Node& node : graph.nodes) operations += node.operation + " ";
  CHECK(operations == "Placeholder Linear BatchNorm1d ReLU Dropout Linear ");
  CHECK(graph.nodes[2].inputs == std::vector<std::string>{graph.nodes[1].name});
}

TEST_CASE("A histogram counts all finite numbers of a tensor") {
  const HistogramSummary histogram = histogram_of(torch::arange(300).to(torch::kFloat));
  REQUIRE(histogram.buckets.size() == 30);
  CHECK(histogram.buckets.front().left == 0);
  CHECK(histogram.buckets.back().right == 299);
  for (const auto& bucket : histogram.buckets) CHECK(std::abs(bucket.count - 10) <= 1);
  CHECK(histogram_of(torch::full({7}, 2.5)).buckets.size() == 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(histogram_of(torch::tensor({nan, 1.0F})).buckets.front().count == 1);
  CHECK(histogram_of(torch::tensor({nan})).buckets.empty());
}

TEST_CASE("A training shows its network and some pictures once, and histograms when asked to") {
  const TempFolder home;
  make_pictures(home / "data", 12);
  TrainRequest request = request_for(home / "data", home.path(), "V0001");
  request.hyperparameters["histograms"] = true;
  request.hyperparameters["validate_every"] = 2;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  int graphs = 0, pictures = 0;
  std::map<std::string, int> histograms;
  for (const EventSummary& summary : observer.summaries) {
    graphs += std::holds_alternative<GraphSummary>(summary.content);
    pictures += std::holds_alternative<PictureSummary>(summary.content);
    if (std::holds_alternative<HistogramSummary>(summary.content)) ++histograms[summary.tag];
  }
  CHECK(graphs == 1);
  CHECK(pictures == 1);
  CHECK(histograms.at("weights/convs.0.weight") == 2);
  CHECK(histograms.at("gradients/fc.bias") == 2);

  request.hyperparameters["histograms"] = false;
  request.version_folder = home / "V0002";
  std::filesystem::create_directories(request.version_folder);
  RecordingObserver quiet;
  torch_trainer().train(request, quiet);
  CHECK(quiet.summaries.size() == 2);
}

}  // namespace mat
