#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mat {

// What may be wrong with labelled pictures. It is told by severity, then in this order.
enum class FindingKind {
  unusable_line,
  unreadable,
  changed,
  too_few_classes,
  too_few_pictures,
  conflicting_labels,
  across_splits,
  damaged,
  exact_duplicates,
  near_duplicates,
  blank,
  blurred,
  dark,
  overexposed,
  low_contrast,
  tiny,
  odd_shape,
  small,
  few_pictures,
  uneven_classes,
  unlabelled,
  several_labels,
  bad_label,
  alike_labels,
  remote,
  other_file,
  wrong_ending,
  odd_format,
  refused_name,
};
constexpr int kFindingKinds = static_cast<int>(FindingKind::refused_name) + 1;

// error: a training fails, or its accuracy says something else than it seems to. warning: accuracy
// is lost. info: good to know.
enum class Severity { error, warning, info };

const char* text_of(Severity severity);  // "error"

// About a kind, in words: the same for the terminal, the page and JSON.
struct KindText {
  const char* id;     // "near_duplicates"
  const char* title;  // "near duplicates"
  const char* advice;
  Severity severity;  // of its findings, unless one says otherwise
  // The pictures of a finding belong together, rather than each being one.
  bool is_group;
};
const KindText& text_of(FindingKind kind);

struct Finding {
  FindingKind kind;
  Severity severity;
  std::vector<std::uint32_t> pictures;  // may be empty: about a class or a line
  std::string subject;                  // then, what it is about; else empty
  std::string detail;                   // "the JPEG ends early: 52 % of the picture is there"
};

}  // namespace mat
