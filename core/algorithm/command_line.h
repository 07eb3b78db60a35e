#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mat {

// Splits a command as a shell does, but expands nothing: words end at spaces, tabs and line breaks;
// '…' is taken as it is; in "…" a backslash before " \ $ ` takes that character, elsewhere any. An
// unquoted | & ; < > ( ) $ or ` is a problem, since it would not do what it does in a shell. What
// is wrong goes to `*problem`, which is empty when all is well. Gives at least one word, the first
// one not empty, or a problem.
std::vector<std::string> split_command(std::string_view text, std::string* problem);

// The words as one text that split_command() splits into the same words.
std::string join_command(const std::vector<std::string>& words);

}  // namespace mat
