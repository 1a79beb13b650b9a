#include <ATen/ATen.h>
#include <dualebm/framework/problem/transform.hpp>

/// Turns each circle so that the mean direction of the training part becomes (1, 0). A
/// rotation: log |det| = 0.
struct Turned final : ebm::Transform {
  struct Options {
    void describe(ebm::Fields&) {}
  };
  Turned(const ebm::TransformContext& context, const Options&)
      : rotation(
            register_buffer("rotation", torch::eye(context.domain->dimension(), context.tensor_options))) {}
  void fit(const torch::Tensor& train) override {
    const torch::NoGradGuard no_grad;
    const auto mean = train.mean(0).to(rotation.options());
    for (std::int64_t k = 0; k < mean.size(0); k += 2) {
      const auto u = mean.narrow(0, k, 2) / mean.narrow(0, k, 2).norm();
      const auto across = at::stack({-u[1], u[0]});
      rotation.narrow(0, k, 2).narrow(1, k, 2).copy_(at::stack({u, across}, 1));
    }
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x.mm(rotation.to(x.dtype())); }
  torch::Tensor inverse(const torch::Tensor& y) override { return y.mm(rotation.t().to(y.dtype())); }
  torch::Tensor rotation;
};
