#pragma once

namespace mat {

// Parses the command line, runs the command and turns every error into "mat: error: …" on stderr
// and an exit code (see ErrorKind). The only place that catches to print.
int run_cli(int argc, const char* const* argv);

}  // namespace mat
