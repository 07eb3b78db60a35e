#pragma once

#include <optional>
#include <string_view>

namespace mat {

// What a labelled picture is for.
enum class Usage { train, validation, test };

// "TRAIN", "EVAL" or "TEST", as a manifest has it.
const char* usage_text(Usage usage);

// Of a manifest, a column or a folder, in any case: train, training; eval, val, valid, validation,
// dev; test, testing. Nothing for other words.
std::optional<Usage> parse_usage(std::string_view text);

}  // namespace mat
