#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/inspect/dataset_check.h"

namespace mat {

// What a check found as one page of HTML with small pictures, to be opened in a browser: it loads
// nothing from elsewhere and runs no script. Of each kind the first hundred or so are shown, so
// that the page stays of a size that browsers like; the rest is counted. `title` is what was
// checked.
std::string check_page(const DatasetCheck& check, std::string_view title);

std::string base64(const void* bytes, std::size_t size);

}  // namespace mat
