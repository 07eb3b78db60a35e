#include "core/compare/real_difference.h"

#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "tests/test_files.h"

namespace mat {
namespace {

std::string line(const std::string& key, int number, bool is_right) {
  return fmt::format(R"({{"{}":"{}","label":"x","predicted":"{}"}})", key, number,
                     is_right ? "x" : "y") +
         "\n";
}

class Versions {
 public:
  // A version of job "a" whose `right` says for sample after sample, from `first` on, whether it
  // was right.
  VersionRecord& add(const std::string& right, int first = 0, const std::string& key = "file") {
    std::string text;
    for (std::size_t i = 0; i < right.size(); ++i) {
      text += line(key, first + static_cast<int>(i), right[i] == '+');
    }
    return add_file(text);
  }

  VersionRecord& add_file(const std::string& text) {
    VersionRecord& version = add_without();
    put_file(home_.version_folder("a", version.number) / "predictions.jsonl", text);
    return version;
  }

  VersionRecord& add_without() {
    records_.emplace_back();
    records_.back().job = "a";
    records_.back().number = static_cast<std::int64_t>(records_.size());
    return records_.back();
  }

  RealDifferences compared() const { return real_differences(home_, records_); }
  std::string words() const {
    const RealDifferences found = compared();
    REQUIRE(found.rows.size() == 1);
    CHECK(found.notes.empty());
    return found.rows[0].words;
  }

 private:
  TempFolder folder_;
  Home home_{folder_.path(), "test"};
  std::vector<VersionRecord> records_;
};

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST_CASE("on the same pictures, what only one is right on decides", "[compare]") {
  Versions versions;
  versions.add(times(3, "+") + times(14, "-") + times(60, "+"));
  versions.add(times(3, "-") + times(14, "+") + times(60, "+"));
  CHECK(versions.words() ==
        "V0002 is right on 14 pictures that V0001 got wrong, and wrong on 3 that V0001 got right: "
        "more than chance (p = 0.013)");
  const RealDifference found = versions.compared().rows[0];
  CHECK(found.is_real);
  CHECK(found.version == "a@V0002");
  CHECK(found.against == "a@V0001");
  CHECK(to_json(found)["test"] == "mcnemar");
  CHECK(to_json(found)["only_right"] == 14);
  CHECK(to_json(found)["only_wrong"] == 3);
  CHECK(to_json(found)["samples"] == 77);
}

TEST_CASE("a few pictures are no more than chance", "[compare]") {
  Versions versions;
  versions.add("-+++++++");
  versions.add("++++++++");
  CHECK(versions.words() ==
        "V0002 is right on 1 picture that V0001 got wrong, and wrong on 0 that V0001 got right: no "
        "more than chance would (p = 1)");
}

TEST_CASE("versions that are right on the same rows do not differ", "[compare]") {
  Versions versions;
  versions.add("+-+", 0, "row");
  versions.add("+-+", 0, "row");
  CHECK(versions.words() == "V0002 and V0001 are right and wrong on the same 3 rows");
  CHECK_FALSE(versions.compared().rows[0].is_real);
}

TEST_CASE("versions of different jobs stand with their names", "[compare]") {
  const TempFolder folder;
  const Home home{folder.path(), "test"};
  VersionRecord record, other;
  record.job = "a";
  other.job = "b";
  record.number = other.number = 1;
  for (const VersionRecord* version : {&record, &other}) {
    put_file(home.version_folder(version->job, 1) / "predictions.jsonl", line("file", 1, true));
  }
  CHECK(real_differences(home, {record, other}).rows[0].words ==
        "b@V0001 and a@V0001 are right and wrong on the same 1 picture");
}

TEST_CASE("on different pictures, bootstrap intervals decide", "[compare]") {
  Versions versions;
  versions.add(times(81, "+") + times(19, "-"));
  versions.add(times(170, "+") + times(30, "-"), 90);
  const std::string words = versions.words();
  CHECK_THAT(words, Catch::StartsWith("V0002 and V0001 were measured on different pictures"));
  CHECK_THAT(words, Catch::Contains(": 0.85 (0.80 to 0.90) against 0.81 (0.73 to 0.88); the "
                                    "difference 0.04 (-0.05 to 0.1"));
  CHECK_THAT(words, Catch::EndsWith(" may be chance"));
  // Ten of them are the same by name, of which both were wrong or right on others.
  const Json json = to_json(versions.compared().rows[0]);
  CHECK(json["test"] == "bootstrap");
  CHECK(json["in_common"] == 10);
  CHECK(json["samples"] == 200);
  CHECK(json["accuracy"] == 0.85);
  CHECK(json["is_real"] == false);
}

TEST_CASE("a large difference on different pictures is more than chance", "[compare]") {
  Versions versions;
  versions.add(times(50, "+-"));
  versions.add(times(100, "+"), 100);
  CHECK_THAT(versions.words(), Catch::EndsWith(" is more than chance"));
}

TEST_CASE("pictures are the same by their names where the data has changed, rows are not",
          "[compare]") {
  for (const char* key : {"file", "row"}) {
    Versions versions;
    versions.add("+-+", 0, key).facts = {{"dataset", {{"fingerprint", "one"}}}};
    versions.add("+++", 0, key).facts = {{"dataset", {{"fingerprint", "two"}}}};
    const RealDifference found = versions.compared().rows.at(0);
    const bool is_picture = std::string(key) == "file";
    CHECK(found.paired.has_value() == is_picture);
    CHECK(found.unpaired.has_value() != is_picture);
    if (is_picture) {
      CHECK_THAT(found.words,
                 Catch::EndsWith("; they are the same by their names, the data has changed"));
    }
  }
}

TEST_CASE("of more than two, each is compared with the most accurate", "[compare]") {
  Versions versions;
  const auto accuracy = [](VersionRecord& version, double value) {
    version.metrics["accuracy"].add(1, value, Direction::higher_is_better);
  };
  accuracy(versions.add("+-+-"), 0.5);
  accuracy(versions.add("++++"), 1);
  versions.add_without();
  accuracy(versions.add("+++-"), 0.75);
  const auto rows = versions.compared().rows;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].version == "a@V0001");
  CHECK(rows[1].version == "a@V0004");
  for (const RealDifference& row : rows) CHECK(row.against == "a@V0002");
}

TEST_CASE("predictions that cannot be read are a note, and the others are compared", "[compare]") {
  Versions versions;
  versions.add_file("no predictions\n");
  versions.add("+-");
  versions.add("++");
  const RealDifferences found = versions.compared();
  REQUIRE(found.notes.size() == 1);
  CHECK_THAT(found.notes[0], Catch::Contains("a@V0001 is not compared by its predictions") &&
                                 Catch::Contains("predictions.jsonl:1"));
  REQUIRE(found.rows.size() == 1);
  CHECK(found.rows[0].version == "a@V0003");
}

TEST_CASE("regressions and versions without predictions are left out without a word", "[compare]") {
  Versions versions;
  versions.add_file("{\"row\":\"row 1\",\"target\":2.5,\"predicted\":2.4}\n");
  versions.add("+-");
  versions.add_without();
  versions.add_file("");
  CHECK(versions.compared().rows.empty());
  CHECK(versions.compared().notes.empty());
}

}  // namespace
}  // namespace mat
