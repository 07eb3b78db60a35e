#include "core/inspect/dataset_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/dataset/label.h"
#include "core/inspect/modelarts_names.h"
#include "core/inspect/near_duplicates.h"
#include "core/inspect/picture_quality.h"

namespace mat {
namespace {

// A class has a quarter of the largest one's pictures: always to say the largest is then right four
// times in five.
constexpr std::int64_t kUneven = 4;

struct Measured {
  PictureFingerprints fingerprints;
  PictureMeasures quality;
};

class Checker {
 public:
  Checker(LabelledFiles files, const CheckOptions& options) : options_(options) {
    check_.files = std::move(files);
  }

  DatasetCheck run() {
    load();
    count();
    find_lines();
    find_single();
    find_groups();
    find_classes();
    std::stable_sort(check_.findings.begin(), check_.findings.end(),
                     [](const Finding& a, const Finding& b) {
                       const auto place = [](const Finding& finding) {
                         return std::pair(text_of(finding.kind).severity, finding.kind);
                       };
                       return place(a) < place(b);
                     });
    return std::move(check_);
  }

 private:
  using Index = std::uint32_t;

  void load();
  void count();
  void find_lines();
  void find_single();
  void find_content(Index i, int usual_sharpness, int median_side);
  void find_size(Index i, int median_side);
  void find_format(Index i);
  void find_groups();
  void find_group(const std::vector<Index>& group);
  void find_classes();

  void add(FindingKind kind, std::vector<Index> pictures, std::string subject, std::string detail) {
    check_.findings.push_back(
        {kind, text_of(kind).severity, std::move(pictures), std::move(subject), std::move(detail)});
  }
  void add(FindingKind kind, Index picture, std::string detail = {}) {
    add(kind, std::vector<Index>{picture}, {}, std::move(detail));
  }
  void report(std::string_view phase, std::int64_t done, std::int64_t total) const {
    if (options_.progress && !options_.progress(phase, done, total)) {
      throw Error(ErrorKind::interrupted, "the check was interrupted");
    }
  }
  // A file that lies about, such as a licence: without a label, and never meant to be a picture.
  bool is_other_file(Index i) const {
    return check_.files.labels[i] == LabelledFiles::kNoLabel &&
           picture(i).problem.starts_with("not a picture");
  }
  Index size() const { return static_cast<Index>(check_.files.size()); }
  const PixelCache::Picture& picture(Index i) const { return check_.pictures[i]; }

