#pragma once

namespace mat {

// How many threads compute from now on, the caller's own included: LibTorch's, and those of an
// OpenBLAS that has threads of its own and would otherwise start as many as there are cores, which
// then turn idly for some milliseconds after each multiplication. Counts for the whole process; to
// be called by the thread that computes, before it does.
void set_compute_threads(int threads);

}  // namespace mat
