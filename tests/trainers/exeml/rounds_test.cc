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

TEST_CASE("A round that fails ends the training only where there is no model yet") {
  const TempFolder folder;
  make_pictures(folder / "data", 8);
  SmallSearch search(folder, "performance_first");
  search.context.plan().rounds = 2;
  Recipe recipe = search.context.plan().candidates.front();
  recipe.lr = 1e30;
  BestModel best(search.context);
  CHECK_THROWS_WITH(train_in_rounds(search.context, recipe, best), Catch::Contains("the loss"));
  const auto network = search.context.make(recipe);
  search.context.compute_plan(recipe).prepare(*network, torch::kCPU);
  best.offer_base(network, recipe_for(recipe, 0));
  CHECK(train_in_rounds(search.context, recipe, best));
  CHECK(best.network() == network);
  CHECK(search.observer.has_line_with("round 1 failed: the loss"));
}

}  // namespace mat
