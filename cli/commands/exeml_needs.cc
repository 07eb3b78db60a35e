#include "cli/commands/exeml_needs.h"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "cli/commands/commands.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastClasses = 2;
constexpr std::int64_t kLeastPictures = 5;

// What the labels were called where they come from that are `label` here.
std::vector<std::string> names_behind(const std::string& label, const ImportOptions& options,
                                      const ImportReport& report) {
  std::vector<std::string> names;
  for (const auto& [from, to] : options.labels) {
    if (to == label) names.push_back(from);
  }
  for (const auto& [from, to] : report.found.mapped_labels) {
    if (to == label) names.push_back(from);
  }
  if (names.empty()) names.push_back(label);
  return names;
}

std::string hint_for_one_class(const PictureCounts& counts, const PictureSource& source) {
  const std::string needed = fmt::format("at least {} classes with {} labelled pictures each",
                                         kLeastClasses, kLeastPictures);
  if (source.report == nullptr || source.report->found.format != ImportFormat::folder) {
    return needed + " are needed";
  }
  std::string folders =
      needed + ": a folder for each, DATA/CLASS/picture.jpg or DATA/train/CLASS/picture.jpg";
  if (counts.classes.empty()) return folders;
  const fs::path inner = fs::path(source.options->data) / counts.classes.begin()->first;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(inner, error)) {
    if (!entry.is_directory(error)) continue;
    return fmt::format("if the folders in it are the classes: mat exeml train '{}' --project {}",
                       printable(inner.string()), source.options->project);
  }
  return folders;
}

[[noreturn]] void refuse_one_class(const PictureCounts& counts, const PictureSource& source) {
  const std::string what =
      counts.classes.empty()
          ? fmt::format("none of its {} has {}", counted(counts.pictures, "picture"),
                        counts.several_labels > 0 ? "one label alone" : "a label")
          : fmt::format("all that have a label are of one class, '{}'",
                        printable(counts.classes.begin()->first));
  throw Error(ErrorKind::usage,
              fmt::format("{} is too little to learn from: {}", source.name, what),
              hint_for_one_class(counts, source));
}

// How to do without the classes that have too few, where the others would do.
std::string hint_for_few(const std::vector<std::string>& few, const PictureSource& source) {
  if (source.report == nullptr) {
    return "add pictures to it, or take the label away: mat dataset label NAME PICTURE --remove";
  }
  std::string hint = "add pictures, or train without:";
  const ImportOptions options = source.options->format.options();
  for (const std::string& label : few) {
    for (const std::string& name : names_behind(label, options, *source.report)) {
      hint += fmt::format(" --map-label '{}='", printable(name));
    }
  }
  return hint;
}

}  // namespace

void require_enough(const PictureCounts& counts, const PictureSource& source) {
  if (counts.classes.size() < kLeastClasses) refuse_one_class(counts, source);
  std::vector<std::string> few, missing;
  for (const auto& [name, usage] : counts.classes) {
    const std::int64_t more = kLeastPictures - usage.total();
    if (more <= 0 && usage.train + usage.undecided > 0) continue;
    few.push_back(name);
    missing.push_back(
        more > 0 ? fmt::format("{} more of '{}' (it has {})", more, printable(name), usage.total())
                 : fmt::format("some of '{}' to train with (all {} are for validation or "
                               "tests)",
                               printable(name), usage.total()));
  }
  if (few.empty()) return;
  const bool others_do = counts.classes.size() - few.size() >= kLeastClasses;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} is too little to learn from; missing: {}", source.name, join(missing, ", ")),
      others_do ? hint_for_few(few, source)
                : fmt::format("at least {} classes with {} labelled pictures each are "
                              "needed",
                              kLeastClasses, kLeastPictures));
}

}  // namespace mat
