#pragma once

namespace mat {

constexpr const char* kBlasKernelsVariable = "OPENBLAS_CORETYPE";

// Has OpenBLAS use the vector instructions of an Intel processor that it does not know by its
// number, by kBlasKernelsVariable, unless that is set. Debian 12's knows none since 2023 and
// computes with those of 2004 there, at a third of the speed. Whether it has set the variable: it
// is for LibTorch in this process and on this machine, not for what is started or recorded.
//
// To be called before LibTorch is loaded, and while no other thread may look at the environment.
// load_trainer() does, and takes the variable away again when it was the one to set it.
bool choose_blas_kernels();

}  // namespace mat
