#include "dualebm/framework/compute/blas.hpp"

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

using SetThreads = void (*)(int);

SetThreads openblas_threads() {
  return reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
}

bool can_be_mapped(std::size_t bytes) {
  void* const place =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return place != MAP_FAILED && ::munmap(place, bytes) == 0;
}

}  // namespace

void keep_blas_to_one_thread() {
  if (const auto set = openblas_threads()) set(1);
}

void require_blas_buffers(int threads) {
  if (openblas_threads() == nullptr) return;
  constexpr std::size_t buffer = std::size_t{128} << 20, beside = std::size_t{16} << 20;
  const auto bytes = static_cast<std::size_t>(threads) * buffer + beside;
  require(can_be_mapped(bytes),
          "memory: {} MB of addresses cannot be had, of which the BLAS maps {} MB for each of {} threads; "
          "raise the limit (ulimit -v)",
          bytes >> 20, buffer >> 20, threads);
  // Large enough to leave the kernels for small matrices, which need no buffer.
  constexpr std::int64_t size = 128;
  const auto ones = at::ones({size, size}, at::kDouble);
  at::mm(ones, ones);
}

}  // namespace ebm
