#pragma once

namespace mat {

// The step of the registry's layout that counts the time a version has trained.
extern const char* const kTrainingTimeLayout;

}  // namespace mat
