#include "dualebm/framework/sampling/cuda/device_langevin.hpp"

#include <ATen/ATen.h>

#if defined(EBM_WITH_CUDA)
#include "dualebm/framework/compute/cuda/device_normals.hpp"
#include "dualebm/framework/compute/cuda/stream.hpp"
#include "dualebm/framework/sampling/cuda/langevin_launches.hpp"
#endif

namespace ebm::cuda {
#if defined(EBM_WITH_CUDA)
namespace {

template <class Real>
int launch_step(const torch::Tensor& positions, const torch::Tensor& gradient, const torch::Tensor& result,
                double step, double noise, bool antithetic, bool on_sphere, const Draw& draw) {
  return langevin_step<Real>({.particles = positions.size(0),
                              .dimension = positions.size(1),
                              .positions = positions.data_ptr<Real>(),
                              .gradient = gradient.data_ptr<Real>(),
                              .result = result.data_ptr<Real>(),
                              .step = static_cast<Real>(step),
                              .noise = static_cast<Real>(noise),
                              .antithetic = antithetic,
                              .on_sphere = on_sphere,
                              .draw = draw},
                             current_stream(positions.device()));
}

}  // namespace

std::optional<torch::Tensor> langevin_step(const torch::Tensor& positions, const torch::Tensor& gradient,
                                           double step, double noise, bool antithetic, const Domain& domain,
                                           Random& random) {
  const bool on_sphere = dynamic_cast<const Sphere*>(&domain) != nullptr;
  const bool known = on_sphere || dynamic_cast<const Euclidean*>(&domain) != nullptr;
  if (!known || !has_kernels(positions.device(), positions.scalar_type()) || positions.dim() != 2 ||
      positions.size(1) > largest_langevin_dimension || gradient.scalar_type() != positions.scalar_type()) {
    return std::nullopt;
  }
  const c10::DeviceGuard guard(positions.device());
  const auto rows = positions.contiguous(), slopes = gradient.contiguous();
  auto result = at::empty_like(rows);
  const auto draw = random.device_draw();
  const auto launch = rows.scalar_type() == torch::kDouble ? launch_step<double> : launch_step<float>;
  check(launch(rows, slopes, result, step, noise, antithetic, on_sphere,
               Draw{draw.key, draw.number.data_ptr<std::int64_t>()}));
  return result;
}

#else

std::optional<torch::Tensor> langevin_step(const torch::Tensor&, const torch::Tensor&, double, double, bool,
                                           const Domain&, Random&) {
  return std::nullopt;
}

#endif
}  // namespace ebm::cuda
