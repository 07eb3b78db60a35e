#pragma once

namespace mat {

// Has OpenBLAS use the vector instructions of an Intel processor that it does not know by its
// number, by OPENBLAS_CORETYPE, unless that is set. Debian 12's knows none since 2023 and computes
// with those of 2004 there, at a fifth of the speed. Sets the environment: to be called before
// LibTorch is loaded, and while no other thread may look at the environment. load_trainer() does.
void choose_blas_kernels();

}  // namespace mat
