#include "trainers/training/compute_plan.h"

#include <ATen/Parallel.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_trainings.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Choosing for a small network; `made` counts the networks, of which a trial makes one a plan.
struct Choosing {
  TempFolder cache;
  RecordingObserver observer;
  int made = 0;
  TrialSubject subject;

  Choosing() {
    subject.name = "small_cnn";
    subject.make_network = [this] {
      ++made;
      return make_image_network("small_cnn", 3);
    };
    subject.image_size = 8;
    subject.batch_size = 2;
    subject.classes = 3;
    at::set_num_threads(2);
  }

  ComputePlan choose(const fs::path& folder) {
    made = 0;
    return choose_compute_plan("fp32", "auto", subject, folder, observer);
  }
  ComputePlan choose() { return choose(cache.path()); }

  fs::path file() const {
    REQUIRE(!fs::is_empty(cache.path()));
    return fs::directory_iterator(cache.path())->path();
  }
  void keep(const Json& choice) const { write_file_atomic(file(), to_json_text(choice)); }
};

Json kept(const std::string& layout, bool steady, std::int64_t chosen_ms) {
  return {{"precision", "fp32"}, {"layout", layout}, {"steady", steady}, {"chosen_ms", chosen_ms}};
}

constexpr std::int64_t kHourMs = 60 * 60 * 1000;

}  // namespace

TEST_CASE("a choice is tried out once and then used again") {
  Choosing c;
  const ComputePlan first = c.choose();
  CHECK(c.made == 2);
  CHECK(c.observer.recorded("layout") == first.layout_name());
  CHECK(c.observer.recorded("precision") == "fp32");
  CHECK(std::string(c.choose().layout_name()) == first.layout_name());
  CHECK(c.made == 0);
  CHECK(c.observer.has_line_with("as an earlier trial found"));
}

TEST_CASE("what the spec says is not tried out") {
  Choosing c;
  const ComputePlan plan =
      choose_compute_plan("bf16", "contiguous", c.subject, c.cache.path(), c.observer);
  CHECK(plan.precision == torch::kBFloat16);
  CHECK(plan.layout == torch::MemoryFormat::Contiguous);
  CHECK(c.made == 0);
  CHECK(fs::is_empty(c.cache.path()));
}

TEST_CASE("another number of threads, size or batch gets a trial of its own") {
  Choosing c;
  c.choose();
  at::set_num_threads(1);
  c.choose();
  CHECK(c.made == 2);
  c.subject.image_size = 16;
  c.choose();
  CHECK(c.made == 2);
  c.subject.batch_size = 4;
  c.choose();
  CHECK(c.made == 2);
  c.choose();
  CHECK(c.made == 0);
}

TEST_CASE("a damaged choice costs another trial") {
  Choosing c;
  c.choose();
  for (const char* text :
       {"", "{", "[]", "{\"precision\": 3}",
        R"({"precision":"fp32","layout":"sideways","steady":true,"chosen_ms":1})"}) {
    CAPTURE(text);
    write_file_atomic(c.file(), text);
    c.choose();
    CHECK(c.made == 2);
    c.choose();
    CHECK(c.made == 0);
  }
}

TEST_CASE("the choice of a busy machine is tried again after an hour") {
  Choosing c;
  c.choose();
  c.keep(kept("channels_last", true, now_ms() - 1000 * kHourMs));
  CHECK(std::string(c.choose().layout_name()) == "channels_last");
  CHECK(c.made == 0);
  c.keep(kept("contiguous", false, now_ms() - kHourMs / 2));
  CHECK(std::string(c.choose().layout_name()) == "contiguous");
  CHECK(c.made == 0);
  c.keep(kept("contiguous", false, now_ms() - 2 * kHourMs));
  c.choose();
  CHECK(c.made == 2);
}

TEST_CASE("a choice that cannot be kept is used and noted in the log") {
  Choosing c;
  write_file_atomic(c.cache / "file", "not a folder");
  c.choose(c.cache / "file" / "cache");
  CHECK(c.made == 2);
  CHECK(c.observer.has_line_with("the choice is not kept for the next training: "));
}

TEST_CASE("a training that ended before its first checkpoint goes on in the layout it began with") {
  struct Killed : RecordingObserver {
    void metric(std::string_view, std::int64_t, double) override {
      throw Error(ErrorKind::io, "killed");
    }
  } killed;
  const TempFolder folder;
  make_pictures(folder / "data", 6);
  TrainRequest request = request_for(folder / "data", folder / "home", "V0001");
  request.hyperparameters["epochs"] = 1;
  request.hyperparameters["precision"] = "fp32";
  CHECK_THROWS_WITH(torch_trainer().train(request, killed), "killed");
  const std::string begun_with = killed.recorded("layout");
  // Meanwhile another training's trial has found the other one.
  const std::string other = begun_with == "contiguous" ? "channels_last" : "contiguous";
  for (const auto& entry : fs::directory_iterator(request.cache_folder)) {
    if (!entry.path().filename().string().starts_with("plan-")) continue;
    Json choice = parse_json(read_file(entry.path()), "choice");
    choice["layout"] = other;
    write_file_atomic(entry.path(), to_json_text(choice));
  }
  RecordingObserver anew, resumed;
  TrainRequest another = request;
  another.version_folder = folder / "home" / "V0002";
  fs::create_directories(another.version_folder);
  torch_trainer().train(another, anew);
  CHECK(anew.recorded("layout") == other);
  request.resume = true;
  torch_trainer().train(request, resumed);
  CHECK(resumed.recorded("layout") == begun_with);
}

}  // namespace mat
