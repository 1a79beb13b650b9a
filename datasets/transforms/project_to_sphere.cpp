#include "dualebm/datasets/transforms/project_to_sphere.hpp"

#include <ATen/ATen.h>

namespace ebm {

ProjectToSphere::ProjectToSphere(const TransformContext& context, const Options&) {
  expect_domain<Sphere>(*context.domain, "transform project_to_sphere");
}

torch::Tensor ProjectToSphere::prepare(const torch::Tensor& x, Random&) {
  const auto length = x.norm(2, 1);
  const auto bad = ((length > 0).logical_and(length.isfinite())).logical_not().nonzero();
  if (bad.size(0) > 0) {
    const auto row = bad[0][0].item<std::int64_t>();
    fail("transform project_to_sphere: row {} has length {}, and so no direction", row,
         length[row].item<double>());
  }
  return forward(x);
}

}  // namespace ebm
