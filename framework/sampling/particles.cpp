#include "dualebm/framework/sampling/particles.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/compute/device.hpp"

namespace ebm {

torch::Tensor copies_of(const torch::Tensor& data, std::int64_t copies) { return data.repeat({copies, 1}); }

torch::Tensor points_of(const torch::Tensor& data, std::int64_t count, Random& random,
                        const torch::TensorOptions& options) {
  const auto n = data.size(0), rest = count % n;
  auto rows = torch::arange(count - rest, data.options().dtype(torch::kLong)).remainder(n);
  if (rest > 0) rows = torch::cat({rows, random.subset(n, rest).to(data.device())});
  return moved_to(data.index_select(0, rows), options);
}

torch::Tensor restarted(const torch::Tensor& particles, const torch::Tensor& data, const RestartRule& rule,
                        std::int64_t iteration, Random& random) {
  const auto count = particles.size(0);
  if (rule.every > 0 && iteration % rule.every == 0) {
    return points_of(data, count, random, particles.options());
  }
  if (rule.probability > 0) {
    const auto restarts = random.uniform({count, 1}, particles.options()) < rule.probability;
    const auto row = random.integers(data.size(0), count).to(data.device());
    return torch::where(restarts, moved_to(data.index_select(0, row), particles.options()), particles);
  }
  return particles;
}

}  // namespace ebm
