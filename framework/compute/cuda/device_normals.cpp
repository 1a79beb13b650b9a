#include "dualebm/framework/compute/cuda/device_normals.hpp"

#include <ATen/ATen.h>

#if defined(EBM_WITH_CUDA)
#include "dualebm/framework/compute/cuda/normal_launches.hpp"
#include "dualebm/framework/compute/cuda/stream.hpp"
#endif

namespace ebm::cuda {
#if defined(EBM_WITH_CUDA)

bool has_kernels(torch::Device device, torch::ScalarType type) {
  return device.is_cuda() && (type == torch::kFloat || type == torch::kDouble);
}

std::optional<torch::Tensor> normals(torch::IntArrayRef sizes, const torch::TensorOptions& options,
                                     Random& random) {
  if (!has_kernels(options.device(), c10::typeMetaToScalarType(options.dtype()))) return std::nullopt;
  const c10::DeviceGuard guard(options.device());
  auto result = at::empty(sizes, options);
  const auto draw = random.device_draw();
  const Draw handed_over{draw.key, draw.number.data_ptr<std::int64_t>()};
  const auto stream = current_stream(result.device());
  check(result.scalar_type() == torch::kDouble
            ? fill_normals<double>(handed_over, result.numel(), result.data_ptr<double>(), stream)
            : fill_normals<float>(handed_over, result.numel(), result.data_ptr<float>(), stream));
  return result;
}

#else

bool has_kernels(torch::Device, torch::ScalarType) { return false; }

std::optional<torch::Tensor> normals(torch::IntArrayRef, const torch::TensorOptions&, Random&) {
  return std::nullopt;
}

#endif
}  // namespace ebm::cuda
