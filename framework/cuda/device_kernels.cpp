#include "framework/cuda/device_kernels.hpp"

#include <ATen/ATen.h>

#if defined(EBM_WITH_CUDA)
#include "framework/cuda/kernels.hpp"
#include "framework/cuda/stream.hpp"
#endif

namespace ebm::cuda {
#if defined(EBM_WITH_CUDA)
namespace {

bool has_kernels(torch::Device device, torch::ScalarType type) {
  return device.is_cuda() && (type == torch::kFloat || type == torch::kDouble);
}

Draw next_draw(const DeviceDraw& draw) { return {draw.key, draw.number.data_ptr<std::int64_t>()}; }

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
  check(launch(rows, slopes, result, step, noise, antithetic, on_sphere, next_draw(draw)));
  return result;
}

std::optional<torch::Tensor> normals(torch::IntArrayRef sizes, const torch::TensorOptions& options,
                                     Random& random) {
  if (!has_kernels(options.device(), c10::typeMetaToScalarType(options.dtype()))) return std::nullopt;
  const c10::DeviceGuard guard(options.device());
  auto result = at::empty(sizes, options);
  const auto draw = random.device_draw();
  const auto stream = current_stream(result.device());
  check(result.scalar_type() == torch::kDouble
            ? fill_normals<double>(next_draw(draw), result.numel(), result.data_ptr<double>(), stream)
            : fill_normals<float>(next_draw(draw), result.numel(), result.data_ptr<float>(), stream));
  return result;
}

#else

std::optional<torch::Tensor> langevin_step(const torch::Tensor&, const torch::Tensor&, double, double, bool,
                                           const Domain&, Random&) {
  return std::nullopt;
}

std::optional<torch::Tensor> normals(torch::IntArrayRef, const torch::TensorOptions&, Random&) {
  return std::nullopt;
}

#endif
}  // namespace ebm::cuda
