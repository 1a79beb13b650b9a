#include "dualebm/models/ridge/features.hpp"

#include <ATen/ATen.h>
#include <ATen/TracerMode.h>
#include <c10/util/Exception.h>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/models/ridge/cpu_kernels.hpp"
#include "dualebm/models/ridge/device_sums.hpp"

namespace ebm::ridge {
namespace {

/// Whether points and neurons fit each other and a kernel; LibTorch's operators say what is wrong where they
/// do not.
bool has_kernel(const torch::Tensor& x, const torch::Tensor& z, bool lifts = false) {
  return x.device().is_cpu() && z.device().is_cpu() && x.scalar_type() == z.scalar_type() &&
         (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kDouble) && x.dim() == 2 &&
         z.dim() == 2 && x.size(1) + (lifts ? 1 : 0) == z.size(1);
}

/// (x, 1) if it is to be lifted, else x.
torch::Tensor points_of(const torch::Tensor& x, bool lifts) {
  return lifts ? torch::cat({x, torch::ones_like(x.narrow(1, 0, 1))}, 1) : x;
}

/// Whether a graph or a trace follows what is done: they see operators of LibTorch alone.
bool is_followed(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c) {
  const bool wanted = x.requires_grad() || z.requires_grad() || c.requires_grad();
  return at::tracer::impl::is_dispatch_enabled() || (wanted && torch::GradMode::is_enabled());
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
  bool lifts;

  Operands(const torch::Tensor& b, const torch::Tensor& c, const Activation& sigma, bool lifts_points = false)
      : directions(b.detach().contiguous()),
        coefficients(c.detach().contiguous()),
        activation(sigma.kind()),
        lifts(lifts_points) {
    TORCH_CHECK(
        c.dim() == 1 && c.size(0) == b.size(0) && c.scalar_type() == b.scalar_type() && c.device().is_cpu(),
        "ridge features: coefficients of shape ", c.sizes(), " for directions of shape ", b.sizes());
  }

  template <class Real>
  Sums<Real> rows(std::int64_t begin, std::int64_t end) const {
    const auto d = directions.size(1);
    return {directions.data_ptr<Real>() + begin * d,
            coefficients.data_ptr<Real>() + begin,
            end - begin,
            d,
            activation,
            lifts};
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
  complete_shards(x.size(0), {direction, feature});
  return {direction.sum(0), feature.sum(0)};
}

}  // namespace

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma, bool lifts) {
  if (is_followed(x, z, c)) return sigma.value(points_of(x, lifts).matmul(z.t())).matmul(c);
  if (!has_kernel(x, z, lifts)) return on_device::value(points_of(x, lifts), z, c, sigma);
  const torch::NoGradGuard no_grad;
  const auto result = torch::empty({x.size(0)}, x.options());
  fused(x, {z, c, sigma, lifts}, {}, result);
  return result;
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma, bool lifts) {
  if (!has_kernel(x, z, lifts))
    return on_device::gradient(points_of(x, lifts), z, c, sigma).narrow(1, 0, x.size(1));
  const torch::NoGradGuard no_grad;
  const auto result = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  fused(x, {z, c, sigma, lifts}, result, {});
  return result;
}

std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x, const torch::Tensor& z,
                                                           const torch::Tensor& c, const Activation& sigma,
                                                           bool lifts) {
  if (!has_kernel(x, z, lifts)) {
    auto [value, gradient] = on_device::value_and_gradient(points_of(x, lifts), z, c, sigma);
    return {value, gradient.narrow(1, 0, x.size(1))};
  }
  const torch::NoGradGuard no_grad;
  const auto values = torch::empty({x.size(0)}, x.options());
  const auto gradients = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  fused(x, {z, c, sigma, lifts}, gradients, values);
  return {values, gradients};
}

RowGradient row_gradient(const torch::Tensor& like, const torch::Tensor& z, const torch::Tensor& c,
                         const Activation& sigma, bool lifts) {
  if (!has_kernel(like, z, lifts)) return nullptr;
  return with_real(z, [&](auto real) -> RowGradient {
    using Real = decltype(real);
    return [operands = Operands(z, c, sigma, lifts)](ConstRows points, Rows gradients, Rows energies) {
      operands.all<Real>()(std::get<const Real*>(points.first), points.count,
                           std::get<Real*>(gradients.first),
                           energies.count > 0 ? std::get<Real*>(energies.first) : nullptr);
    };
  });
}

torch::Tensor features(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                       const Activation& sigma) {
  if (!has_kernel(x, z)) return on_device::moments(x, weight, z, sigma).feature;
  return fused_moments(x, weight, z, sigma, /*wants_directions=*/false).feature;
}

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma) {
  if (!has_kernel(x, z)) return on_device::moments(x, weight, z, sigma);
  return fused_moments(x, weight, z, sigma, /*wants_directions=*/true);
}

}  // namespace ebm::ridge
