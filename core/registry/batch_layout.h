#pragma once

namespace mat {

// The step of the registry's layout that knows batch systems.
extern const char* const kBatchLayout;

}  // namespace mat
