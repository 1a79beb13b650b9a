#include "dualebm/framework/training/training.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/compute/default_generator.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/problem/parameters.hpp"
#include "dualebm/framework/training/optimizers/optimizers.hpp"

namespace ebm {
namespace {

bool is_on_cuda(const Energy& energy) {
  const auto parameters = energy.parameters();
  return !parameters.empty() && parameters.front().is_cuda();
}

void require_common_parameters(const torch::optim::Optimizer& optimizer, const Energy& energy) {
  std::unordered_set<const void*> own;
  for (const auto& parameter : energy.parameters()) own.insert(parameter.unsafeGetTensorImpl());
  for (const auto& group : optimizer.param_groups()) {
    for (const auto& parameter : group.params()) {
      if (own.count(parameter.unsafeGetTensorImpl()) > 0) return;
    }
  }
  fail(
      "training: the optimizer holds none of the energy's parameters; make it from energy->parameters(), "
      "after the energy has its final device and dtype");
}

/// That more ranks than one would give the same bits as one.
void require_spreadable(const Trainer& trainer) {
  const auto count = trainer.ranks().size();
  if (count == 1) return;
  if (const auto reason = trainer.why_one_rank()) fail("ranks: {} were started, and {}", count, *reason);
  const auto& options = trainer.tensor_options();
  require(options.device().is_cpu(), "ranks: {} were started on {}; they are of the CPU", count,
          options.device().str());
  require(options.dtype() == torch::kFloat || options.dtype() == torch::kDouble,
          "ranks: {} were started with numbers of type {}; take float32 or float64", count,
          c10::toString(c10::typeMetaToScalarType(options.dtype())));
  require(trainer.energy().row_parallel(),
          "ranks: {} were started, and rows of this energy depend on one another or on LibTorch's generator; "
          "start one",
          count);
}

}  // namespace

void Training::Options::describe(Fields& fields) {
  fields.number(
      "gradient_clip", gradient_clip, Range::at_least(0),
      "largest norm of the gradient in all parameters together; a longer one is shortened to it; 0: any");
  fields.number(
      "average_decay", average_decay, {.low = 0, .high = 1, .high_included = false},
      "μ of the moving average of the parameters that is evaluated and saved, at iteration t + 1 at most "
      "(1 + t) / (10 + t); 0: none");
  fields.integer(
      "recoveries", recoveries, Range::at_least(0),
      "how often a run that goes astray is taken back to its last good state and goes on with learning "
      "rates halved; 0: it is not watched, and the first number that is not finite ends it");
  fields.integer("watch_every", watch_every, Range::at_least(1),
                 "iterations between looks whether it has gone astray");
}

Training::Training(std::shared_ptr<Trainer> trainer, std::shared_ptr<torch::optim::Optimizer> optimizer,
                   Options options)
    : trainer_(std::move(trainer)),
      optimizer_(std::move(optimizer)),
      options_(checked(std::move(options), "training")) {
  require(trainer_ != nullptr, "training: there is no trainer");
  require(optimizer_ != nullptr, "training: there is no optimizer");
  require_common_parameters(*optimizer_, energy());
  require_spreadable(*trainer_);
  if (!options_.batches) options_.batches = trainer_->random().branch("batches");
  const bool on_cuda = is_on_cuda(energy());
  guard_ = make_finite_guard(energy(), options_.deferred_checks.value_or(on_cuda));
  executor_ = make_executor(options_.cuda_graph && guard_->deferred());
  if (!energy().row_parallel()) {
    // Its layers may draw from LibTorch's own generator, which is then a part of this training's state.
    const auto seed = trainer_->random().branch("default generator")->integers(std::int64_t{1} << 62, 1);
    seed_default_generator(static_cast<std::uint64_t>(seed.item<std::int64_t>()),
                           trainer_->tensor_options().device());
  }
  const auto traits = traits_of(*optimizer_);
  update_is_on_device_ = traits.on_device;
  const double boost = traits.proportional ? trainer_->step_boost() : 1;
  for (const auto& group : optimizer_->param_groups())
    base_rates_.push_back(group.options().get_lr() * boost);
  if (options_.average_decay != 0) average_.emplace(energy(), options_.average_decay);
}

Training::Training(std::shared_ptr<Trainer> trainer, std::shared_ptr<torch::optim::Optimizer> optimizer)
    : Training(std::move(trainer), std::move(optimizer), Options()) {}

double Training::scale_of(const std::shared_ptr<const Schedule>& schedule, double fraction) const {
  return schedule ? schedule->factor({.iteration = progress_.iteration, .fraction = fraction}) : 1.0;
}

Cost Training::step(const torch::Tensor& batch, double fraction) {
  resume_own_model();
  ++progress_.iteration;
  const double scale = scale_of(options_.optimizer_schedule, fraction) * rate_factor();
  auto& groups = optimizer_->param_groups();
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(base_rates_[i] * scale);
  const Iteration iteration(progress_.iteration,
                            scale_of(options_.particle_schedule, fraction) * step_factor());
  const auto rows = moved_to(batch, trainer_->tensor_options());
  const auto& data = problem().data().train;
  const auto cost = executor_->run(
      {.trainer = *trainer_,
       .iteration = iteration,
       .batch = rows,
       .batch_is_constant = rows.data_ptr() == data.data_ptr() && rows.sizes() == data.sizes(),
       .optimizer_scale = scale,
       .update_is_on_device = update_is_on_device_,
       .take_gradients = [&](const torch::Tensor& points) { return take_gradients(points, iteration); },
       .update = [&] { update_parameters(); }});
  if (average_) average_->update(energy());
  progress_.cost += cost;
  progress_.gradient_evaluations += cost.gradients();
  if (progress_.iteration % deferred_iterations == 0) require_finite();
  return cost;
}

Cost Training::take_gradients(const torch::Tensor& batch, const Iteration& iteration) {
  energy().zero_grad(/*set_to_none=*/true);
  const auto cost = trainer_->accumulate(batch, iteration);
  try {
    guard_->check_gradients(energy(), progress_.iteration, likely_cause());
  } catch (const NonFiniteError& error) {
    if (batch.sum().isfinite().item<bool>()) throw;
    const std::string text = error.what(), mark = "likely cause: ";
    throw NonFiniteError(text.substr(0, text.find(mark)) + mark +
                         "the batch holds a number that is not finite; look at the data");
  }
  if (options_.gradient_clip > 0) clip_gradients();
  return cost;
}

void Training::update_parameters() {
  std::vector<torch::Tensor> before;
  if (trainer_->follows()) {
    for (const auto& parameter : distinct_parameters(energy())) before.push_back(parameter.detach().clone());
  }
  optimizer_->step();
  {
    const torch::NoGradGuard no_grad;
    energy().project_parameters();
  }
  guard_->check_parameters(energy(), progress_.iteration, likely_cause());
  if (trainer_->follows()) let_particles_follow(before);
}

/// Of a step that is too long for the particles a part is kept, along the straight line from
/// the parameters before it.
void Training::let_particles_follow(const std::vector<torch::Tensor>& before) {
  const torch::NoGradGuard no_grad;
  const auto judged_part = [&] {
    const auto judgement = trainer_->judge();
    progress_.cost += judgement.cost;
    progress_.gradient_evaluations += judgement.cost.gradients();
    if (std::isnan(judgement.part)) {
      require_finite();  // a deferred check knows what came first
      throw NonFiniteError(fmt::format("iteration {}: energies at particles are not finite; likely cause: {}",
                                       progress_.iteration, trainer_->likely_cause()));
    }
    return judgement.part;
  };
  if (const double part = judged_part(); part < 1) {
    auto live = distinct_parameters(energy());
    for (std::size_t i = 0; i < live.size(); ++i) live[i].copy_(before[i] + part * (live[i] - before[i]));
    energy().project_parameters();
    judged_part();
  }
  trainer_->follow();
}

void Training::clip_gradients() {
  const torch::NoGradGuard no_grad;
  auto square = torch::zeros({}, trainer_->tensor_options().dtype(torch::kDouble));
  for (const auto& parameter : distinct_parameters(energy())) {
    if (parameter.grad().defined()) square = square + parameter.grad().to(torch::kDouble).norm().square();
  }
  const auto factor = ball_factor(square.sqrt(), options_.gradient_clip);
  for (const auto& parameter : distinct_parameters(energy())) {
    if (parameter.grad().defined()) parameter.grad().mul_(factor);
  }
}

torch::Tensor Training::draw_batch(std::int64_t size) {
  const auto& data = problem().data().train;
  if (size == 0 || size >= data.size(0)) return data;
  return data.index_select(0, options_.batches->subset(data.size(0), size).to(data.device()));
}

MetricValues Training::evaluate(const Evaluator& evaluator) const {
  const AveragedParameters averaged(energy(), own_ ? nullptr : average());
  const EvaluationMode mode(energy());
  return evaluator.evaluate(energy());
}

void Training::keep_as_best() {
  const AveragedParameters averaged(energy(), own_ ? nullptr : average());
  best_.emplace(energy());
}

void Training::begin_end() { end_ = End{.records = records_.size(), .best = best_}; }

void Training::take_back_end() {
  resume_own_model();
  if (!end_) return;
  records_.resize(std::min(records_.size(), end_->records));
  best_ = std::move(end_->best);
  end_.reset();
}

void Training::show_result() {
  if (own_ || (!best_ && !average_)) return;
  own_.emplace(energy());
  if (best_) {
    best_->write_to(energy());
  } else {
    average_->write_to(energy());
  }
}

void Training::resume_own_model() {
  if (own_) own_->write_to(energy());
  own_.reset();
}

}  // namespace ebm
