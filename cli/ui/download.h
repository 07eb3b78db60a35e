#pragma once

#include <filesystem>

#include "core/http/message.h"

namespace mat {

// A file, no link, for a browser to save under its name. Throws io errors.
HttpResponse download(const std::filesystem::path& file);

}  // namespace mat
