#include "dualebm/models/ridge/device_sums.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "dualebm/models/ridge/cuda_sums.hpp"
#if defined(EBM_WITH_CUDA)
#include "dualebm/framework/compute/cuda/stream.hpp"
#endif

namespace ebm::ridge::on_device {
namespace {

/// Calls body(begin, count, u) for blocks of rows, u = x zᵀ at them: [count, m].
template <class Body>
void for_each_block(const torch::Tensor& x, const torch::Tensor& z, std::int64_t block, Body body) {
  const auto rows = std::max<std::int64_t>(1, block / std::max<std::int64_t>(1, z.size(0)));
  for (std::int64_t begin = 0; begin < x.size(0); begin += rows) {
    const auto count = std::min(rows, x.size(0) - begin);
    auto u = x.narrow(0, begin, count).mm(z.t());
    body(begin, count, u);
  }
}

/// σ'(u) in the memory of u.
void slope_in_place(torch::Tensor& u, const Activation& sigma) {
  if (sigma.kind() == ActivationKind::softplus) {
    u.sigmoid_();
  } else if (sigma.kind() == ActivationKind::relu) {
    u.gt_(0);
  } else {
    u.clamp_min_(0).mul_(2);
  }
}

#if defined(EBM_WITH_CUDA)

template <class Real>
int launch_sums(const cuda::SumsSize& size, ActivationKind sigma, const torch::Tensor& rows,
                const torch::Tensor& others, const torch::Tensor& weights, const torch::Tensor& partial,
                const torch::Tensor& result) {
  return cuda::sums<Real>(size, sigma, rows.data_ptr<Real>(), others.data_ptr<Real>(),
                          weights.data_ptr<Real>(), partial.data_ptr<Real>(), result.data_ptr<Real>(),
                          ebm::cuda::current_stream(rows.device()));
}

std::optional<Moments> by_kernel(const torch::Tensor& rows, const torch::Tensor& others,
                                 const torch::Tensor& weights, ActivationKind sigma, bool with_feature) {
  const auto type = rows.scalar_type();
  if (!rows.is_cuda() || (type != torch::kFloat && type != torch::kDouble) ||
      rows.size(1) > cuda::largest_dimension || others.scalar_type() != type ||
      weights.scalar_type() != type) {
    return std::nullopt;
  }
  const c10::DeviceGuard guard(rows.device());
  const cuda::SumsSize size{rows.size(0), others.size(0), rows.size(1), with_feature};
  const auto partial = at::empty({cuda::partial_numbers(size)}, rows.options());
  const auto result = at::empty({size.numbers()}, rows.options());
  const auto launch = type == torch::kDouble ? launch_sums<double> : launch_sums<float>;
  ebm::cuda::check(
      launch(size, sigma, rows.contiguous(), others.contiguous(), weights.contiguous(), partial, result));
  const auto directions = size.rows * size.dimension;
  return Moments{result.narrow(0, 0, directions).view({size.rows, size.dimension}),
                 result.narrow(0, directions, result.size(0) - directions)};
}

#else

std::optional<Moments> by_kernel(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                                 ActivationKind, bool) {
  return std::nullopt;
}

#endif

}  // namespace

namespace by_products {

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma, std::int64_t block) {
  const torch::NoGradGuard no_grad;
  auto result = at::empty({x.size(0)}, x.options());
  for_each_block(x, z, block, [&](std::int64_t begin, std::int64_t count, const torch::Tensor& u) {
    result.narrow(0, begin, count).copy_(sigma.value(u).mv(c));
  });
  return result;
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma, std::int64_t block) {
  const torch::NoGradGuard no_grad;
  const auto weighted = z * c.unsqueeze(1);
  auto result = at::empty({x.size(0), x.size(1)}, x.options());
  for_each_block(x, z, block, [&](std::int64_t begin, std::int64_t count, torch::Tensor& u) {
    slope_in_place(u, sigma);
    auto target = result.narrow(0, begin, count);
    at::mm_out(target, u, weighted);
    const auto rows = x.narrow(0, begin, count);
    target.add_((rows - rows).sum(1, /*keepdim=*/true));  // what is not finite has no gradient
  });
  return result;
}

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma, std::int64_t block) {
  const torch::NoGradGuard no_grad;
  auto direction = at::zeros({z.size(0), z.size(1)}, x.options());
  auto feature = at::zeros({z.size(0)}, x.options());
  for_each_block(x, z, block, [&](std::int64_t begin, std::int64_t count, torch::Tensor& u) {
    const auto share = weight.narrow(0, begin, count);
    feature.addmv_(sigma.value(u).t(), share);
    slope_in_place(u, sigma);
    direction.addmm_(u.t(), x.narrow(0, begin, count) * share.unsqueeze(1));
  });
  return {direction, feature};
}

}  // namespace by_products

torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto sums = by_kernel(x.detach(), z.detach(), c.detach(), sigma.kind(), /*with_feature=*/true);
  return sums ? sums->feature : by_products::value(x, z, c, sigma);
}

torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto sums = by_kernel(x.detach(), z.detach(), c.detach(), sigma.kind(), /*with_feature=*/false);
  return sums ? sums->direction : by_products::gradient(x, z, c, sigma);
}

std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x, const torch::Tensor& z,
                                                           const torch::Tensor& c, const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto sums = by_kernel(x.detach(), z.detach(), c.detach(), sigma.kind(), /*with_feature=*/true);
  if (sums) return {sums->feature, sums->direction};
  return {by_products::value(x, z, c, sigma), by_products::gradient(x, z, c, sigma)};
}

Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma) {
  const torch::NoGradGuard no_grad;
  const auto sums = by_kernel(z.detach(), x.detach(), weight.detach(), sigma.kind(), /*with_feature=*/true);
  return sums ? *sums : by_products::moments(x, weight, z, sigma);
}

}  // namespace ebm::ridge::on_device
