#pragma once

namespace mat {

// "0.1.0": the version of this build of mat.
const char* mat_version();

}  // namespace mat
