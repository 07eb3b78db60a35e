#pragma once

#include <span>
#include <string>

namespace mat {

// Why these numbers are no answer, as those of a model whose weights are damaged; empty when they
// are one.
std::string probabilities_problem(std::span<const float> probabilities);
// The same of rows of tables, where any number that is finite may be one.
std::string values_problem(std::span<const double> values);

}  // namespace mat
