#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

/// Runs CUDA kernels on the CPU: what a machine without a GPU can know of them. `__shared__` is a static
/// variable, the threads of a block are contexts that run one after the other from one `__syncthreads` to the
/// next, forwards and backwards in turn, so that a barrier left out shows. Include it before a header of
/// kernels.
#define __global__
#define __shared__ static
#define __launch_bounds__(threads)

namespace ebm::cuda {

struct Coordinates {
  unsigned x = 1, y = 1;
};

inline Coordinates gridDim, blockIdx, threadIdx;

inline double* shared_memory() {
  alignas(16) static double memory[48 * 1024 / sizeof(double)];
  return memory;
}

/// One block at a time.
class BlockOnCpu {
 public:
  BlockOnCpu(Coordinates block, const std::function<void()>& kernel) : kernel_(kernel) {
    running() = this;
    threads_.resize(block.x * block.y);
    for (unsigned i = 0; i < threads_.size(); ++i) {
      auto& thread = threads_[i];
      thread.index = {i % block.x, i / block.x};
      thread.stack = std::make_unique_for_overwrite<char[]>(stack_bytes);
      ::getcontext(&thread.context);
      thread.context.uc_stack.ss_sp = thread.stack.get();
      thread.context.uc_stack.ss_size = stack_bytes;
      thread.context.uc_link = &scheduler_;
      ::makecontext(
          &thread.context, +[] { running()->run(); }, 0);
    }
    for (bool forwards = true; done_ < threads_.size(); forwards = !forwards) {
      for (std::size_t i = 0; i < threads_.size(); ++i) resume(forwards ? i : threads_.size() - 1 - i);
    }
  }

  /// Back to the others until all have come here.
  static void synchronise() {
    auto& block = *running();
    ::swapcontext(&block.current_->context, &block.scheduler_);
  }

 private:
  static constexpr std::size_t stack_bytes = 32 * 1024;

  struct Thread {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    Coordinates index;
    bool done = false;
  };

  static BlockOnCpu*& running() {
    static BlockOnCpu* block = nullptr;
    return block;
  }

  void resume(std::size_t i) {
    if (threads_[i].done) return;
    current_ = &threads_[i];
    threadIdx = current_->index;
    ::swapcontext(&scheduler_, &current_->context);
  }

  void run() {
    kernel_();
    current_->done = true;
    ++done_;
  }

  const std::function<void()>& kernel_;
  std::vector<Thread> threads_;
  Thread* current_ = nullptr;
  ucontext_t scheduler_;
  std::size_t done_ = 0;
};

inline void __syncthreads() { BlockOnCpu::synchronise(); }

/// kernel<<<grid, block>>>(arguments...)
template <class Kernel, class... Arguments>
void launch_on_cpu(Coordinates grid, Coordinates block, Kernel kernel, const Arguments&... arguments) {
  gridDim = grid;
  for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) {
    for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
      BlockOnCpu(block, [&] { kernel(arguments...); });
    }
  }
}

}  // namespace ebm::cuda

namespace ebm::ridge::cuda {
using ebm::cuda::__syncthreads;
using ebm::cuda::blockIdx;
using ebm::cuda::threadIdx;
}  // namespace ebm::ridge::cuda
