#include "core/dataset/manifest_diff.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/dataset/manifest.h"

namespace mat {
namespace {

struct Entry {
  PictureChange::Side side;
  std::string content;
  bool is_matched = false;
};

std::vector<Entry> read_entries(const std::filesystem::path& manifest) {
  std::vector<Entry> entries;
  ManifestReader reader(manifest);
  ManifestSample sample;
  while (reader.next(sample)) {
    entries.push_back({{std::move(sample.source), std::move(sample.labels), sample.usage},
                       std::move(sample.content)});
  }
  return entries;
}

class Matcher {
 public:
  Matcher(std::vector<Entry>& before, std::vector<Entry>& after) : before_(before), after_(after) {}

  // Pairs what has the same key, in order; an empty one pairs with nothing.
  template <typename Key>
  void match(const Key& key_of) {
    std::unordered_map<std::string, std::vector<std::size_t>> places;
    for (std::size_t i = after_.size(); i-- > 0;) {
      if (after_[i].is_matched) continue;
      if (std::string key = key_of(after_[i]); !key.empty()) places[std::move(key)].push_back(i);
    }
    for (Entry& entry : before_) {
      if (entry.is_matched) continue;
      const auto found = places.find(key_of(entry));
      if (found == places.end() || found->second.empty()) continue;
      Entry& other = after_[found->second.back()];
      found->second.pop_back();
      entry.is_matched = other.is_matched = true;
      compare(entry, other);
    }
  }

  ManifestDiff finish() {
    for (Entry& entry : before_) {
      if (!entry.is_matched) diff_.removed.push_back({std::move(entry.side), {}});
    }
    for (Entry& entry : after_) {
      if (!entry.is_matched) diff_.added.push_back({{}, std::move(entry.side)});
    }
    for (auto* list : {&diff_.added, &diff_.removed, &diff_.relabelled, &diff_.other_usage,
                       &diff_.moved, &diff_.changed}) {
      std::stable_sort(list->begin(), list->end(),
                       [](const auto& a, const auto& b) { return a.source() < b.source(); });
    }
    return std::move(diff_);
  }

 private:
  static bool has_same_labels(std::vector<std::string> a, std::vector<std::string> b) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
  }

  void compare(const Entry& a, const Entry& b) {
    bool is_same = true;
    const auto add = [&](bool differs, std::vector<PictureChange>& list) {
      if (!differs) return;
      is_same = false;
      list.push_back({a.side, b.side});
    };
    add(!has_same_labels(a.side.labels, b.side.labels), diff_.relabelled);
    add(a.side.usage != b.side.usage, diff_.other_usage);
    add(a.side.source != b.side.source, diff_.moved);
    // What one of them does not know is no difference.
    add(a.content != b.content && !a.content.empty() && !b.content.empty(), diff_.changed);
    if (is_same) ++diff_.same;
  }

  std::vector<Entry>& before_;
  std::vector<Entry>& after_;
  ManifestDiff diff_;
};

}  // namespace

ManifestDiff diff_manifests(const std::filesystem::path& before,
                            const std::filesystem::path& after) {
  std::vector<Entry> old_entries = read_entries(before);
  std::vector<Entry> new_entries = read_entries(after);
  Matcher matcher(old_entries, new_entries);
  matcher.match([](const Entry& entry) { return entry.side.source + '\0' + entry.content; });
  matcher.match([](const Entry& entry) { return entry.content; });
  matcher.match([](const Entry& entry) { return entry.side.source; });
  return matcher.finish();
}

}  // namespace mat
