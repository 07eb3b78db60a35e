#include "core/model/evaluate.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/core/model/colour_model.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// train/ and val/ with the classes; two of val/green are red.
void make_data(const fs::path& folder) {
  const std::pair<const char*, std::uint32_t> kClasses[] = {
      {"red", 0xff0000}, {"green", 0x00ff00}, {"blue", 0x0000ff}};
  for (const auto& [name, colour] : kClasses) {
    for (int i = 0; i < 6; ++i) {
      // Each its own content.
      const auto of = [&, c = colour](int x, int y) {
        return x + y == 0 ? c ^ static_cast<std::uint32_t>(i) : c;
      };
      const std::string file = std::to_string(i) + ".bmp";
      put_file(folder / "train" / name / file, bmp_bytes(10, 10, of));
      if (i < 4) put_file(folder / "val" / name / file, bmp_bytes(12, 11, of));
    }
  }
  put_file(folder / "val" / "green" / "0.bmp", bmp_of_color(20, 20, 0xee0000));
  put_file(folder / "val" / "green" / "1.bmp", bmp_of_color(20, 20, 0xdd0000));
}

Content content_of_file(const fs::path& file) {
  const std::string bytes = read_file(file);
  return content_of(bytes.data(), bytes.size());
}

EvaluateResult evaluate_folder(const TempFolder& folder, Asked asked,
                               const std::string& slice_key = "") {
  ColourModel model;
  const ModelDescription description = colour_description();
  EvaluateRequest request;
  request.cache_folder = folder / "cache";
  request.threads = 2;
  request.slice_key = slice_key;
  return evaluate(model, description,
                  read_labelled(folder / "data", description.classes, asked, slice_key), request);
}

}  // namespace

TEST_CASE("A model is measured on what the data holds out, and all of it is said", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  const EvaluateResult result = evaluate_folder(folder, Asked::held_out, "folder");
  const Json& d = result.document;
  CHECK(d["samples"] == 12);
  CHECK(d["accuracy"].get<double>() == Approx(10.0 / 12));
  CHECK(d["intervals"]["accuracy"][0].get<double>() < 10.0 / 12);
  CHECK(d["weighted"]["intervals"]["f1"].size() == 2);
  CHECK(d["classes"][1]["recall"] == 0.5);
  CHECK(d["classes"][1]["precision_recall_curve"]["recall"].size() > 2);
  CHECK(d["top_k"]["3"] == 1.0);
  CHECK(d["thresholds"].size() == 20);
  for (const Json& row : d["thresholds"]) {
    CHECK(row["accuracy"].is_null() == (row["answered"] == 0));
    CHECK(row["precision"].is_null() == (row["answered"] == 0));
  }
  CHECK(d["calibration"]["reliability"].size() == 15);
  CHECK(d["worst"].size() == 2);
  CHECK(d["worst"][0]["file"] == "green/0.bmp");
  CHECK(d["worst"][0]["predicted"] == "red");
  CHECK(d["slices"]["key"] == "folder");
  CHECK(d["slices"]["values"].size() == 3);
  for (const Json& slice : d["slices"]["values"]) {
    // All that is green, half of it taken for red: red is no class of this slice.
    if (slice["value"] != "green") continue;
    CHECK(slice["samples"] == 4);
    CHECK(slice["f1"].get<double>() == Approx(2.0 / 3));
  }
  CHECK(d["pictures"]["evaluated"] == 12);
  CHECK(split(trim(result.predictions), '\n').size() == 12);

  CHECK(evaluate_folder(folder, Asked::train).document["accuracy"] == 1.0);
  CHECK(evaluate_folder(folder, Asked::all).document["samples"] == 30);
  CHECK_THROWS_AS(evaluate_folder(folder, Asked::test), Error);
}

