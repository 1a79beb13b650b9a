#include "models/ridge_features.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/parallel.hpp"
#include "models/ridge_kernels.hpp"
#include "models/ridge_on_device.hpp"

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

/// Whether the fused kernels take this call: dense rows on the CPU, an activation they know, a size they win
/// at.
bool takes_fused(const torch::Tensor& x, const torch::Tensor& z, const Activation& sigma) {
  return sigma.slope() && x.device().is_cpu() && prefers_fused(z.size(0), z.size(1)) &&
         (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kDouble);
}

/// Calls body with a value of the tensor's number type.
template <class Body>
void with_real(const torch::Tensor& x, Body body) {
  x.scalar_type() == torch::kDouble ? body(double{}) : body(float{});
}

torch::Tensor fused_gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                             Slope slope) {
  const auto rows = x.contiguous(), neurons = z.contiguous(), coefficients = c.contiguous();
  auto result = torch::empty_like(rows);
  const auto d = x.size(1), m = z.size(0);
  with_real(x, [&](auto real) {
    using Real = decltype(real);
    for_each_shard(x.size(0), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      ridge::fused_gradient(rows.data_ptr<Real>() + begin * d, end - begin, d, neurons.data_ptr<Real>(),
                            coefficients.data_ptr<Real>(), m, slope, result.data_ptr<Real>() + begin * d);
    });
  });
  return result;
}

/// Σ_i weight_i slope(<x_i, z_j>) x_i for each shard: [shards, m, d].
torch::Tensor fused_moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                            Slope slope) {
  const auto rows = x.contiguous(), shares = weight.contiguous(), neurons = z.contiguous();
  const auto d = x.size(1), m = z.size(0);
  auto sums = torch::zeros({shard_count(x.size(0)), m, d}, x.options());
  with_real(x, [&](auto real) {
    using Real = decltype(real);
    for_each_shard(x.size(0), [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
      ridge::fused_moments(rows.data_ptr<Real>() + begin * d, shares.data_ptr<Real>() + begin, end - begin, d,
                           neurons.data_ptr<Real>(), m, slope, sums.data_ptr<Real>() + shard * m * d);
    });
  });
  return sums;
}

}  // namespace

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma) {
  if (x.is_cuda() && !on_device::has_graph(x, z, c)) return on_device::value(x, z, c, sigma.kind());
  return sigma.value(x.matmul(z.t())).matmul(c);
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma) {
  if (x.is_cuda()) return on_device::gradient(x, z, c, sigma.kind());
  const torch::NoGradGuard no_grad;
  if (takes_fused(x, z, sigma)) {
    return fused_gradient(x, z.detach(), c.detach() * sigma.slope_factor(), *sigma.slope());
  }
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

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma) {
  if (x.is_cuda()) return on_device::moments(x, weight, z, sigma.kind());
  const torch::NoGradGuard no_grad;
  const auto neurons = z.size(0), shards = shard_count(x.size(0));
  const auto directions = z.detach();
  const double degree = sigma.homogeneity();
  const auto from_homogeneity = [&](const torch::Tensor& direction) {
    return Moments{direction, (direction * directions).sum(1) / degree};
  };
  if (takes_fused(x, z, sigma)) {
    return from_homogeneity(
        fused_moments(x, weight, directions, *sigma.slope()).sum(0).mul_(sigma.slope_factor()));
  }
  const auto zt = directions.t();
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
  const auto total = direction.sum(0).mul_(sigma.slope_factor());
  return degree != 0 ? from_homogeneity(total) : Moments{total, feature.sum(0)};
}

}  // namespace ebm::ridge
