#include "dualebm/framework/training/trainer.hpp"

#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"

namespace ebm {
namespace {

torch::TensorOptions options_of(const Energy& energy, const torch::Tensor& data) {
  for (const auto& parameter : energy.parameters()) {
    if (parameter.is_floating_point())
      return torch::TensorOptions(parameter.scalar_type()).device(parameter.device());
  }
  return torch::TensorOptions(data.scalar_type()).device(data.device());
}

bool is_on_cuda(const Energy& energy) {
  const auto parameters = energy.parameters();
  return !parameters.empty() && parameters.front().is_cuda();
}

/// Whether a step is the same work on the device every time. Adam's is not: it counts steps on the host.
bool computes_on_device(const torch::optim::Optimizer& optimizer) {
  return dynamic_cast<const WassersteinFisherRao*>(&optimizer) != nullptr ||
         dynamic_cast<const torch::optim::SGD*>(&optimizer) != nullptr;
}

}  // namespace

Trainer::Trainer(TrainerContext context)
    : context_(std::move(context)),
      guard_(*context_.energy, context_.deferred_checks.value_or(is_on_cuda(*context_.energy))),
      graph_holds_optimizer_(computes_on_device(*context_.optimizer)) {
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
  const auto rows = moved_to(batch, tensor_options_);
  StepReport report;
  if (context_.cuda_graph && guard_.deferred() && repeats()) {
    const bool whole = rows.data_ptr() == context_.data.data_ptr() && rows.sizes() == context_.data.sizes();
    report.gradient_evaluations =
        captured_.run({.numbers = {optimizer_scale(), particle_scale()},
                       .batch_is_constant = whole,
                       .generator = random().generator()},
                      rows, carried(), *context_.energy, [this](const torch::Tensor& points) {
                        const auto evaluations = take_gradients(points);
                        if (graph_holds_optimizer_) update_parameters();
                        return evaluations;
                      });
    if (!graph_holds_optimizer_) update_parameters();
  } else {
    report.gradient_evaluations = take_gradients(rows);
    update_parameters();
  }
  if (average_) average_->update(*context_.energy);
  if (iteration_ % deferred_iterations == 0) require_finite();
  return report;
}

std::int64_t Trainer::take_gradients(const torch::Tensor& batch) {
  context_.energy->zero_grad(/*set_to_none=*/true);
  const auto evaluations = accumulate(batch);
  guard_.check_gradients(*context_.energy, iteration_, likely_cause());
  if (context_.gradient_clip > 0) clip_gradients();
  return evaluations;
}

void Trainer::update_parameters() {
  context_.optimizer->step();
  {
    const torch::NoGradGuard no_grad;
    context_.energy->project_parameters();
  }
  guard_.check_parameters(*context_.energy, iteration_, likely_cause());
}

void Trainer::save(torch::serialize::OutputArchive& archive) const {
  require_finite();
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
  guard_.resume_at(iteration_);
  captured_.forget();
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

double Trainer::optimizer_scale() const {
  return context_.optimizer_schedule ? context_.optimizer_schedule->factor(iteration_) : 1.0;
}

void Trainer::set_learning_rates() {
  const double factor = optimizer_scale();
  auto& groups = context_.optimizer->param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(base_rates_[i] * factor);
}

void Trainer::clip_gradients() {
  const torch::NoGradGuard no_grad;
  auto square = torch::zeros({}, tensor_options_.dtype(torch::kDouble));
  for (const auto& parameter : context_.energy->parameters()) {
    if (parameter.grad().defined()) square = square + parameter.grad().to(torch::kDouble).norm().square();
  }
  const auto factor = ball_factor(square.sqrt(), context_.gradient_clip);
  for (const auto& parameter : context_.energy->parameters()) {
    if (parameter.grad().defined()) parameter.grad().mul_(factor);
  }
}

}  // namespace ebm