TEST_CASE("A temperature changes how sure answers are, and not what they are", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  ColourModel model;
  ModelDescription description = colour_description();
  description.temperature = 0.5;
  EvaluateRequest request;
  request.cache_folder = folder / "cache";
  const auto labelled = read_labelled(folder / "data", description.classes, Asked::held_out, "");
  const EvaluateResult sharp = evaluate(model, description, labelled, request);
  description.temperature = 1;
  const EvaluateResult plain = evaluate(model, description, labelled, request);
  CHECK(sharp.document["accuracy"] == plain.document["accuracy"]);
  CHECK(sharp.document["loss"] == plain.document["loss"]);
  CHECK(sharp.document["calibration"]["error_before"] ==
        plain.document["calibration"]["error_before"]);
  CHECK(sharp.document["calibration"]["log_loss_after"] !=
        plain.document["calibration"]["log_loss_after"]);
  CHECK(sharp.document["worst"][0]["score"] > plain.document["worst"][0]["score"]);
}

TEST_CASE("What a model was chosen by is told, and its temperature is not praised by it",
          "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  ColourModel model;
  ModelDescription description = colour_description();
  description.temperature = 0.5;
  EvaluateRequest request;
  request.cache_folder = folder / "cache";
  const auto labelled = read_labelled(folder / "data", description.classes, Asked::held_out, "");
  const Json others = evaluate(model, description, labelled, request).document;
  CHECK(others["pictures"]["validated_on"] == 0);
  CHECK(others["calibration"]["fitted_here"] == false);
  CHECK(others["pictures"]["learnt_from"] == 0);
  for (const PictureSample& sample : labelled.set.samples) {
    request.known.validated.insert(content_of_file(sample.file));
  }
  const Json own = evaluate(model, description, labelled, request).document;
  CHECK(own["pictures"]["validated_on"] == 12);
  CHECK(own["calibration"]["fitted_here"] == true);
  CHECK(own["calibration"]["error_after"] != others["calibration"]["error_after"]);
  CHECK(own["accuracy"] == others["accuracy"]);
  // By a version that the training went on from, which was validated on others.
  for (std::size_t i = 0; i < 8; ++i) {
    request.known.learnt.insert(content_of_file(labelled.set.samples[i].file));
  }
  const Json learnt = evaluate(model, description, labelled, request).document;
  CHECK(learnt["pictures"]["learnt_from"] == 8);
  CHECK(learnt["pictures"]["validated_on"] == 4);
  CHECK(learnt["calibration"]["fitted_here"] == true);

  model.of_blue = std::nanf("");
  CHECK_THROWS_WITH(evaluate(model, description, labelled, request),
                    Catch::Contains("does not answer with probabilities"));
}

TEST_CASE("What cannot be measured is left out and counted", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  put_file(folder / "data" / "val" / "red" / "torn.bmp", "BM");
  put_file(folder / "data" / "val" / "violet" / "1.bmp", bmp_of_color(9, 9, 0xff00ff));
  const EvaluateResult result = evaluate_folder(folder, Asked::held_out);
  CHECK(result.document["samples"] == 12);
  CHECK(result.document["pictures"]["unreadable"] == 1);
  CHECK(result.document["pictures"]["unknown_labels"]["violet"] == 1);
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].find("torn.bmp") != std::string::npos);

  const TempFolder other;
  put_file(other / "data" / "cat" / "1.bmp", bmp_of_color(9, 9, 0xff00ff));
  put_file(other / "data" / "dog" / "1.bmp", bmp_of_color(9, 9, 0xff00ff));
  try {
    evaluate_folder(other, Asked::all);
    FAIL("labels that the model does not know were measured");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    CHECK(e.hint() == "its labels are cat, dog; the model knows red, green, blue");
  }
}

TEST_CASE("Pictures that are in an object store are refused by their address", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  const fs::path manifest = folder / "list.manifest";
  std::string lines;
  for (const std::string& source :
       {std::string("s3://shop/a/1.jpg"), std::string("s3://shop/2.jpg"),
        (folder / "data/val/red/0.bmp").string()}) {
    lines += to_json_text({{"source", source},
                           {"annotation",
                            {{{"type", "modelarts/image_classification"}, {"name", "red"}}}}}) +
             "\n";
  }
  put_file(manifest, lines);
  try {
    read_labelled(manifest, colour_description().classes, Asked::held_out, "");
    FAIL("pictures that are not here were taken");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    CHECK(e.message() == "2 of the pictures of '" + manifest.string() +
                             "' are in an object store: s3://shop/a/1.jpg, …");
    CHECK(e.hint().find("--map-source 's3://shop/=FOLDER'") != std::string::npos);
  }
}

