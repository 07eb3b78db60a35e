#include "trainers/exeml/cross_validation.h"

#include <map>

#include "trainers/data/random.h"

namespace mat {

std::vector<int> fold_of_each(const std::vector<LabelledPlace>& places, int folds,
                              std::uint64_t seed) {
  std::map<int, std::vector<std::size_t>> by_class;
  for (std::size_t i = 0; i < places.size(); ++i) by_class[places[i].label].push_back(i);
  std::vector<int> result(places.size());
  int next = 0;  // goes on from class to class, so that the folds stay of one size
  for (auto& [label, indexes] : by_class) {
    Random random({seed, static_cast<std::uint64_t>(label)});
    for (std::size_t i = indexes.size(); i > 1; --i) {
      std::swap(indexes[i - 1], indexes[random.below(i)]);
    }
    for (const std::size_t index : indexes) result[index] = next++ % folds;
  }
  return result;
}

std::vector<LabelledPlace> in_fold(const std::vector<LabelledPlace>& places,
                                   const std::vector<int>& folds, int fold, bool inside,
                                   std::vector<std::int64_t>* indexes) {
  std::vector<LabelledPlace> chosen;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if ((folds[i] == fold) != inside) continue;
    chosen.push_back(places[i]);
    if (indexes != nullptr) indexes->push_back(static_cast<std::int64_t>(i));
  }
  return chosen;
}

}  // namespace mat
