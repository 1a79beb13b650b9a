#pragma once

namespace ebm {

/// Keeps the BLAS that LibTorch calls, where it is OpenBLAS, to one thread: threads are ours to share out.
void keep_blas_to_one_thread();

/// Makes sure that `threads` threads can multiply matrices, before any of them does. OpenBLAS maps a
/// buffer for each thread that multiplies, 128 MiB of addresses of which little is touched, and where
/// it is refused one it asks again for ever. The buffer of the calling thread is taken at once.
/// Nothing to do for another BLAS.
/// @throws UserError with what is needed and what to change, where the addresses cannot be had
void require_blas_buffers(int threads);

}  // namespace ebm
