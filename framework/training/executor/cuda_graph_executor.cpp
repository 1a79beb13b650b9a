#include "dualebm/framework/training/executor/cuda_graph_executor.hpp"

namespace ebm {

Cost CudaGraphExecutor::run(const Work& work) {
  auto& trainer = work.trainer;
  if (!broken_promise_.empty() || !trainer.repeats(work.iteration)) {
    const auto cost = work.take_gradients(work.batch);
    work.update();
    return cost;
  }
  const auto draws = trainer.random().host_draws();
  captured_.run({.numbers = {work.optimizer_scale, work.iteration.particle_scale},
                 .batch_is_constant = work.batch_is_constant,
                 .generator = trainer.random().generator()},
                work.batch, trainer.carried(), trainer.energy(), [&](const torch::Tensor& points) {
                  cost_ = work.take_gradients(points);
                  if (work.update_is_on_device) work.update();
                  return std::int64_t{0};
                });
  if (!work.update_is_on_device) work.update();
  if (work.iteration.number_was_read()) {
    broken_promise_ = "the trainer reads the number of the iteration, which a graph would keep as it is";
  } else if (trainer.random().host_draws() != draws) {
    broken_promise_ = "the trainer draws random numbers on the host, which a graph would keep as they are";
  }
  return cost_;
}

}  // namespace ebm
