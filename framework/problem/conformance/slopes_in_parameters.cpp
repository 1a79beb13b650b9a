#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/conformance/slopes.hpp"
#include "dualebm/framework/problem/conformance/tools.hpp"

namespace ebm::conformance {
namespace {

using torch::autograd::grad;

class SlopesInParameters {
 public:
  SlopesInParameters(Energy& energy, const torch::Tensor& points, Random& random, Conformance& result)
      : energy_(energy), points_(points), random_(random), result_(result) {
    for (auto& parameter : named_distinct_parameters(energy)) {
      if (parameter.tensor.requires_grad()) trained_.push_back(std::move(parameter));
    }
  }

  void run() {
    if (!trained_.empty() && reached() && are_the_slopes()) overridden();
  }

 private:
  void fail(std::string what, std::string advice) {
    result_.failures.push_back({std::move(what), std::move(advice)});
  }

  torch::Tensor energies() const {
    const torch::AutoGradMode enable(true);
    return energy_.forward(points_);
  }

  std::vector<torch::Tensor> tensors() const {
    std::vector<torch::Tensor> list;
    for (const auto& parameter : trained_) list.push_back(parameter.tensor);
    return list;
  }

  bool reached() {
    const auto value = energies();
    const auto gradients = value.requires_grad()
                               ? grad({value.sum()}, tensors(), {}, c10::nullopt, false, true)
                               : std::vector<torch::Tensor>(trained_.size());
    bool all = true;
    for (std::size_t i = 0; i < trained_.size(); ++i) {
      if (gradients[i].defined()) continue;
      all = false;
      fail(fmt::format("the parameter \"{}\" takes no part in forward", trained_[i].name),
           "if its member was assigned to after register_parameter or register_module, leave that line out "
           "and keep what these return; else do not register it, or call requires_grad_(false) on it");
    }
    return all;
  }

  /// Along one random direction in the parameters, in eight groups of points with signs of their own; if they
  /// are off, one parameter at a time says which.
  bool are_the_slopes() {
    if (along(trained_) <= 0.5) return true;
    for (const auto& parameter : trained_) {
      if (along({parameter}) <= 0.5) continue;
      fail(fmt::format("the energy does not follow its parameter \"{}\": the gradient is not its slope",
                       parameter.name),
           "compute what depends on it in forward, from the very tensor that register_parameter returned; "
           "what the constructor computes from it, or keeps of it in another member, stays as it was");
      return false;
    }
    return true;
  }

  /// The part of the groups whose differences are off.
  double along(const std::vector<NamedTensor>& parameters) {
    std::vector<torch::Tensor> lives, directions, before;
    for (const auto& parameter : parameters) {
      const auto live = parameter.tensor.detach();
      const double size = std::max(0.1, live.numel() ? live.square().mean().sqrt().item<double>() : 0.0);
      lives.push_back(parameter.tensor);
      before.push_back(live.clone());
      directions.push_back(random_.normal(live.sizes(), live.options()) * (size * difference_step(points_)));
    }
    const auto signs = random_.normal({points_.size(0)}, points_.options()).sign();
    const auto summed = [&](const torch::Tensor& values) {
      return (values * signs).view({groups, -1}).sum(1);
    };
    const auto shifted = [&](double factor) {
      const torch::NoGradGuard no_grad;
      for (std::size_t i = 0; i < lives.size(); ++i) lives[i].copy_(before[i] + factor * directions[i]);
      const auto values = summed(energy_.forward(points_));
      for (std::size_t i = 0; i < lives.size(); ++i) lives[i].copy_(before[i]);
      return values;
    };
    const auto rise = shifted(1) - shifted(-1);
    const auto value = energies();
    const torch::AutoGradMode enable(true);
    const auto sums = summed(value);
    auto expected = torch::zeros_like(rise);
    for (std::int64_t group = 0; group < groups; ++group) {
      const auto gradients = grad({sums[group]}, lives, {}, /*retain_graph=*/true, false, true);
      for (std::size_t i = 0; i < lives.size(); ++i) {
        if (gradients[i].defined())
          expected[group] += 2 * (gradients[i] * directions[i]).sum().to(expected.scalar_type());
      }
    }
    const auto in_group = static_cast<double>(points_.size(0) / groups);
    return part_off(rise, expected, rounding(value) * std::sqrt(in_group));
  }

  void overridden() {
    const auto weight = random_.normal({points_.size(0)}, points_.options());
    const auto lives = tensors();
    std::vector<torch::Tensor> expected;
    {
      const torch::AutoGradMode enable(true);
      expected = grad({energies().dot(weight)}, lives, {}, c10::nullopt, false, true);
    }
    energy_.zero_grad(/*set_to_none=*/true);
    double size = 0;
    for (const auto& gradient : expected)
      size = std::max(size, gradient.defined() ? gradient.norm().item<double>() : 0);
    energy_.accumulate_gradient(points_, weight);
    for (std::size_t i = 0; i < lives.size(); ++i) {
      const auto one = expected[i].defined() ? expected[i] : torch::zeros_like(lives[i]);
      const auto found = lives[i].grad().defined() ? lives[i].grad() : torch::zeros_like(one);
      if (distance(found, one, 1e-3 * size) <= (is_double(points_) ? 1e-6 : 1e-2)) continue;
      fail(fmt::format("accumulate_gradient() adds something else to the parameter \"{}\" than the gradient "
                       "of forward",
                       trained_[i].name),
           "mend the override, or leave it out: autograd then does it");
    }
  }

  static constexpr std::int64_t groups = 8;  // of points, whose slopes are taken together

  Energy& energy_;
  const torch::Tensor& points_;
  Random& random_;
  Conformance& result_;
  std::vector<NamedTensor> trained_;
};

}  // namespace

void check_slopes_in_parameters(Energy& energy, const torch::Tensor& points, Random& random,
                                Conformance& result) {
  SlopesInParameters(energy, points, random, result).run();
}

}  // namespace ebm::conformance
