#include "framework/trainer.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "framework/error.hpp"

namespace ebm {

Trainer::Trainer(TrainerContext context) : context_(std::move(context)) {
  require(context_.data.defined() && context_.data.size(0) > 0, "trainer: the training set is empty");
  for (const auto& group : context_.optimizer->param_groups())
    base_rates_.push_back(group.options().get_lr());
}

StepReport Trainer::step(const torch::Tensor& batch) {
  ++iteration_;
  set_learning_rates();
  context_.energy->zero_grad();
  const StepReport report{.gradient_evaluations = accumulate(batch)};
  require_finite("the gradient of", /*gradients=*/true);
  context_.optimizer->step();
  {
    const torch::NoGradGuard no_grad;
    context_.energy->project_parameters();
  }
  require_finite("the parameter", /*gradients=*/false);
  return report;
}

void Trainer::save(torch::serialize::OutputArchive& archive) const {
  archive.write("iteration", torch::IValue(iteration_));
  archive.write("training_points", torch::IValue(context_.data.size(0)));
  archive.write("random", context_.random->state(), /*is_buffer=*/true);
}

void Trainer::load(torch::serialize::InputArchive& archive) {
  torch::IValue iteration, points;
  archive.read("training_points", points);
  require(points.toInt() == context_.data.size(0), "it was trained on {} points, and there are {} now",
          points.toInt(), context_.data.size(0));
  archive.read("iteration", iteration);
  iteration_ = iteration.toInt();
  torch::Tensor state;
  archive.read("random", state, /*is_buffer=*/true);
  context_.random->set_state(state.cpu());
}

void Trainer::scale_learning_rates(double factor) {
  for (auto& rate : base_rates_) rate *= factor;
}

double Trainer::particle_scale() const {
  return context_.particle_schedule ? context_.particle_schedule->factor(iteration_) : 1.0;
}

void Trainer::set_learning_rates() {
  const double factor = context_.optimizer_schedule ? context_.optimizer_schedule->factor(iteration_) : 1.0;
  auto& groups = context_.optimizer->param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(base_rates_[i] * factor);
}

void Trainer::require_finite(const char* stage, bool gradients) const {
  for (const auto& parameter : context_.energy->named_parameters()) {
    const auto& tensor = gradients ? parameter.value().grad() : parameter.value();
    if (!tensor.defined() || std::isfinite(tensor.sum().item<double>())) continue;
    throw NonFiniteError(fmt::format("iteration {}: {} \"{}\" is not finite; likely cause: {}", iteration_,
                                     stage, parameter.key(), likely_cause()));
  }
}

}  // namespace ebm
