#include "core/dataset/manifest_diff.h"

#include <algorithm>

#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

ManifestSample sample(const std::string& source, char content, std::vector<std::string> labels,
                      std::optional<Usage> usage = Usage::train) {
  ManifestSample result;
  result.source = source;
  result.labels = std::move(labels);
  result.usage = usage;
  if (content != 0) result.content = std::string(32, content);
  return result;
}

ManifestDiff diff_of(const std::vector<ManifestSample>& before,
                     const std::vector<ManifestSample>& after) {
  const TempFolder folder;
  for (const auto& [name, samples] : {std::pair("before", &before), std::pair("after", &after)}) {
    ManifestWriter writer(folder / name);
    for (const auto& each : *samples) writer.write(each);
    writer.finish();
  }
  return diff_manifests(folder / "before", folder / "after");
}

std::vector<std::string> sources(const std::vector<PictureChange>& changes) {
  std::vector<std::string> names;
  for (const auto& change : changes) names.push_back(change.source());
  return names;
}

using Names = std::vector<std::string>;

TEST_CASE("a version is the same as itself in any order") {
  const std::vector<ManifestSample> samples = {sample("/1", 'a', {"cat", "dog"}),
                                               sample("/2", 'b', {"dog"}),
                                               sample("/3", 0, {}, std::nullopt)};
  auto other = samples;
  std::reverse(other.begin(), other.end());
  std::reverse(other[2].labels.begin(), other[2].labels.end());
  const ManifestDiff diff = diff_of(samples, other);
  CHECK(diff.same == 3);
  CHECK(diff.added.size() + diff.removed.size() + diff.relabelled.size() + diff.other_usage.size() +
            diff.moved.size() + diff.changed.size() ==
        0);
}

TEST_CASE("what was added, removed, relabelled, moved and changed is told apart") {
  const ManifestDiff diff =
      diff_of({sample("/same", 'a', {"cat"}), sample("/gone", 'b', {"cat"}),
               sample("/label", 'c', {"cat"}), sample("/usage", 'd', {"cat"}),
               sample("/old/place", 'e', {"cat"}), sample("/content", 'f', {"cat"})},
              {sample("/same", 'a', {"cat"}), sample("/new", '1', {"cat"}),
               sample("/label", 'c', {"dog"}), sample("/usage", 'd', {"cat"}, Usage::validation),
               sample("/new/place", 'e', {"dog"}), sample("/content", '2', {"cat"})});
  CHECK(diff.same == 1);
  CHECK(sources(diff.added) == Names{"/new"});
  CHECK(sources(diff.removed) == Names{"/gone"});
  CHECK(sources(diff.relabelled) == Names{"/label", "/new/place"});
  CHECK(diff.relabelled[0].before.labels == Names{"cat"});
  CHECK(diff.relabelled[0].after.labels == Names{"dog"});
  CHECK(sources(diff.other_usage) == Names{"/usage"});
  CHECK(diff.other_usage[0].after.usage == Usage::validation);
  CHECK(sources(diff.moved) == Names{"/new/place"});
  CHECK(diff.moved[0].before.source == "/old/place");
  CHECK(sources(diff.changed) == Names{"/content"});
}

TEST_CASE("two files that change places have moved") {
  const ManifestDiff diff = diff_of({sample("/1", 'a', {"x"}), sample("/2", 'b', {"x"})},
                                    {sample("/1", 'b', {"x"}), sample("/2", 'a', {"x"})});
  CHECK(diff.moved.size() == 2);
  CHECK(diff.changed.empty());
}

TEST_CASE("of several copies only those that are gone are removed") {
  const ManifestDiff diff =
      diff_of({sample("/1", 'a', {"x"}), sample("/2", 'a', {"x"}), sample("/3", 'a', {"x"})},
              {sample("/3", 'a', {"x"}), sample("/4", 'a', {"x"})});
  CHECK(diff.same == 1);
  CHECK(sources(diff.moved) == Names{"/4"});
  CHECK(sources(diff.removed) == Names{"/2"});
}

TEST_CASE("without known content pictures are the same by their place") {
  const ManifestDiff diff = diff_of({sample("/1", 0, {"x"})}, {sample("/1", 'a', {"y"})});
  CHECK(diff.relabelled.size() == 1);
  CHECK(diff.changed.empty());
}

}  // namespace
}  // namespace mat
