#include <dualebm/framework/training/optimizers/optimizers.hpp>

/// What LibTorch asks of the options of a group: a rate that schedules may set.
struct Rate : torch::optim::OptimizerCloneableOptions<Rate> {
  explicit Rate(double rate = 0) : rate(rate) {}
  double get_lr() const override { return rate; }
  void set_lr(double value) override { rate = value; }
  double rate;
};

/// θ <- θ - h sign(∂J/∂θ). It remembers nothing of past gradients, so a checkpoint needs nothing of it.
struct SignDescent final : torch::optim::Optimizer {
  struct Options {
    double learning_rate = 0.01;
    void describe(ebm::Fields& fields) {
      fields.number("learning_rate", learning_rate, ebm::Range::positive(), "size of every step");
    }
  };
  SignDescent(const ebm::OptimizerContext& context, const Options& options)
      : Optimizer(context.energy.parameters(), std::make_unique<Rate>()) {
    for (auto& group : param_groups())
      group.options().set_lr(ebm::checked(options, "sign_descent").learning_rate);
  }
  torch::Tensor step(LossClosure) override {
    const torch::NoGradGuard no_grad;
    for (auto& group : param_groups()) {
      for (auto& parameter : group.params()) {
        if (parameter.grad().defined()) parameter.sub_(parameter.grad().sign(), group.options().get_lr());
      }
    }
    return {};
  }
};
