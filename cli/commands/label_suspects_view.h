#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/label_check.h"

namespace mat {

// What a version of exeml says of labels that look wrong.
struct LabelSuspects {
  // Of label_suspects.jsonl: every picture, the most suspicious first; nothing where labels were
  // not judged.
  std::optional<std::vector<Json>> lines;
  LabelJudge judge;
};

// The first `top` of those that stand out, with how good the judges were; or why there are none.
void print_label_suspects(const LabelSuspects& suspects, std::size_t top, const std::string& title);

// {"accuracy", "chance", "is_useful", "known_before", "least_suspicion"} (see LabelJudge); null
// where labels were not judged.
Json label_check_json(const LabelSuspects& suspects);

}  // namespace mat
