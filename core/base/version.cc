#include "core/base/version.h"

namespace mat {

const char* mat_version() { return MAT_VERSION; }

}  // namespace mat
