#include "core/inspect/finding.h"

#include <iterator>

namespace mat {
namespace {

// In order of FindingKind.
constexpr KindText kTexts[] = {
    {"unusable_line", "lines and file names that cannot be used",
     "mend them; their pictures are left out", Severity::error, false},
    {"unreadable", "unreadable pictures", "replace or remove them; training leaves them out",
     Severity::error, false},
    {"changed", "pictures that have changed since they were published",
     "publish the dataset again, or put them back; no training takes this version as it is",
     Severity::error, false},
    {"too_few_classes", "too few classes", "a classifier needs at least two", Severity::error,
     false},
    {"too_few_pictures", "classes with fewer than 5 pictures",
     "add pictures; training refuses such a class", Severity::error, false},
    {"conflicting_labels", "one picture, several labels", "keep the label that is right",
     Severity::error, true},
    {"across_splits", "pictures both in training and in validation or test",
     "remove one of each; until then accuracy looks better than it is", Severity::error, true},
    {"damaged", "damaged pictures", "replace them where you can; part of each is missing",
     Severity::warning, false},
    {"exact_duplicates", "exact duplicates", "keep one file of each", Severity::warning, true},
    {"near_duplicates", "near duplicates",
     "keep one of each, or keep them together on one side of the split", Severity::warning, true},
    {"blank", "blank pictures", "remove them; they are nearly one colour", Severity::warning,
     false},
    {"blurred", "blurred pictures", "look whether a person could tell the class", Severity::warning,
     false},
    {"dark", "dark pictures", "look whether a person could tell the class", Severity::warning,
     false},
    {"overexposed", "overexposed pictures", "look whether a person could tell the class",
     Severity::warning, false},
    {"low_contrast", "pictures of low contrast", "look whether a person could tell the class",
     Severity::info, false},
    {"tiny", "tiny pictures", "find them in a larger size; a training sees 64 pixels and more",
     Severity::warning, false},
    {"odd_shape", "strips", "crop them to what matters; a training sees near-squares",
     Severity::warning, false},
    {"small", "pictures much smaller than the others",
     "find them in a larger size, or a training learns the size instead", Severity::info, false},
    {"few_pictures", "classes with fewer than 20 pictures", "add pictures; 20 is little, 100 good",
     Severity::warning, false},
    {"uneven_classes", "uneven classes",
     "add pictures to these classes, or read precision and recall class by class",
     Severity::warning, false},
    {"unlabelled", "pictures without a label", "label them; training leaves them out",
     Severity::info, false},
    {"several_labels", "pictures with several labels",
     "training with one label each leaves them out", Severity::info, false},
    {"bad_label", "labels that are none",
     "use up to 32 letters, digits, '-' and '_'; an import offers to map them", Severity::warning,
     false},
    {"alike_labels", "labels that differ only in capitals or blanks",
     "give one of them the other's name if they are one class: --map-label Dress=dress",
     Severity::warning, false},
    {"remote", "pictures in an object store", "not looked at; map their address to a folder",
     Severity::info, false},
    {"other_file", "files that are no pictures", "nothing to do; they have no label either",
     Severity::info, false},
    {"wrong_ending", "file names with the wrong ending",
     "rename them; mat goes by the content, other programs may not", Severity::info, false},
    {"odd_format", "unusual formats", "nothing to do unless the colours look wrong", Severity::info,
     false},
    {"refused_name", "file names that ModelArts refuses", "rename them before an upload",
     Severity::info, false},
};
static_assert(std::size(kTexts) == kFindingKinds);

}  // namespace

const char* text_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::info:
      return "info";
  }
  return "";
}

const KindText& text_of(FindingKind kind) { return kTexts[static_cast<int>(kind)]; }

}  // namespace mat
