#include "dualebm/framework/training/executor/executor.hpp"

#include "dualebm/framework/training/executor/cuda_graph_executor.hpp"

namespace ebm {
namespace {

class EagerExecutor final : public Executor {
 public:
  Cost run(const Work& work) override {
    const auto cost = work.take_gradients(work.batch);
    work.update();
    return cost;
  }
};

}  // namespace

std::unique_ptr<Executor> make_executor(bool graph) {
  if (graph) return std::make_unique<CudaGraphExecutor>();
  return std::make_unique<EagerExecutor>();
}

}  // namespace ebm
