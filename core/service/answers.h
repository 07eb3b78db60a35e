#pragma once

#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/service/batcher.h"

namespace mat {

// ModelArts' form: {"predicted_label": "roses", "scores": [["roses", "0.9312"], …]}, the five
// classes with the highest probabilities.
std::string scores_text(const std::vector<std::string>& classes,
                        const std::vector<float>& probabilities);

// JSON values: the first, or all as a list.
HttpResponse answer_list(const std::vector<std::string>& answers, bool is_list);

// The same with "warnings": ["…"] of a picture that is damaged. Of several pictures a list of
// these, with {"error": …} in the place of what is no picture; a single one that is none is a 422,
// a model that fails a 500.
HttpResponse answer_pictures(const std::vector<std::string>& classes,
                             const std::vector<PictureAnswer>& answers, bool is_list);

}  // namespace mat
