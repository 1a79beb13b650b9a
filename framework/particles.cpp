#include "framework/particles.hpp"

#include <ATen/ATen.h>

namespace ebm {

torch::Tensor copies_of(const torch::Tensor& data, std::int64_t copies) { return data.repeat({copies, 1}); }

torch::Tensor restarted(const torch::Tensor& particles, const torch::Tensor& data, const RestartRule& rule,
                        std::int64_t iteration, Random& random) {
  const auto count = particles.size(0);
  if (rule.every > 0 && iteration % rule.every == 0) {
    const auto row = torch::arange(count, data.options().dtype(torch::kLong)).remainder(data.size(0));
    return data.index_select(0, row);
  }
  if (rule.probability > 0) {
    const auto restarts = random.uniform({count, 1}, particles.options()) < rule.probability;
    return torch::where(restarts, data.index_select(0, random.integers(data.size(0), count)), particles);
  }
  return particles;
}

}  // namespace ebm
