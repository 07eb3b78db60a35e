#include "core/metrics/line_metrics.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/error.h"
#include "core/command/metric_sink.h"

namespace mat {
namespace {

std::string shown(const std::vector<LinePoint>& points) {
  std::string text;
  for (const LinePoint& point : points) {
    text += text.empty() ? "" : " ";
    text += point.name;
    if (point.step) text += "@" + std::to_string(*point.step);
    text += "=" + std::to_string(point.value);
    while (text.ends_with("0")) text.pop_back();
  }
  return text;
}

std::string points_of(const std::string& line, const std::string& pattern = {}) {
  return shown(
      LineMetrics(pattern.empty() ? std::vector<std::string>{} : std::vector<std::string>{pattern})
          .points_of(line));
}

TEST_CASE("a line of pairs holds metrics", "[command]") {
  CHECK(points_of("accuracy: 0.43") == "accuracy=0.43");
  CHECK(points_of("accuracy=0.43") == "accuracy=0.43");
  CHECK(points_of("  val/f1 = -1.5e-3  ") == "val/f1=-0.0015");
  CHECK(points_of("loss: 0.4, acc: 0.91") == "loss=0.4 acc=0.91");
  CHECK(points_of("loss: 0.4 acc: 0.91") == "loss=0.4 acc=0.91");
  CHECK(points_of("loss=.5;acc=91%") == "loss=0.5 acc=91.");
  CHECK(points_of("loss: nan") == "loss=nan");
  CHECK(points_of("loss: -inf") == "loss=-inf");
}

TEST_CASE("a step or an epoch on the line is the points' step", "[command]") {
  CHECK(points_of("epoch 3 loss: 0.4 accuracy: 0.91") == "loss@3=0.4 accuracy@3=0.91");
  CHECK(points_of("Epoch: 3/10, loss: 0.4") == "loss@3=0.4");
  CHECK(points_of("[Epoch 3/10] step=120 loss=0.4") == "loss@120=0.4");
  CHECK(points_of("loss: 0.4, global_step: 7, epoch: 1") == "loss@7=0.4");
  CHECK(points_of("epoch: 0.5 loss: 0.4") == "loss=0.4");
}

TEST_CASE("lines of well-known libraries hold their metrics", "[command]") {
  CHECK(points_of("25/25 [==============================] - 1s 20ms/step - loss: 0.4321 - "
                  "accuracy: 0.8765 - val_loss: 0.5 - val_accuracy: 0.9") ==
        "loss=0.4321 accuracy=0.8765 val_loss=0.5 val_accuracy=0.9");
  CHECK(points_of("Epoch 0: 100%|██████████| 938/938 [00:10<00:00, 88.10it/s, v_num=0, "
                  "train_loss=0.123]") == "train_loss@0=0.123");
  CHECK(points_of("Train Epoch: 2 [640/60000 (1%)]\tLoss: 2.300000") == "Loss@2=2.3");
  CHECK(points_of("Test set: Average loss: 0.0432, Accuracy: 9876/10000 (99%)") ==
        "Average_loss=0.0432");
  CHECK(points_of("{'loss': 0.4, 'learning_rate': 5e-05, 'epoch': 1.0}") ==
        "loss=0.4 learning_rate=0.00005");
  CHECK(points_of("INFO:root:loss: 0.4") == "loss=0.4");
  CHECK(points_of("2026-01-01 12:00:00,123 INFO loss: 0.4") == "loss=0.4");
  CHECK(points_of("[1]\ttrain-auc:0.91\ttest-auc:0.88") == "train-auc=0.91 test-auc=0.88");
  CHECK(points_of("train loss: 0.5, val loss: 0.6") == "train_loss=0.5 val_loss=0.6");
}

TEST_CASE("a metric may have a name in capitals", "[command]") {
  CHECK(points_of("AUC=0.93") == "AUC=0.93");
  CHECK(points_of("AUC = 0.5") == "AUC=0.5");
}

TEST_CASE("what only looks like metrics is none", "[command]") {
  for (const char* line : {"",
                           ":",
                           "= 3",
                           "time: 12:30",
                           "12: 30",
                           "12:30:45",
                           "eta: 3s",
                           "size: 10MB",
                           "INFO: 3 workers started",
                           "found: 300 images",
                           "Number of parameters: 11000000",
                           "Using seed: 42",
                           "http://example.com:8080/",
                           "version: 1.2.3",
                           "ratio: 3/4",
                           "a:b:c",
                           "loss:",
                           "loss: ",
                           "loss: abc",
                           "loss: 0x10",
                           "range: 1-2",
                           "epoch: 3",
                           "x: 1_000",
                           "::::",
                           "path=/tmp/x",
                           "C:\\1",
                           "'loss: 0.4",
                           "loss: --4",
                           "SHLVL=2",
                           "PYTHONUNBUFFERED=1"}) {
    CAPTURE(line);
    CHECK(points_of(line) == "");
  }
}

TEST_CASE("of a line that is drawn over the last counts, without its colours", "[command]") {
  CHECK(points_of("loss: 0.4\r\r\r") == "loss=0.4");
  CHECK(points_of("loss: 1\rloss: 2\rloss: 3") == "loss=3.");
  CHECK(points_of("loss: 3\r") == "loss=3.");
  CHECK(points_of("\x1b[32mloss\x1b[0m: \x1b[1m0.4\x1b[0m") == "loss=0.4");
  CHECK(points_of("\x1b[") == "");
}

TEST_CASE("a pattern says what is name, value and step", "[command]") {
  CHECK(points_of("loss is 0.4; f1 is 0.5", R"((\w+) is ([0-9.]+))") == "loss=0.4 f1=0.5");
  CHECK(points_of("0.4 <- loss", R"((?P<value>\S+) <- (?P<name>\S+))") == "loss=0.4");
  CHECK(points_of("at 7 loss 0.4", R"(at (?P<step>\d+) (?P<name>\w+) (?P<value>\S+))") ==
        "loss@7=0.4");
  CHECK(points_of("epoch 2: loss 0.4", R"((loss) (\S+))") == "loss@2=0.4");
  CHECK(points_of("loss is high", R"((\w+) is (\w+))") == "");
  CHECK(points_of("aaa", R"((x*)(y*))") == "");
  for (const char* bad : {"(", "no groups", "(one)", "(?P<name>a)", "(?P<name>a)(b)", "(?=a)(b)"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(LineMetrics({bad}), Error);
  }
}

TEST_CASE("a pattern takes no longer for a hostile line than its length", "[command]") {
  const LineMetrics metrics({"((a*)*)*(b)"});
  CHECK(metrics.points_of(std::string(4000, 'a')).empty());
}

TEST_CASE("lines are found wherever the output is cut into pieces", "[command]") {
  const std::string output = "noise\nloss: 1\n\nmore noise\nacc: 2\r\n" + std::string(5000, 'x') +
                             ": 3\n" + std::string(5000, 'y') +
                             "\rafter: 4\nloss: 5\rlast: 6\r\nend: 7";
  for (std::size_t size = 1; size < 60; ++size) {
    LineMetrics metrics({});
    std::vector<LinePoint> points;
    const auto found = [&](const LinePoint& point) { points.push_back(point); };
    for (std::size_t at = 0; at < output.size(); at += size) {
      metrics.read(std::string_view(output).substr(at, size), found);
    }
    metrics.finish(found);
    CAPTURE(size);
    CHECK(shown(points) == "loss=1. acc=2. after=4. last=6. end=7.");
  }
}

TEST_CASE("a name becomes one that a metric can have, or none", "[command]") {
  CHECK(as_metric_name("val loss") == "val_loss");
  CHECK(as_metric_name(" _acc@5 ") == "acc_5");
  CHECK(as_metric_name("Verlust für A") == "Verlust_f__r_A");
  CHECK(as_metric_name("a/b-c.d") == "a/b-c.d");
  CHECK_FALSE(as_metric_name(""));
  CHECK_FALSE(as_metric_name("…"));
  CHECK_FALSE(as_metric_name(std::string(200, 'a')));
}

TEST_CASE("a value is a number in any usual form", "[command]") {
  CHECK(parse_metric_value("1e-3") == 1e-3);
  CHECK(parse_metric_value("+.5") == 0.5);
  CHECK(std::isnan(*parse_metric_value("NaN")));
  CHECK(*parse_metric_value("-Infinity") == -INFINITY);
  for (const char* bad : {"", "-", "+-1", "0x1", "1e999", "1,5", "one", "1 "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_metric_value(bad));
  }
}

}  // namespace
}  // namespace mat
