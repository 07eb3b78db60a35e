#include "trainers/exeml/rounds.h"

#include "core/base/error.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/exeml/small_search.h"

namespace mat {

TEST_CASE("Training ends once twice of it changes nothing") {
  const TempFolder folder;
  // Labels that tell nothing: there is nothing to gain.
  for (unsigned i = 0; i < 48; ++i) {
    put_file(folder / "data" / (i % 2 == 0 ? "heads" : "tails") / (std::to_string(i) + ".bmp"),
             picture(2, i));
  }
  SmallSearch search(folder, "balance");
  search.context.plan().rounds = 8;
  BestModel best(search.context);
  REQUIRE(train_in_rounds(search.context, search.context.plan().candidates.front(), best));
  CHECK(best.rounds() >= 2);
  CHECK(best.rounds() < 8);
  CHECK(search.observer.has_line_with("converged"));
}

TEST_CASE("A round that fails ends the training only where nothing has been trained yet") {
  const TempFolder folder;
  make_pictures(folder / "data", 8);
  SmallSearch search(folder, "performance_first");
  search.context.plan().rounds = 1;
  Recipe recipe = search.context.plan().candidates.front();
  BestModel best(search.context);
  const auto network = search.context.make(recipe);
  search.context.compute_plan(recipe).prepare(*network, torch::kCPU);
  best.offer_base(network, recipe_for(recipe, 0), Looks());
  REQUIRE(best.exists());
  CHECK_FALSE(best.has_trained());
  Recipe failing = recipe;
  failing.lr = 1e30;
  CHECK_THROWS_WITH(train_in_rounds(search.context, failing, best), Catch::Contains("the loss"));
  const auto recorded = [&](std::size_t i) { return best.record().at(i); };
  CHECK_THAT(recorded(1).at("failure").get<std::string>(), Catch::Contains("the loss"));

  REQUIRE(train_in_rounds(search.context, recipe, best));
  search.context.plan().rounds = 2;
  CHECK(train_in_rounds(search.context, failing, best));
  CHECK(search.observer.has_line_with("round 2 failed: the loss"));
  CHECK(best.record().size() == 4);
  CHECK(best.rounds() == 1);
  Checkpoint checkpoint;
  best.save(checkpoint);
  BestModel loaded(search.context);
  loaded.load(checkpoint);
  CHECK(loaded.record() == best.record());
  CHECK(loaded.has_trained());
  CHECK(loaded.is_base() == best.is_base());

  // The base is kept as such.
  BestModel base(search.context);
  base.offer_base(network, recipe_for(recipe, 0), Looks());
  base.save(checkpoint);
  BestModel base_loaded(search.context);
  base_loaded.load(checkpoint);
  CHECK(base_loaded.is_base());
  CHECK_FALSE(base_loaded.has_trained());
}

}  // namespace mat
