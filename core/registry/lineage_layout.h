#pragma once

namespace mat {

// The step of the registry's layout that remembers what was made from what, also of what is
// deleted, and fills it from the rows that are there.
extern const char* const kLineageLayout;

}  // namespace mat
