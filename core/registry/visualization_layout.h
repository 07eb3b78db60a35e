#pragma once

namespace mat {

// The step of the registry's layout that knows visualizations.
extern const char* const kVisualizationLayout;

}  // namespace mat
