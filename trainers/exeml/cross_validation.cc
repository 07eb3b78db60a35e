#include "trainers/exeml/cross_validation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/inspect/near_duplicates.h"
#include "core/inspect/parallel.h"
#include "trainers/data/random.h"

namespace mat {
namespace {

constexpr std::size_t kPicturesAtOnce = 1024;

std::vector<int> alone(std::size_t count) {
  std::vector<int> groups(count);
  std::iota(groups.begin(), groups.end(), 0);
  return groups;
}

// The groups that begin with a picture of each class, in an order by the seed, large ones first:
// small ones can make up for them.
std::map<int, std::vector<std::vector<std::size_t>>> groups_by_class(
    const std::vector<LabelledPlace>& places, const std::vector<int>& groups, std::uint64_t seed) {
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < places.size(); ++i) members[groups[i]].push_back(i);
  std::map<int, std::vector<std::vector<std::size_t>>> result;
  for (auto& [number, group] : members) {
    result[places[group.front()].label].push_back(std::move(group));
  }
  for (auto& [label, of_class] : result) {
    Random random({seed, static_cast<std::uint64_t>(label)});
    for (std::size_t i = of_class.size(); i > 1; --i) {
      std::swap(of_class[i - 1], of_class[random.below(i)]);
    }
    std::stable_sort(of_class.begin(), of_class.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }
  return result;
}

// Of a class all of whose pictures are in one group each is by itself: in one fold, they would be
// learnt from by none that is asked about them.
std::vector<int> with_lone_classes_divided(const std::vector<LabelledPlace>& places,
                                           std::vector<int> groups) {
  std::map<int, std::set<int>> groups_of;
  for (std::size_t i = 0; i < places.size(); ++i) groups_of[places[i].label].insert(groups[i]);
  int next = groups.empty() ? 0 : 1 + *std::max_element(groups.begin(), groups.end());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (groups_of[places[i].label].size() == 1) groups[i] = next++;
  }
  return groups;
}

}  // namespace

std::vector<int> same_photographs(const ImageData& data, int threads,
                                  const std::function<bool()>& go_on) {
  const std::size_t count = data.train.size();
  std::vector<PixelCache::Picture> pictures(count);
  for (std::size_t i = 0; i < count; ++i) {
    pictures[i].view = data.train[i].view;
    pictures[i].content_high = data.train_contents[i].high;
    pictures[i].content_low = data.train_contents[i].low;
  }
  std::vector<PictureFingerprints> fingerprints(count);
  for (std::size_t start = 0; start < count; start += kPicturesAtOnce) {
    if (!go_on()) return alone(count);
    for_each_index(std::min(kPicturesAtOnce, count - start), threads, [&](std::size_t i, int) {
      thread_local ResizeScratch scratch;
      fingerprints[start + i] = fingerprints_of(pictures[start + i].view, scratch);
    });
  }
  try {
    return near_duplicate_groups(pictures, fingerprints, threads,
                                 [&](std::int64_t, std::int64_t) { return go_on(); });
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::interrupted) throw;
    return alone(count);
  }
}

std::vector<int> fold_of_each(const std::vector<LabelledPlace>& places,
                              const std::vector<int>& groups, int folds, std::uint64_t seed) {
  const auto by_class = groups_by_class(places, with_lone_classes_divided(places, groups), seed);
  std::size_t count = 0;
  for (const auto& [label, of_class] : by_class) count += of_class.size();
  if (count < static_cast<std::size_t>(folds) && count < places.size()) {
    return fold_of_each(places, alone(places.size()), folds, seed);
  }
  std::vector<int> result(places.size());
  std::vector<std::size_t> in_all(static_cast<std::size_t>(folds));
  for (const auto& [label, of_class] : by_class) {
    std::vector<std::size_t> in_class(in_all.size());
    for (const std::vector<std::size_t>& group : of_class) {
      std::size_t least = 0;
      for (std::size_t fold = 1; fold < in_all.size(); ++fold) {
        if (std::tie(in_class[fold], in_all[fold]) < std::tie(in_class[least], in_all[least])) {
          least = fold;
        }
      }
      for (const std::size_t i : group) result[i] = static_cast<int>(least);
      in_class[least] += group.size();
      in_all[least] += group.size();
    }
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
