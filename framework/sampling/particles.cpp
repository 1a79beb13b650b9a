#include "dualebm/framework/sampling/particles.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "dualebm/framework/compute/device.hpp"

namespace ebm {

torch::Tensor copies_of(const torch::Tensor& data, std::int64_t copies) { return data.repeat({copies, 1}); }

torch::Tensor points_of(const torch::Tensor& data, std::int64_t count, Random& random,
                        const torch::TensorOptions& options) {
  return points_of(data, whole_table(count), random, options);
}

torch::Tensor points_of(const torch::Tensor& data, const RankRows& wanted, Random& random,
                        const torch::TensorOptions& options) {
  const auto n = data.size(0), rest = wanted.all % n, copied = wanted.all - rest;
  // Every rank draws all that is drawn: the stream is the same for any number of them.
  const auto drawn = rest > 0 ? random.subset(n, rest).to(data.device()) : torch::Tensor();
  const auto last = std::min(wanted.end, copied);
  auto rows =
      torch::arange(std::min(wanted.begin, last), last, data.options().dtype(torch::kLong)).remainder(n);
  if (wanted.end > copied) {
    const auto begin = std::max(wanted.begin, copied);
    rows = torch::cat({rows, drawn.narrow(0, begin - copied, wanted.end - begin)});
  }
  return moved_to(data.index_select(0, rows), options);
}

torch::Tensor restarted(const torch::Tensor& particles, const torch::Tensor& data, const RestartRule& rule,
                        std::int64_t iteration, Random& random) {
  return restarted(particles, whole_table(particles.size(0)), data, rule, iteration, random);
}

torch::Tensor restarted(const torch::Tensor& particles, const RankRows& rows, const torch::Tensor& data,
                        const RestartRule& rule, std::int64_t iteration, Random& random) {
  if (rule.every > 0 && iteration % rule.every == 0)
    return points_of(data, rows, random, particles.options());
  if (rule.probability > 0) {
    const auto restarts = rows.of(random.uniform({rows.all, 1}, particles.options())) < rule.probability;
    const auto row = rows.of(random.integers(data.size(0), rows.all)).to(data.device());
    return torch::where(restarts, moved_to(data.index_select(0, row), particles.options()), particles);
  }
  return particles;
}

}  // namespace ebm
