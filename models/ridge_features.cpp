#include "models/ridge_features.hpp"

#include <ATen/ATen.h>
#include <ATen/TracerMode.h>
#include <c10/util/Exception.h>

#include <algorithm>

#include "framework/parallel.hpp"
#include "models/ridge_kernels.hpp"

namespace ebm::ridge {
namespace {

/// Whether points and neurons fit each other and a kernel; LibTorch's operators say what is wrong where they
/// do not.
bool has_kernel(const torch::Tensor& x, const torch::Tensor& z) {
  return x.device().is_cpu() && z.device().is_cpu() && x.scalar_type() == z.scalar_type() &&
         (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kDouble) && x.dim() == 2 &&
         z.dim() == 2 && x.size(1) == z.size(1);
}

/// A trace and a graph see operators of LibTorch alone.
bool is_followed(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c) {
  const bool graph =
      torch::GradMode::is_enabled() && (x.requires_grad() || z.requires_grad() || c.requires_grad());
  return graph || at::tracer::impl::is_dispatch_enabled();
}

/// Calls body with a number of the tensor's type.
template <class Body>
auto with_real(const torch::Tensor& x, Body body) {
  return x.scalar_type() == torch::kDouble ? body(double{}) : body(float{});
}

/// Tensors that a kernel can read, and the sums over them.
struct Operands {
  torch::Tensor directions, coefficients;
  ActivationKind activation;

  Operands(const torch::Tensor& b, const torch::Tensor& c, const Activation& sigma)
      : directions(b.detach().contiguous()), coefficients(c.detach().contiguous()), activation(sigma.kind()) {
    TORCH_CHECK(
        c.dim() == 1 && c.size(0) == b.size(0) && c.scalar_type() == b.scalar_type() && c.device().is_cpu(),
        "ridge features: coefficients of shape ", c.sizes(), " for directions of shape ", b.sizes());
  }

  template <class Real>
  Sums<Real> rows(std::int64_t begin, std::int64_t end) const {
    const auto d = directions.size(1);
    return {directions.data_ptr<Real>() + begin * d, coefficients.data_ptr<Real>() + begin, end - begin, d,
            activation};
  }

  template <class Real>
  Sums<Real> all() const {
    return rows<Real>(0, directions.size(0));
  }
};

/// Kernels on shards of the rows of x; undefined tensors are not wanted.
void fused(const torch::Tensor& x, const Operands& operands, const torch::Tensor& vectors,
           const torch::Tensor& values) {
  const auto points = x.detach().contiguous();
  const auto d = points.size(1);
  with_real(points, [&](auto real) {
    using Real = decltype(real);
    const auto sums = operands.all<Real>();
    for_each_shard(points.size(0), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      sums(points.data_ptr<Real>() + begin * d, end - begin,
           vectors.defined() ? vectors.data_ptr<Real>() + begin * d : nullptr,
           values.defined() ? values.data_ptr<Real>() + begin : nullptr);
    });
  });
}

/// Sums over the samples, shard by shard: neurons are the points here, and samples the directions.
Moments fused_moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                      const Activation& sigma, bool wants_directions) {
  const Operands samples(x, weight, sigma);
  const auto neurons = z.detach().contiguous();
  const auto m = neurons.size(0), d = neurons.size(1), shards = shard_count(x.size(0));
  const auto direction = torch::empty({wants_directions ? shards : 0, m, d}, x.options());
  const auto feature = torch::empty({shards, m}, x.options());
  with_real(neurons, [&](auto real) {
    using Real = decltype(real);
    for_each_shard(x.size(0), [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
      auto* vectors = wants_directions ? direction.data_ptr<Real>() + shard * m * d : nullptr;
      samples.rows<Real>(begin, end)(neurons.data_ptr<Real>(), m, vectors,
                                     feature.data_ptr<Real>() + shard * m);
    });
  });
  return {direction.sum(0), feature.sum(0)};
}

/// Calls body(row, count) for blocks of rows whose matrix of pre-activations stays small.
template <class Body>
void for_each_block(const torch::Tensor& x, std::int64_t neurons, Body body) {
  const auto rows = std::max<std::int64_t>(1024, (1 << 24) / neurons);
  for (std::int64_t row = 0; row < x.size(0); row += rows) body(row, std::min(rows, x.size(0) - row));
}

}  // namespace

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma) {
  if (!has_kernel(x, z) || is_followed(x, z, c)) return sigma.value(x.matmul(z.t())).matmul(c);
  const torch::NoGradGuard no_grad;
  auto result = torch::empty({x.size(0)}, x.options());
  fused(x, {z, c, sigma}, {}, result);
  return result;
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  auto result = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  if (has_kernel(x, z)) {
    fused(x, {z, c, sigma}, result, {});
    return result;
  }
  const auto weighted = z * c.unsqueeze(1);
  for_each_block(x, z.size(0), [&](std::int64_t row, std::int64_t count) {
    auto target = result.narrow(0, row, count);
    at::mm_out(target, sigma.slope(x.narrow(0, row, count).mm(z.t())), weighted);
  });
  return result;
}

std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x, const torch::Tensor& z,
                                                           const torch::Tensor& c, const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  if (!has_kernel(x, z)) return {value(x, z, c, sigma), gradient(x, z, c, sigma)};
  auto values = torch::empty({x.size(0)}, x.options());
  auto gradients = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  fused(x, {z, c, sigma}, gradients, values);
  return {values, gradients};
}

RowGradient row_gradient(const torch::Tensor& like, const torch::Tensor& z, const torch::Tensor& c,
                         const Activation& sigma) {
  if (!has_kernel(like, z)) return nullptr;
  return with_real(z, [&](auto real) -> RowGradient {
    using Real = decltype(real);
    return [operands = Operands(z, c, sigma)](const void* points, std::int64_t rows, void* gradients) {
      operands.all<Real>()(static_cast<const Real*>(points), rows, static_cast<Real*>(gradients), nullptr);
    };
  });
}

torch::Tensor features(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                       const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  if (has_kernel(x, z)) return fused_moments(x, weight, z, sigma, false).feature;
  auto result = torch::zeros({z.size(0)}, z.options());
  for_each_block(x, z.size(0), [&](std::int64_t row, std::int64_t count) {
    result.addmv_(sigma.value(x.narrow(0, row, count).mm(z.t())).t(), weight.narrow(0, row, count));
  });
  return result;
}

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  if (has_kernel(x, z)) return fused_moments(x, weight, z, sigma, true);
  auto direction = torch::zeros_like(z), feature = torch::zeros({z.size(0)}, z.options());
  for_each_block(x, z.size(0), [&](std::int64_t row, std::int64_t count) {
    const auto block = x.narrow(0, row, count), share = weight.narrow(0, row, count);
    const auto u = block.mm(z.t());
    feature.addmv_(sigma.value(u).t(), share);
    direction.addmm_(sigma.slope(u).t(), block * share.unsqueeze(1));
  });
  return {direction, feature};
}

}  // namespace ebm::ridge
