#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/problem/conformance/tools.hpp"

namespace ebm {
namespace {

/// What the Jacobians of a transform are at some points: log |det| each, [n], -inf where it is singular.
torch::Tensor log_determinants(Transform& transform, const torch::Tensor& points) {
  const torch::AutoGradMode enable(true);
  const auto x = points.detach().clone().requires_grad_(true);
  const auto y = transform.forward(x);
  std::vector<torch::Tensor> rows;
  for (std::int64_t i = 0; i < y.size(1); ++i) {
    const auto row = y.requires_grad()
                         ? torch::autograd::grad({y.select(1, i).sum()}, {x}, {}, true, false, true)[0]
                         : torch::Tensor();
    rows.push_back(row.defined() ? row.detach() : torch::zeros_like(points));
  }
  const auto jacobian = torch::stack(rows, 1);
  const auto values = at::linalg_svdvals(jacobian);
  // A projection's smallest value is some units of rounding.
  const double rounding = points.scalar_type() == torch::kDouble ? 1e-12 : 1e-6;
  const auto singular = values.amin(1) < rounding * values.amax(1);
  return values.log().sum(1).masked_fill(singular, -std::numeric_limits<double>::infinity());
}

}  // namespace

Conformance check(Transform& transform, const torch::Tensor& points) {
  Conformance result{.subject = conformance::class_name(transform), .failures = {}};
  const auto fail = [&](std::string what, std::string advice) {
    result.failures.push_back({std::move(what), std::move(advice)});
  };
  const auto options = tensor_options_of(transform, torch::kDouble);
  const double precision = options.dtype() == torch::kDouble ? 1e-8 : 1e-4;
  const auto x = points.narrow(0, 0, std::min<std::int64_t>(points.size(0), 4)).detach().to(options);
  const auto y = transform.forward(x).detach();
  const auto back = transform.forward(transform.inverse(y)).detach();
  if (y.dim() != 2 || y.size(0) != x.size(0)) {
    fail(fmt::format("forward gives {} for points {}", conformance::shape(y), conformance::shape(x)),
         "it maps [N, d] to [N, d]");
    return result;
  }
  if (conformance::difference(back, y) > precision) {
    fail("inverse does not lead back: forward(inverse(y)) is not y",
         "inverse(y) gives a point that forward takes to y");
  }
  const auto found = log_determinants(transform, x);
  const double claimed = transform.log_determinant();
  if (found.isinf().all().item<bool>()) {
    if (claimed == 0) return result;  // no map between volumes, as a projection
    fail(fmt::format("log_determinant() is {:.6g}, and the Jacobian of forward is singular", claimed),
         "a transform that loses a dimension gives 0");
    return result;
  }
  if (conformance::difference(transform.inverse(y).detach(), x) > precision) {
    fail("inverse does not lead back: inverse(forward(x)) is not x",
         "undo in inverse what forward does, in the other order");
  }
  const double low = found.min().item<double>(), high = found.max().item<double>();
  const double slack = precision * std::max(1.0, std::abs(claimed));
  if (high - low > slack) {
    fail(fmt::format("forward stretches space by different factors, log |det| from {:.6g} to {:.6g}", low,
                     high),
         "a transform of data stretches all of space by one factor");
  } else if (std::abs(low - claimed) > slack) {
    fail(fmt::format("log_determinant() is {:.6g}, and autograd's Jacobian of forward has {:.6g}: every "
                     "likelihood would be off by the difference",
                     claimed, low),
         "log_determinant() is log |det ∂T/∂x| in nats, the sum over all coordinates");
  }
  return result;
}

}  // namespace ebm