TEST_CASE("Slices are by a property of the manifest, wherever it stands", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  std::string lines;
  const auto line = [&](const std::string& file, const Json& more, const Json& property) {
    Json json{{"source", (folder / "data" / "val" / file).string()},
              {"annotation",
               {{{"type", "modelarts/image_classification"},
                 {"name", file.substr(0, file.find('/'))},
                 {"property", property}}}}};
    json.update(more);
    lines += to_json_text(json) + "\n";
  };
  line("red/0.bmp", {{"camera", "A"}}, Json::object());
  line("red/1.bmp", {{"property", {{"camera", "A"}}}}, Json::object());
  line("green/0.bmp", Json::object(), {{"camera", "B"}});
  line("blue/0.bmp", Json::object(), Json::object());
  put_file(folder / "list.manifest", lines);
  const auto labelled = read_labelled(folder / "list.manifest", colour_description().classes,
                                      Asked::held_out, "camera");
  CHECK(std::multiset<std::string>(labelled.slices.begin(), labelled.slices.end()) ==
        std::multiset<std::string>{"A", "A", "B", ""});
  CHECK_THROWS_AS(read_labelled(folder / "list.manifest", colour_description().classes,
                                Asked::held_out, "colour"),
                  Error);
}

TEST_CASE("Kept evaluations are numbered, and one that fails leaves nothing", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  const EvaluateResult result = evaluate_folder(folder, Asked::held_out);
  CHECK(kept_evaluations(folder / "v").empty());
  // What was deleted while it was measured does not come back.
  CHECK_THROWS_AS(keep_evaluation(folder / "v", result), Error);
  CHECK_FALSE(fs::exists(folder / "v"));
  fs::create_directory(folder / "v");
  CHECK(keep_evaluation(folder / "v", result) == "E001");
  CHECK(keep_evaluation(folder / "v", result) == "E002");
  CHECK(kept_evaluations(folder / "v") == std::vector<std::string>{"E001", "E002"});
  const Json kept =
      parse_json(read_file(evaluation_folder(folder / "v", "E002") / "evaluation.json"), "kept");
  CHECK(kept["accuracy"] == result.document["accuracy"]);

  put_file(folder / "w" / "evaluations", "a file where a folder should be");
  CHECK_THROWS_AS(keep_evaluation(folder / "w", result), Error);
}

TEST_CASE("Keeping an evaluation takes away what was left by one that was killed long ago",
          "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  const EvaluateResult result = evaluate_folder(folder, Asked::held_out);
  const fs::path all = folder / "v" / "evaluations";
  for (const char* name : {".new-aaaaaa", ".new-bbbbbb", ".mine"}) {
    put_file(all / name / "predictions.jsonl", "half of it");
  }
  const auto two_hours_ago = fs::file_time_type::clock::now() - std::chrono::hours(2);
  fs::last_write_time(all / ".new-aaaaaa", two_hours_ago);
  fs::last_write_time(all / ".mine", two_hours_ago);
  CHECK(keep_evaluation(folder / "v", result) == "E001");
  CHECK_FALSE(fs::exists(all / ".new-aaaaaa"));
  // Another process may be writing it.
  CHECK(fs::exists(all / ".new-bbbbbb" / "predictions.jsonl"));
  CHECK(fs::exists(all / ".mine" / "predictions.jsonl"));
}

TEST_CASE("An interruption ends an evaluation", "[model]") {
  const TempFolder folder;
  make_data(folder / "data");
  ColourModel model;
  EvaluateRequest request;
  request.cache_folder = folder / "cache";
  request.progress = [](const char* what, std::int64_t, std::int64_t) {
    return std::string(what) != "evaluating";
  };
  const ModelDescription description = colour_description();
  CHECK_THROWS_AS(
      evaluate(model, description,
               read_labelled(folder / "data", description.classes, Asked::all, ""), request),
      Error);
  CHECK(model.batches.empty());
}

}  // namespace mat
