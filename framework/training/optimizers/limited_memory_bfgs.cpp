#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double curvature = 0.9;          // the part of the slope at the start that a good step leaves
constexpr double overshoot = 0.2;          // likewise beyond the minimum of the line
constexpr double least_curvature = 1e-14;  // of a pair, as a cosine: what rounding leaves
constexpr double least_share = 0.5;        // of λ |s|², the least curvature that an exact pair has
constexpr std::int64_t most_trials = 20;

double product(const torch::Tensor& a, const torch::Tensor& b) { return a.dot(b).item<double>(); }

}  // namespace

void LimitedMemoryBfgs::Options::describe(Fields& fields) {
  fields.integer("memory", memory, Range::between(1, 1000),
                 "pairs of steps and changes of the gradient that are kept");
  fields.number("weight_decay", weight_decay, Range::at_least(0),
                "ridge penalty λ: adds λ/2 |θ|² to the objective");
  fields.numbers(
      "weight_decay_path", weight_decay_path, Range::positive(),
      "penalties that come before weight_decay, the largest first, each from the optimum of the one before; "
      "with early stopping on validation that chooses among them");
  fields.number("tolerance", tolerance, {.low = 0, .high = 1, .low_included = false, .high_included = false},
                "part of the gradient at its start at which a penalty of the path is done");
  fields.integer("steps_each", steps_each, Range::at_least(1),
                 "gradients at each penalty of the path, at most");
}

LimitedMemoryBfgs::LimitedMemoryBfgs(std::vector<torch::Tensor> parameters, const Options& options)
    : Optimizer({torch::optim::OptimizerParamGroup(parameters)}, std::make_unique<LineSearchOptions>()),
      options_(checked(options, "limited_memory_bfgs")),
      parameters_(std::move(parameters)) {
  param_groups()[0].options().set_lr(1);
  auto path = options_.weight_decay_path;
  path.push_back(options_.weight_decay);
  require(std::is_sorted(path.rbegin(), path.rend()),
          "optimizer.weight_decay_path: penalties have to fall, down to weight_decay {:g}",
          options_.weight_decay);
}

double LimitedMemoryBfgs::strength() const {
  const auto& path = options_.weight_decay_path;
  return place_ < static_cast<std::int64_t>(path.size()) ? path[static_cast<std::size_t>(place_)]
                                                         : options_.weight_decay;
}

/// To the next strength if this one is done. @return whether it is another now
bool LimitedMemoryBfgs::goes_on_along_path() {
  if (place_ == static_cast<std::int64_t>(options_.weight_decay_path.size())) return false;
  if (steps_here_++ == 0) norm_at_start_ = gradient_norm_;
  if (gradient_norm_ > options_.tolerance * norm_at_start_ && steps_here_ <= options_.steps_each)
    return false;
  const double before = strength();
  ++place_;
  // The gradient of the new objective changes less along a step; what has no curvature left is forgotten.
  auto steps = std::exchange(steps_, {}), changes = std::exchange(changes_, {});
  for (std::size_t i = 0; i < steps.size(); ++i)
    keep(steps[i], changes[i] + (strength() - before) * steps[i]);
  return true;
}

void LimitedMemoryBfgs::keep(const torch::Tensor& step, const torch::Tensor& change) {
  const double along = product(step, change), square = product(step, step);
  if (!(along > least_curvature * std::sqrt(square * product(change, change)))) return;
  if (along < least_share * strength() * square) return;
  steps_.push_back(step);
  changes_.push_back(change);
  if (static_cast<std::int64_t>(steps_.size()) <= options_.memory) return;
  steps_.pop_front();
  changes_.pop_front();
}

torch::Tensor LimitedMemoryBfgs::flat_parameters() const {
  std::vector<torch::Tensor> flat;
  for (const auto& one : parameters_) flat.push_back(one.detach().reshape(-1).to(torch::kDouble));
  return torch::cat(flat);
}

torch::Tensor LimitedMemoryBfgs::flat_gradient() const {
  std::vector<torch::Tensor> flat;
  for (const auto& one : parameters_) {
    flat.push_back(
        (one.grad().defined() ? one.grad().detach() : torch::zeros_like(one)).reshape(-1).to(torch::kDouble));
  }
  return torch::cat(flat);
}

void LimitedMemoryBfgs::move_to(const torch::Tensor& flat) {
  std::int64_t begin = 0;
  for (auto& one : parameters_) {
    one.copy_(flat.narrow(0, begin, one.numel()).view(one.sizes()));
    begin += one.numel();
  }
}

torch::Tensor LimitedMemoryBfgs::direction_for(const torch::Tensor& gradient) const {
  auto q = gradient.clone();
  std::vector<double> weights(steps_.size());
  for (std::size_t i = steps_.size(); i-- > 0;) {
    weights[i] = product(steps_[i], q) / product(steps_[i], changes_[i]);
    q.sub_(changes_[i], weights[i]);
  }
  if (!steps_.empty())
    q.mul_(product(steps_.back(), changes_.back()) / product(changes_.back(), changes_.back()));
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const double back = product(changes_[i], q) / product(steps_[i], changes_[i]);
    q.add_(steps_[i], weights[i] - back);
  }
  return q.neg_();
}

