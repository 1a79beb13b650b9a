#include "framework/trainer.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "framework/error.hpp"

namespace ebm {
namespace {

torch::TensorOptions options_of(const Energy& energy, const torch::Tensor& data) {
  for (const auto& parameter : energy.parameters()) {
    if (parameter.is_floating_point())
      return torch::TensorOptions(parameter.scalar_type()).device(parameter.device());
  }
  return torch::TensorOptions(data.scalar_type()).device(data.device());
}

}  // namespace

Trainer::Trainer(TrainerContext context) : context_(std::move(context)) {
  require(context_.data.defined() && context_.data.size(0) > 0, "trainer: the training set is empty");
  tensor_options_ = options_of(*context_.energy, context_.data);
  require(context_.gradient_clip >= 0, "trainer: gradient_clip must not be negative, got {}",
          context_.gradient_clip);
  for (const auto& group : context_.optimizer->param_groups())
    base_rates_.push_back(group.options().get_lr());
  if (context_.average_decay != 0) average_.emplace(*context_.energy, context_.average_decay);
}

StepReport Trainer::step(const torch::Tensor& batch) {
  ++iteration_;
  set_learning_rates();
  context_.energy->zero_grad();
  const StepReport report{.gradient_evaluations = accumulate(batch.to(tensor_options_))};
  require_finite("the gradient of", /*gradients=*/true);
  if (context_.gradient_clip > 0) clip_gradients();
  context_.optimizer->step();
  {
    const torch::NoGradGuard no_grad;
    context_.energy->project_parameters();
  }
  require_finite("the parameter", /*gradients=*/false);
  if (average_) average_->update(*context_.energy);
  return report;
}

void Trainer::save(torch::serialize::OutputArchive& archive) const {
  archive.write("iteration", torch::IValue(iteration_));
  archive.write("training_points", torch::IValue(context_.data.size(0)));
  archive.write("random", context_.random->state(), /*is_buffer=*/true);
  if (!average_) return;
  torch::serialize::OutputArchive average;
  average_->save(average);
  archive.write("average", average);
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
  if (!average_) return;
  // A run that went without an average so far begins one where it stands.
  average_.emplace(*context_.energy, context_.average_decay);
  torch::serialize::InputArchive average;
  if (archive.try_read("average", average)) average_->load(average);
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

void Trainer::clip_gradients() {
  const torch::NoGradGuard no_grad;
  double square = 0;
  for (const auto& parameter : context_.energy->parameters()) {
    if (parameter.grad().defined())
      square += std::pow(parameter.grad().to(torch::kDouble).norm().item<double>(), 2);
  }
  const double norm = std::sqrt(square);
  if (norm <= context_.gradient_clip) return;
  for (const auto& parameter : context_.energy->parameters()) {
    if (parameter.grad().defined()) parameter.grad().mul_(context_.gradient_clip / norm);
  }
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
