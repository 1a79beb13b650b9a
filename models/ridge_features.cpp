#include "models/ridge_features.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/parallel.hpp"

namespace ebm::ridge {
namespace {

/// Rows of a block such that its matrix of pre-activations stays in the second-level cache.
std::int64_t block_rows(std::int64_t neurons) { return std::clamp<std::int64_t>(65536 / neurons, 32, 1024); }

template <class Body>
void for_each_block(const torch::Tensor& x, std::int64_t neurons, Body body) {
  for_each_shard(x.size(0), [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
    const torch::NoGradGuard no_grad;
    const auto rows = block_rows(neurons);
    auto buffer = torch::empty({std::min(rows, end - begin), neurons}, x.options());
    for (std::int64_t row = begin; row < end; row += rows) {
      const auto count = std::min(rows, end - row);
      auto u = buffer.narrow(0, 0, count);
      body(shard, row, count, u);
    }
  });
}

}  // namespace

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c, const Activation& sigma) {
  return sigma.value(x.matmul(z.t())).matmul(c);
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto zt = z.detach().t();
  const auto weighted = z.detach() * (c.detach() * sigma.slope_factor()).unsqueeze(1);
  auto result = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  for_each_block(x, z.size(0), [&](std::int64_t, std::int64_t row, std::int64_t count, torch::Tensor& u) {
    at::mm_out(u, x.narrow(0, row, count), zt);
    sigma.slope_in_place(u);
    auto target = result.narrow(0, row, count);
    at::mm_out(target, u, weighted);
  });
  return result;
}

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z, const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto neurons = z.size(0), shards = shard_count(x.size(0));
  const auto directions = z.detach();
  const auto zt = directions.t();
  const double degree = sigma.homogeneity();
  auto direction = torch::zeros({shards, neurons, x.size(1)}, x.options());
  auto feature = torch::zeros({shards, neurons}, x.options());
  for_each_block(x, neurons, [&](std::int64_t shard, std::int64_t row, std::int64_t count, torch::Tensor& u) {
    const auto block = x.narrow(0, row, count);
    const auto share = weight.narrow(0, row, count);
    at::mm_out(u, block, zt);
    if (degree == 0) feature[shard].addmv_(sigma.value(u).t(), share);
    sigma.slope_in_place(u);
    direction[shard].addmm_(u.t(), block * share.unsqueeze(1));
  });
  Moments result{direction.sum(0).mul_(sigma.slope_factor()), feature.sum(0)};
  if (degree != 0) result.feature = (result.direction * directions).sum(1) / degree;
  return result;
}

}  // namespace ebm::ridge