void LimitedMemoryBfgs::begin_line(const torch::Tensor& at, const torch::Tensor& gradient) {
  origin_ = at;
  gradient_at_origin_ = gradient;
  direction_ = direction_for(gradient);
  if (!(product(direction_, gradient) < 0)) {  // rounding at the end, or an objective that has changed
    steps_.clear();
    changes_.clear();
    direction_ = -gradient;
  }
  const double slope = product(direction_, gradient);
  const double first =
      steps_.empty() ? std::min(1.0, 1 / std::max(1e-300, gradient.abs().sum().item<double>())) : 1.0;
  line_ = {.t = first * param_groups()[0].options().get_lr(), .slope_at_start = slope, .slope_at_low = slope};
}

double LimitedMemoryBfgs::next_trial() const {
  if (std::isinf(line_.high)) return 2 * line_.t;
  const double width = line_.high - line_.low;
  const double secant = line_.low - line_.slope_at_low * width / (line_.slope_at_high - line_.slope_at_low);
  return std::clamp(secant, line_.low + 0.1 * width, line_.high - 0.1 * width);
}

torch::Tensor LimitedMemoryBfgs::step(LossClosure closure) {
  torch::Tensor loss;
  if (closure) {
    const torch::AutoGradMode enable(true);
    loss = closure();
  }
  const torch::NoGradGuard no_grad;
  const auto at = flat_parameters();
  const auto slope_of_f = flat_gradient();
  auto gradient = slope_of_f + strength() * at;
  gradient_norm_ = std::sqrt(product(gradient, gradient));
  const bool another = goes_on_along_path();
  if (another) {
    gradient = slope_of_f + strength() * at;
    norm_at_start_ = gradient_norm_ = std::sqrt(product(gradient, gradient));
    steps_here_ = 1;
  }
  if (gradient_norm_ == 0) return loss;
  if (another || !origin_.defined()) {
    begin_line(at, gradient);
  } else {
    const double slope = product(gradient, direction_);
    const double most = std::abs(line_.slope_at_start);
    if ((slope >= -curvature * most && slope <= overshoot * most) || ++line_.trials >= most_trials) {
      keep(at - origin_, gradient - gradient_at_origin_);
      begin_line(at, gradient);
    } else {
      (slope > 0 ? line_.high : line_.low) = line_.t;
      (slope > 0 ? line_.slope_at_high : line_.slope_at_low) = slope;
      line_.t = next_trial();
    }
  }
  move_to(origin_ + line_.t * direction_);
  return loss;
}

void LimitedMemoryBfgs::save(State& state) const {
  state.write("pairs", static_cast<std::int64_t>(steps_.size()));
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    state.write(fmt::format("step_{}", i), steps_[i]);
    state.write(fmt::format("change_{}", i), changes_[i]);
  }
  state.write("path", torch::tensor({double(place_), double(steps_here_), norm_at_start_}, torch::kDouble));
  if (!origin_.defined()) return;
  state.write("origin", origin_);
  state.write("gradient_at_origin", gradient_at_origin_);
  state.write("direction", direction_);
  const auto& l = line_;
  state.write("line", torch::tensor({l.t, l.slope_at_start, l.low, l.slope_at_low, l.high, l.slope_at_high},
                                    torch::kDouble));
  state.write("trials", l.trials);
  state.write("gradient_norm", gradient_norm_);
}

void LimitedMemoryBfgs::load(const State& state) {
  const auto like = flat_parameters();
  const auto pairs = state.integer("pairs");
  require(pairs >= 0 && pairs <= options_.memory, "it has {} pairs, and memory is {}", pairs,
          options_.memory);
  std::deque<torch::Tensor> steps, changes;
  for (std::int64_t i = 0; i < pairs; ++i) {
    steps.push_back(state.tensor_like(fmt::format("step_{}", i), like));
    changes.push_back(state.tensor_like(fmt::format("change_{}", i), like));
  }
  const auto path = state.tensor_like("path", torch::empty({3}, torch::kDouble)).contiguous();
  const auto* on_path = path.data_ptr<double>();
  require(on_path[0] >= 0 && on_path[0] <= static_cast<double>(options_.weight_decay_path.size()),
          "it is at strength {} of a path of {}", on_path[0], options_.weight_decay_path.size());
  double norm = std::numeric_limits<double>::infinity();
  torch::Tensor origin, gradient, direction;
  Line line;
  if (state.has("origin")) {
    origin = state.tensor_like("origin", like);
    gradient = state.tensor_like("gradient_at_origin", like);
    direction = state.tensor_like("direction", like);
    const auto numbers = state.tensor_like("line", torch::empty({6}, torch::kDouble)).contiguous();
    const auto* n = numbers.data_ptr<double>();
    line = {n[0], n[1], n[2], n[3], n[4], n[5], state.integer("trials")};
    norm = state.number("gradient_norm");
  }
  steps_ = std::move(steps);
  changes_ = std::move(changes);
  std::tie(origin_, gradient_at_origin_, direction_) = std::tie(origin, gradient, direction);
  line_ = line;
  gradient_norm_ = norm;
  place_ = static_cast<std::int64_t>(on_path[0]);
  steps_here_ = static_cast<std::int64_t>(on_path[1]);
  norm_at_start_ = on_path[2];
}

}  // namespace ebm
