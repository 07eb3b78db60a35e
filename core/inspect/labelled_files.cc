#include "core/inspect/labelled_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Each takes some 200 bytes.
constexpr std::size_t kMostPictures = 10'000'000;

fs::path common_folder(const std::vector<fs::path>& files) {
  fs::path common;
  for (std::size_t i = 0; i < files.size(); ++i) {
    // Most lie where the one before does.
    if (i > 0 && files[i].native().starts_with(common.native() + "/")) continue;
    const fs::path folder = files[i].parent_path();
    if (i == 0) {
      common = folder;
      continue;
    }
    const auto end = std::mismatch(common.begin(), common.end(), folder.begin(), folder.end());
    fs::path shared;
    for (auto part = common.begin(); part != end.first; ++part) shared /= *part;
    common = std::move(shared);
  }
  return common;
}

template <typename T>
void permute(std::vector<T>& values, const std::vector<std::size_t>& order) {
  std::vector<T> result;
  result.reserve(values.size());
  for (const std::size_t i : order) result.push_back(std::move(values[i]));
  values = std::move(result);
}

// The labels as indices in order of their names, and the files in that of theirs.
void sort(LabelledFiles& set) {
  std::vector<std::int32_t> by_name(set.classes.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(),
            [&](auto a, auto b) { return set.classes[a] < set.classes[b]; });
  std::vector<std::int32_t> place(by_name.size());
  std::vector<std::string> classes;
  for (const std::int32_t old : by_name) {
    place[old] = static_cast<std::int32_t>(classes.size());
    classes.push_back(std::move(set.classes[old]));
  }
  set.classes = std::move(classes);
  for (std::int32_t& label : set.labels) {
    if (label >= 0) label = place[label];
  }

  std::vector<std::size_t> order(set.files.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return set.files[a].native() < set.files[b].native(); });
  std::map<std::size_t, std::vector<std::string>> several;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto found = set.several.find(order[i]);
    if (found != set.several.end()) several.emplace(i, std::move(found->second));
  }
  set.several = std::move(several);
  permute(set.files, order);
  permute(set.labels, order);
  permute(set.usages, order);
  permute(set.contents, order);
}

}  // namespace

std::string LabelledFiles::name(std::size_t index) const {
  const std::string& file = files[index].native();
  const std::string start = root.native().ends_with('/') ? root.native() : root.native() + "/";
  return file.starts_with(start) ? file.substr(start.size()) : file;
}

std::string LabelledFiles::label_text(std::size_t index) const {
  if (labels[index] >= 0) return classes[static_cast<std::size_t>(labels[index])];
  const auto found = several.find(index);
  return found == several.end() ? std::string() : join(found->second, ", ");
}

LabelledFiles read_labelled_files(const fs::path& source, ImportOptions options) {
  if (options.bad_labels == ImportOptions::BadLabels::refuse) {
    options.bad_labels = ImportOptions::BadLabels::keep;
  }
  options.require_files = false;
  LabelledFiles set;
  std::unordered_map<std::string, std::int32_t> known;
  const auto index_of = [&](const std::string& label) {
    const auto [found, is_new] = known.try_emplace(label, static_cast<int>(known.size()));
    if (is_new) set.classes.push_back(label);
    return found->second;
  };
  std::size_t taken = 0;
  const ImportSummary summary = import_pictures(source, options, [&](ManifestSample&& sample) {
    if (++taken > kMostPictures) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' has more than {} million pictures", source.string(),
                              kMostPictures / 1'000'000),
                  "check it in parts");
    }
    if (sample.source.find("://") != std::string::npos) {
      set.remote.push_back(std::move(sample.source));
      return;
    }
    std::int32_t label = LabelledFiles::kNoLabel;
    if (sample.labels.size() == 1) label = index_of(sample.labels.front());
    if (sample.labels.size() > 1) {
      label = LabelledFiles::kSeveralLabels;
      set.several.emplace(set.files.size(), std::move(sample.labels));
    }
    set.files.emplace_back(std::move(sample.source));
    set.labels.push_back(label);
    set.usages.push_back(sample.usage);
    set.contents.push_back(content_from_hex(sample.content));
  });
  set.problems = summary.problems;
  set.problem_count = summary.problem_count;
  sort(set);
  set.root = common_folder(set.files);
  return set;
}

}  // namespace mat
