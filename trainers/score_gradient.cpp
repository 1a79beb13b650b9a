#include "dualebm/trainers/score_gradient.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

torch::Tensor derivative_in_points(const torch::Tensor& f, const torch::Tensor& x) {
  if (!f.requires_grad()) return torch::zeros_like(x);
  const auto slope = torch::autograd::grad({f.sum()}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true,
                                           /*allow_unused=*/true)[0];
  return slope.defined() ? slope : torch::zeros_like(x);
}

ScoreGradient score_gradient(Energy& energy, const torch::Tensor& points) {
  const auto x = points.detach().requires_grad_(true);
  return {x, derivative_in_points(energy.forward(x), x)};
}

void require_smooth(const Energy& energy, std::string_view trainer) {
  require(
      energy.smooth(),
      "trainer: {} differentiates the gradient of the energy and needs a smooth one; this energy has kinks "
      "(take activation softplus, or trainer score_matching)",
      trainer);
}

void require_no_walls(const Domain& domain, std::string_view trainer) {
  require(!domain.has_walls(),
          "trainer: {} integrates by parts, and the domain {} has walls, where that leaves a term; take "
          "dual_gda or exact_likelihood",
          trainer, domain.name());
}

}  // namespace ebm
