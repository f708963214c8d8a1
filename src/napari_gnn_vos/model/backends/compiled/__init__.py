"""Compiled CPU kernels (numba and LLVM) for inference and for training."""
