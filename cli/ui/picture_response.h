#pragma once

#include <filesystem>

#include "core/http/message.h"

namespace mat {

// A picture as a browser shows it, upright, as JPEG, at most `size` pixels on its longer side.
// Answers 404 for one that is not there any more or is none.
HttpResponse picture_response(const std::filesystem::path& file, int size);

}  // namespace mat
