#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

double smallest_normal(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kDouble ? std::numeric_limits<double>::min()
                                                : std::numeric_limits<float>::min();
}

double epsilon(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kDouble ? std::numeric_limits<double>::epsilon()
                                                : std::numeric_limits<float>::epsilon();
}

}  // namespace

WassersteinFisherRao::WassersteinFisherRao(Neurons neurons, Options options)
    : Optimizer(std::vector<torch::optim::OptimizerParamGroup>{{{neurons.positions}}, {{neurons.weights}}},
                std::make_unique<FlowGroupOptions>()),
      neurons_(std::move(neurons)) {
  require(options.neuron_step >= 0, "Wasserstein-Fisher-Rao flow: neuron_step must not be negative, got {}",
          options.neuron_step);
  require(options.weight_step >= 0, "Wasserstein-Fisher-Rao flow: weight_step must not be negative, got {}",
          options.weight_step);
  // Not through options of the groups: newer LibTorch replaces what it takes for defaults in them.
  param_groups()[0].options().set_lr(options.neuron_step);
  param_groups()[1].options().set_lr(options.weight_step);
}

torch::Tensor WassersteinFisherRao::step(LossClosure closure) {
  torch::Tensor loss;
  if (closure) {
    const torch::AutoGradMode enable(true);
    loss = closure();
  }
  const torch::NoGradGuard no_grad;
  move_positions(param_groups()[0].options().get_lr());
  move_weights(param_groups()[1].options().get_lr());
  return loss;
}

void WassersteinFisherRao::move_positions(double rate) {
  auto& z = neurons_.positions;
  if (!z.requires_grad() || !z.grad().defined()) return;
  const auto count = static_cast<double>(z.size(0));
  const auto mass = neurons_.weights / count;
  // Below this the gradient, which carries the mass as a factor, has lost digits to underflow.
  const auto divisible = mass > smallest_normal(mass) / epsilon(mass);
  const auto velocity =
      torch::where(divisible.unsqueeze(1), z.grad() / mass.unsqueeze(1), torch::zeros_like(z));
  const auto tangent = velocity - (velocity * z).sum(1, true) * z;
  const auto moved = z - rate * tangent;
  z.copy_(moved / moved.norm(2, 1, true));
}

void WassersteinFisherRao::move_weights(double rate) {
  auto& w = neurons_.weights;
  if (!w.requires_grad() || !w.grad().defined()) return;
  const auto step = w.grad() * (rate * static_cast<double>(w.size(0)));
  if (neurons_.signs.defined()) {
    w.mul_((-step).exp()).clamp_min_(smallest_normal(w));
  } else {
    w.sub_(step);
  }
}

}  // namespace ebm
