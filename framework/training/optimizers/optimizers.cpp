#include "dualebm/framework/training/optimizers/optimizers.hpp"

#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "dualebm/framework/problem/neuron_energy.hpp"
#include "dualebm/framework/problem/parameters.hpp"
#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"

namespace ebm {
namespace {

struct FlowOptions : WassersteinFisherRao::Options {
  void describe(Fields& fields) {
    fields.number("neuron_step", neuron_step, Range::at_least(0), "step h_z of the neurons; α = h_z / h_x");
    fields.number("weight_step", weight_step, Range::at_least(0), "step h_w of the weights");
  }
};

struct AdamOptions {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  void describe(Fields& fields) {
    const Range moment{.low = 0, .high = 1, .high_included = false};
    fields.number("learning_rate", learning_rate, Range::positive(), "step size");
    fields.number("beta1", beta1, moment, "decay of the mean of gradients");
    fields.number("beta2", beta2, moment, "decay of the mean of squared gradients");
    fields.number("epsilon", epsilon, Range::positive(), "added to the root of the mean square");
    fields.number("weight_decay", weight_decay, Range::at_least(0),
                  "λ: adam adds λ θ to the gradient, adamw shrinks θ by learning_rate λ θ");
  }
};

struct SgdOptions {
  double learning_rate = 1e-2, momentum = 0, weight_decay = 0;
  void describe(Fields& fields) {
    fields.number("learning_rate", learning_rate, Range::positive(), "step size");
    fields.number("momentum", momentum, {.low = 0, .high = 1, .high_included = false}, "heavy-ball momentum");
    fields.number("weight_decay", weight_decay, Range::at_least(0),
                  "ridge penalty λ: adds λ θ to the gradient");
  }
};

std::vector<torch::Tensor> trainable(const Energy& energy) {
  std::vector<torch::Tensor> parameters;
  for (const auto& parameter : distinct_parameters(energy)) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  require(!parameters.empty(), "optimizer: the energy has no parameters to train");
  return parameters;
}

template <class Optimizer, class Settings>
std::shared_ptr<torch::optim::Optimizer> make_adam(const OptimizerContext& context,
                                                   const AdamOptions& given) {
  const auto options = checked(given, "adam");
  return std::make_shared<Optimizer>(trainable(context.energy), Settings(options.learning_rate)
                                                                    .betas({options.beta1, options.beta2})
                                                                    .eps(options.epsilon)
                                                                    .weight_decay(options.weight_decay));
}

}  // namespace

void add_optimizers(Registry<torch::optim::Optimizer, OptimizerContext>& optimizers) {
  optimizers.add<FlowOptions>(
      "wasserstein_fisher_rao", "transport and birth-death of neurons; shallow energies",
      [](const OptimizerContext& context, const FlowOptions& options) {
        trainable(context.energy);
        const auto* shallow = as_neuron_energy(context.energy);
        require(
            shallow != nullptr,
            "optimizer.name: wasserstein_fisher_rao moves neurons, which this energy has none of; take adam "
            "or sgd");
        return std::make_shared<WassersteinFisherRao>(shallow->neurons(),
                                                      checked(options, "wasserstein_fisher_rao"));
      });
  optimizers.add<AdamOptions>("adam", "Adam (Kingma & Ba 2015)",
                              make_adam<torch::optim::Adam, torch::optim::AdamOptions>);
  optimizers.add<AdamOptions>("adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)",
                              make_adam<torch::optim::AdamW, torch::optim::AdamWOptions>);
  optimizers.add<LimitedMemoryBfgs::Options>(
      "limited_memory_bfgs",
      "L-BFGS by exact gradients alone; exact_likelihood of energies that are linear in their parameters",
      [](const OptimizerContext& context, const LimitedMemoryBfgs::Options& options) {
        return std::make_shared<LimitedMemoryBfgs>(trainable(context.energy), options);
      });
  optimizers.add<SgdOptions>("sgd", "stochastic gradient descent",
                             [](const OptimizerContext& context, const SgdOptions& given) {
                               const auto options = checked(given, "sgd");
                               return std::make_shared<torch::optim::SGD>(
                                   trainable(context.energy), torch::optim::SGDOptions(options.learning_rate)
                                                                  .momentum(options.momentum)
                                                                  .weight_decay(options.weight_decay));
                             });
}

OptimizerTraits traits_of(const torch::optim::Optimizer& optimizer) {
  const bool plain = dynamic_cast<const WassersteinFisherRao*>(&optimizer) != nullptr ||
                     dynamic_cast<const torch::optim::SGD*>(&optimizer) != nullptr;
  return {.proportional = plain, .on_device = plain};
}

}  // namespace ebm
