#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <cmath>
#include <set>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/conformance/slopes.hpp"
#include "dualebm/framework/problem/conformance/tools.hpp"

namespace ebm::conformance {
namespace {

class SlopesInX {
 public:
  SlopesInX(Energy& energy, const Domain& domain, const torch::Tensor& points, Random& random,
            Conformance& result)
      : energy_(energy), domain_(domain), points_(points), random_(random), result_(result) {}

  void run() {
    const torch::AutoGradMode enable(true);
    leaf_ = points_.detach().clone().requires_grad_(true);
    value_ = energy_.forward(leaf_);
    registered();
    if (take_gradient() && is_the_slope()) overridden();
  }

 private:
  void fail(std::string what, std::string advice) {
    result_.failures.push_back({std::move(what), std::move(advice)});
  }

  /// ∇_x Σ E, undefined where E has no graph, and whether it could be had.
  bool take_gradient() {
    if (!value_.requires_grad()) return true;
    try {
      slope_ =
          torch::autograd::grad({value_.sum()}, {leaf_}, {}, c10::nullopt, false, /*allow_unused=*/true)[0];
      return true;
    } catch (...) {
      fail("autograd fails on forward: " + text_of(std::current_exception()),
           "forward makes its graph anew at every call; a tensor that was computed from a weight before, "
           "such as in the constructor, is computed in forward instead");
      return false;
    }
  }

  /// No leaf of the graph that wants a gradient is a stranger to the module.
  void registered() {
    std::set<const void*> known = {leaf_.unsafeGetTensorImpl()};
    for (const auto& parameter : energy_.parameters()) known.insert(parameter.unsafeGetTensorImpl());
    for (const auto& buffer : energy_.buffers()) known.insert(buffer.unsafeGetTensorImpl());
    std::set<torch::autograd::Node*> visited;
    std::vector<torch::autograd::Node*> open;
    if (value_.grad_fn()) open.push_back(value_.grad_fn().get());
    while (!open.empty()) {
      auto* node = open.back();
      open.pop_back();
      if (!visited.insert(node).second) continue;
      for (const auto& edge : node->next_edges()) {
        if (edge.function) open.push_back(edge.function.get());
      }
      const auto* leaf = dynamic_cast<const torch::autograd::AccumulateGrad*>(node);
      if (leaf == nullptr || !known.insert(leaf->variable.unsafeGetTensorImpl()).second) continue;
      fail(fmt::format("forward uses a weight of shape {} that requires a gradient and is not registered",
                       shape(leaf->variable)),
           "w = register_parameter(\"w\", ...), and assign nothing else to that member later");
    }
  }

  /// Along random directions; the points of both sides stay on the domain.
  bool is_the_slope() {
    const torch::NoGradGuard no_grad;
    const double scale = points_.square().mean().sqrt().item<double>();
    auto direction = random_.normal(points_.sizes(), points_.options());
    direction = direction / direction.norm(2, 1, true) *
                (difference_step(points_) * scale * std::sqrt(static_cast<double>(points_.size(1))));
    const auto ahead = domain_.retract(points_ + direction), behind = domain_.retract(points_ - direction);
    const auto chord = ahead - behind;
    // A coordinate that has come round is no short way.
    const auto near = chord.norm(2, 1).le(3 * direction.norm(2, 1));
    const auto rise = (energy_.forward(ahead) - energy_.forward(behind)).masked_select(near);
    const auto expected =
        slope_.defined() ? (slope_ * chord).sum(1).masked_select(near) : torch::zeros_like(rise);
    if (rise.numel() == 0 || part_off(rise, expected, rounding(value_)) <= 0.25) return true;
    fail(slope_.defined() ? "the gradient in x is not the slope of the energy"
                          : "the energy changes with x, and has no gradient in x",
         "forward leaves autograd on the way: look for detach(), a NoGradGuard, item(), data_ptr(), a new "
         "tensor made from numbers of x, or a backward of your own");
    return false;
  }

  void overridden() {
    const auto expected = slope_.defined() ? slope_ : torch::zeros_like(points_);
    const double tolerance = is_double(points_) ? 1e-6 : 1e-2;
    try {
      const auto gradient = energy_.gradient(points_);
      const auto [value, second] = energy_.value_and_gradient(points_);
      const double floor = rounding(value_) * std::sqrt(static_cast<double>(points_.size(0)));
      const bool first_off = distance(gradient, expected, floor) > tolerance;
      if (first_off || distance(second, expected, floor) > tolerance) {
        fail(
            fmt::format("{}() is not the gradient of forward", first_off ? "gradient" : "value_and_gradient"),
            "mend the override, or leave it out: autograd then does it");
      }
      if (difference(value, value_.detach()) > (is_double(points_) ? 1e-9 : 1e-4)) {
        fail("value_and_gradient() gives other energies than forward", "mend the override, or leave it out");
      }
    } catch (...) {
      fail("gradient() fails: " + text_of(std::current_exception()), "mend the override, or leave it out");
    }
  }

  Energy& energy_;
  const Domain& domain_;
  const torch::Tensor& points_;
  Random& random_;
  Conformance& result_;
  torch::Tensor leaf_, value_, slope_;
};

}  // namespace

void check_slopes_in_x(Energy& energy, const Domain& domain, const torch::Tensor& points, Random& random,
                       Conformance& result) {
  SlopesInX(energy, domain, points, random, result).run();
}

}  // namespace ebm::conformance
