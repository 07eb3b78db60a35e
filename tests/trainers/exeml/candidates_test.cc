#include "trainers/exeml/candidates.h"

#include "core/base/error.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/exeml/small_search.h"

namespace mat {
namespace {

constexpr double kTooFast = 1e30;  // a learning rate with which the loss becomes NaN

// Its networks are of the kinds that the plan has, and there are fewer of them.
struct Trials {
  Trials() {
    make_pictures(folder / "data", 12);
    search.emplace(folder, "accuracy_first");
    plan().candidates.resize(3);
  }

  SearchPlan& plan() const { return search->context.plan(); }

  TempFolder folder;
  mutable std::optional<SmallSearch> search;
};

}  // namespace

TEST_CASE("accuracy is sought longer, with more and larger networks") {
  const SearchPlan fast = plan_search("performance_first"), balance = plan_search("balance"),
                   accurate = plan_search("accuracy_first");
  CHECK(fast.candidates.size() == 1);
  CHECK(fast.candidates[0].network == "resnet18_w16");
  CHECK(accurate.candidates.size() > balance.candidates.size());
  CHECK(accurate.trial_part > balance.trial_part);
  CHECK(accurate.rounds > balance.rounds);
  const auto has = [](const SearchPlan& plan, const char* network) {
    for (const Recipe& recipe : plan.candidates) {
      if (recipe.network == network) return true;
    }
    return false;
  };
  for (const char* larger : {"resnet18_w64", "resnet34_w32"}) {
    CHECK(has(accurate, larger));
    CHECK_FALSE(has(balance, larger));
  }
}

TEST_CASE("several candidates are tried, and it is recorded why one of them won") {
  const Trials trials;
  Candidates candidates(trials.search->context);
  REQUIRE(candidates.try_all());
  const Json record = candidates.record();
  REQUIRE(record.at("candidates").size() == 3);
  CHECK(record.at("candidates")[1].at("network") == "resnet18_w48");
  const auto chosen = record.at("chosen").get<std::size_t>();
  CHECK(candidates.chosen().network == trials.plan().candidates[chosen].network);
  const std::string why = record.at("why").get<std::string>();
  INFO(why);
  if (chosen == 0) {
    CHECK(why == "no other one was better by more than its standard error");
  } else {
    CHECK(why.starts_with("its log loss is lower by "));
    CHECK(record.at("candidates")[chosen].at("log_loss") <
          record.at("candidates")[0].at("log_loss"));
  }
  CHECK(candidates.out_of_sample().size() == trials.search->context.train().size());

  // It fails with all pictures: one of the others takes its place.
  REQUIRE(candidates.choose_another("no memory"));
  CHECK(candidates.record().at("chosen") != chosen);
  CHECK(candidates.record().at("candidates")[chosen].at("failure") == "no memory");
  CHECK(candidates.has_out_of_sample());
}

TEST_CASE("A candidate that fails is recorded with its reason, and the others go on") {
  const Trials trials;
  trials.plan().candidates[0].lr = trials.plan().candidates[1].lr = kTooFast;
  Candidates candidates(trials.search->context);
  REQUIRE(candidates.try_all());
  Json record = candidates.record();
  REQUIRE(record.at("candidates").size() == 3);
  for (int failed : {0, 1}) {
    CHECK_THAT(record.at("candidates")[failed].at("failure").get<std::string>(),
               Catch::Contains("the loss became"));
    CHECK_FALSE(record.at("candidates")[failed].contains("log_loss"));
  }
  CHECK_FALSE(record.at("candidates")[2].contains("failure"));
  CHECK(record.at("chosen") == 2);
  CHECK(record.at("why") == "the only one that did not fail");
  CHECK(candidates.has_out_of_sample());

  // As a checkpoint keeps it.
  Checkpoint checkpoint;
  candidates.save(checkpoint);
  Candidates loaded(trials.search->context);
  loaded.load(checkpoint);
  REQUIRE(loaded.try_all());
  CHECK(loaded.record() == record);

  // What was chosen fails later: nothing is left.
  CHECK_FALSE(candidates.choose_another("no memory"));
  CHECK(candidates.record().at("candidates")[2].at("failure") == "no memory");
}

TEST_CASE("A candidate that fails takes no other one's place") {
  const Trials trials;
  trials.plan().candidates[0].lr = kTooFast;
  trials.plan().trial_s = 0.3 * trials.plan().trial_part * trials.search->context.limit_s();
  Candidates candidates(trials.search->context);
  REQUIRE(candidates.try_all());  // there is time for one
  Json record = candidates.record();
  REQUIRE(record.at("candidates").size() == 2);
  CHECK(record.at("candidates")[0].contains("failure"));
  CHECK(record.at("candidates")[1].contains("log_loss"));
  CHECK(record.at("chosen") == 1);

  // One that was not tried is better than none.
  REQUIRE(candidates.choose_another("no memory"));
  CHECK(candidates.record().at("chosen") == 2);
  CHECK(candidates.record().at("why") == "those before it failed");
  CHECK_FALSE(candidates.choose_another("no memory"));

  // Nor does it matter that there were no trials.
  Candidates untried(trials.search->context);
  REQUIRE(untried.choose_another("no memory"));
  CHECK(untried.chosen().network == trials.plan().candidates[1].network);
  CHECK(untried.record().at("candidates").size() == 2);
}

TEST_CASE("Where every candidate fails the training fails, with the reason") {
  const Trials trials;
  for (Recipe& recipe : trials.plan().candidates) recipe.lr = kTooFast;
  Candidates candidates(trials.search->context);
  CHECK_THROWS_WITH(candidates.try_all(), Catch::Contains("every candidate has failed") &&
                                              Catch::Contains("the loss became"));
}

}  // namespace mat