  const CheckOptions& options_;
  DatasetCheck check_;
  std::vector<Measured> measured_;
};

void Checker::load() {
  measured_.resize(size());
  const auto measure = [&](std::size_t i, const ImageView& view) {
    thread_local ResizeScratch scratch;
    measured_[i] = {fingerprints_of(view, scratch), measure_picture(view)};
  };
  check_.cache = std::make_unique<PixelCache>(options_.cache_folder, options_.short_side);
  const auto progress = [&](std::int64_t done, std::int64_t total) {
    report("reading pictures", done, total);
    return true;
  };
  check_.pictures =
      check_.cache->load(check_.files.files, options_.threads, progress, &check_.loaded, measure);
}

void Checker::count() {
  const LabelledFiles& files = check_.files;
  for (const auto& name : files.classes) check_.classes.push_back({name});
  for (Index i = 0; i < size(); ++i) {
    const bool is_readable = picture(i).problem.empty();
    check_.readable += is_readable;
    check_.other_files += is_other_file(i);
    check_.unlabelled += files.labels[i] == LabelledFiles::kNoLabel && !is_other_file(i);
    check_.several_labels += files.labels[i] == LabelledFiles::kSeveralLabels;
    check_.has_usages |= files.usages[i].has_value();
    if (files.labels[i] < 0) continue;
    auto& c = check_.classes[files.labels[i]];
    ++c.pictures;
    c.unreadable += !is_readable;
    if (!files.usages[i]) {
      ++c.undecided;
    } else {
      ++(*files.usages[i] == Usage::train        ? c.train
         : *files.usages[i] == Usage::validation ? c.validation
                                                 : c.test);
    }
  }
}

void Checker::find_lines() {
  const LabelledFiles& files = check_.files;
  for (const auto& problem : files.problems) {
    add(FindingKind::unusable_line, {}, problem.place, problem.what);
  }
  const auto more = files.problem_count - static_cast<std::int64_t>(files.problems.size());
  if (more > 0) add(FindingKind::unusable_line, {}, fmt::format("{} more", more), "");
  for (const auto& address : files.remote) add(FindingKind::remote, {}, address, "");
}

int median(std::vector<int> values, int otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Checker::find_single() {
  std::vector<int> sharpness, sides;
  for (Index i = 0; i < size(); ++i) {
    if (picture(i).view.pixels == nullptr) continue;
    const auto sharp = measured_[i].quality.sharpness;
    if (sharp != kNoSharpness) sharpness.push_back(sharp);
    sides.push_back(std::min(picture(i).original_width, picture(i).original_height));
  }
  const int usual_sharpness = median(std::move(sharpness), 0);
  const int median_side = median(std::move(sides), 0);
  const LabelledFiles& files = check_.files;
  for (Index i = 0; i < size(); ++i) {
    if (is_other_file(i)) {
      add(FindingKind::other_file, i, picture(i).problem);
      continue;
    }
    if (files.labels[i] == LabelledFiles::kNoLabel) add(FindingKind::unlabelled, i);
    if (files.labels[i] == LabelledFiles::kSeveralLabels) {
      add(FindingKind::several_labels, i, check_.files.label_text(i));
    }
    if (auto why = why_modelarts_refuses(files.name(i)); !why.empty()) {
      add(FindingKind::refused_name, i, std::move(why));
    }
    const Content now{picture(i).content_high, picture(i).content_low};
    if (files.contents[i] && now != *files.contents[i]) add(FindingKind::changed, i);
    if (picture(i).view.pixels == nullptr) {
      add(FindingKind::unreadable, i, picture(i).problem);
      continue;
    }
    if (!picture(i).warning.empty()) add(FindingKind::damaged, i, picture(i).warning);
    find_content(i, usual_sharpness, median_side);
    find_format(i);
  }
}

void Checker::find_content(Index i, int usual_sharpness, int median_side) {
  const PictureMeasures& m = measured_[i].quality;
  find_size(i, median_side);
  if (is_tiny(picture(i).original_width, picture(i).original_height)) return;
  if (is_blank(m)) add(FindingKind::blank, i, fmt::format("{} of 255 levels", m.range));
  if (is_dark(m)) add(FindingKind::dark, i, fmt::format("brightness {} of 255", m.mean));
  if (is_overexposed(m)) {
    add(FindingKind::overexposed, i, fmt::format("95 % of it brighter than {} of 255", m.darkest));
  }
  if (is_low_contrast(m)) {
    add(FindingKind::low_contrast, i, fmt::format("{} of 255 levels", m.range));
  }
  if (is_blurred(m, usual_sharpness)) {
    add(FindingKind::blurred, i,
        fmt::format("sharpness {}, usual here {}", m.sharpness, usual_sharpness));
  }
}

void Checker::find_size(Index i, int median_side) {
  const int width = picture(i).original_width, height = picture(i).original_height;
  const std::string size = fmt::format("{}×{}", width, height);
  if (is_tiny(width, height)) add(FindingKind::tiny, i, size);
  if (is_extreme_shape(width, height)) {
    add(FindingKind::odd_shape, i, size);
  } else if (is_unusually_small(width, height, median_side)) {
    add(FindingKind::small, i, fmt::format("{}; the usual short side is {}", size, median_side));
  }
}

bool is_ending_of(ImageFormat format, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::size_t slash = name.rfind('/');
  if (dot == name.npos || (slash != name.npos && dot < slash)) return false;
  const std::string ending = lower(name.substr(dot + 1));
  switch (format) {
    case ImageFormat::jpeg:
      return ending == "jpg" || ending == "jpeg" || ending == "jpe" || ending == "jfif" ||
             ending == "mpo";
    case ImageFormat::png:
      return ending == "png" || ending == "apng";
    case ImageFormat::bmp:
      return ending == "bmp" || ending == "dib";
    default:
      return true;
  }
}

void Checker::find_format(Index i) {
  const std::uint8_t traits = picture(i).traits;
  std::vector<std::string> odd;
  if (traits & trait_cmyk) odd.emplace_back("CMYK, converted without its colour profile");
  if (traits & trait_deep) odd.emplace_back("16 bits a colour, of which 8 are used");
  if (traits & trait_alpha) odd.emplace_back("transparency, which is dropped");
  if (traits & trait_animated) odd.emplace_back("an animation, of which the first frame is used");
  if (!odd.empty()) add(FindingKind::odd_format, i, join(odd, "; "));
  if (!is_ending_of(picture(i).format, check_.files.name(i))) {
    add(FindingKind::wrong_ending, i, fmt::format("a {}", name_of(picture(i).format)));
  }
}

void Checker::find_groups() {
  std::vector<PictureFingerprints> fingerprints(size());
  for (Index i = 0; i < size(); ++i) fingerprints[i] = measured_[i].fingerprints;
  std::vector<Measured>().swap(measured_);
  const auto groups = near_duplicate_groups(check_.pictures, fingerprints, options_.threads,
                                            [&](std::int64_t done, std::int64_t total) {
                                              report("comparing pictures", done, total);
                                              check_.cache->release_pages();
                                              return true;
                                            });
  std::map<int, std::vector<Index>> members;
  for (Index i = 0; i < size(); ++i) {
    const int first = groups[i];
    if (first != static_cast<int>(i)) {
      auto& group = members[first];
      if (group.empty()) group.push_back(static_cast<Index>(first));
      group.push_back(i);
    }
  }
  for (const auto& [first, group] : members) {
    // Files without a picture, such as empty ones, are told of one by one.
    if (picture(group.front()).view.pixels != nullptr) find_group(group);
  }
}

void Checker::find_group(const std::vector<Index>& group) {
  const auto content_of = [&](Index i) {
    return Content{picture(i).content_high, picture(i).content_low};
  };
  std::unordered_map<Content, std::vector<Index>, ContentHash> by_content;
  std::set<std::int32_t> labels;
  std::set<std::string> label_names;
  bool in_training = false, in_others = false;
  for (const Index i : group) {
    by_content[content_of(i)].push_back(i);
    const auto label = check_.files.labels[i];
    if (label != LabelledFiles::kNoLabel) label_names.insert(check_.files.label_text(i));
    const auto& usage = check_.files.usages[i];
    in_training |= usage == Usage::train;
    in_others |= usage == Usage::validation || usage == Usage::test;
  }
  const char* how = by_content.size() == 1 ? "the same file" : "nearly the same picture";
  if (label_names.size() > 1) {
    const std::vector<std::string> names(label_names.begin(), label_names.end());
    add(FindingKind::conflicting_labels, group, {}, fmt::format("{}: {}", how, join(names, ", ")));
  }
  if (in_training && in_others) add(FindingKind::across_splits, group, {}, how);
  if (by_content.size() > 1) {
    add(FindingKind::near_duplicates, group, {},
        by_content.size() == group.size()
            ? fmt::format("{} files", group.size())
            : fmt::format("{} files, {} different", group.size(), by_content.size()));
  }
  for (const Index i : group) {
    const auto& same = by_content[content_of(i)];
    if (same.size() > 1 && same.front() == i) {
      add(FindingKind::exact_duplicates, same, {}, fmt::format("{} files", same.size()));
    }
  }
}

void Checker::find_classes() {
  if (check_.classes.size() < 2) {
    add(FindingKind::too_few_classes, {}, fmt::format("{} classes", check_.classes.size()), "");
  }
  std::int64_t largest = 0;
  for (const auto& c : check_.classes) largest = std::max(largest, c.pictures - c.unreadable);
  for (const auto& c : check_.classes) {
    const std::int64_t good = c.pictures - c.unreadable;
    const std::string count = fmt::format("{} readable picture{}", good, good == 1 ? "" : "s");
    if (good < kFewestPictures) {
      add(FindingKind::too_few_pictures, {}, c.name, count);
    } else if (good < kFewPictures) {
      add(FindingKind::few_pictures, {}, c.name, count);
    }
    if (good * kUneven <= largest) {
      add(FindingKind::uneven_classes, {}, c.name,
          fmt::format("{}; the largest class has {}", count, largest));
    }
    if (const auto why = why_no_label(c.name)) add(FindingKind::bad_label, {}, c.name, *why);
  }
  std::map<std::string, std::vector<std::string>> alike;
  for (const auto& c : check_.classes) alike[lower(trim(c.name))].push_back(c.name);
  for (const auto& [small, names] : alike) {
    if (names.size() > 1) add(FindingKind::alike_labels, {}, join(names, " = "), "");
  }
}

}  // namespace

bool DatasetCheck::has_errors() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& f) { return f.severity == Severity::error; });
}

DatasetCheck check_dataset(LabelledFiles files, const CheckOptions& options) {
  return Checker(std::move(files), options).run();
}

}  // namespace mat
