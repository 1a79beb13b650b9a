#pragma once

#include <torch/optim/optimizer.h>

#include <deque>
#include <limits>

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/optimizers/optimizer_state.hpp"

namespace ebm {

/// The rate of a group, for schedules: a factor on the first step of each search along a line.
struct LineSearchOptions : public torch::optim::OptimizerCloneableOptions<LineSearchOptions> {
  /// @param lr  the factor
  explicit LineSearchOptions(double lr = 1.0) : lr_(lr) {}
  /// The factor.
  TORCH_ARG(double, lr);

 public:
  /// The factor.
  double get_lr() const override { return lr(); }
  /// Sets it.
  void set_lr(double rate) override { lr(rate); }
};

/// Limited-memory BFGS for a convex, differentiable objective whose gradient is exact: `exact_likelihood` of
/// an energy that is linear in its parameters, with the whole training set as its batch. It minimises
///
///     f(θ) + λ/2 |θ|²,   λ the weight decay,
///
/// by θ_{k+1} = θ_k - t H_k ∇f(θ_k), where H_k is made of the last `memory` pairs of steps s and changes y of
/// the gradient. One gradient a step, and no value of f: along a line the slope of a convex f grows, so that
/// its minimum lies where the slope changes its sign, and a t is good from where |slope| <= 0.9 of that at
/// the start (the strong curvature condition) to where it is 0.2 of it beyond the minimum. The second is less
/// since the slope of a log-likelihood tends to a constant far out: a slope that is not much flatter there
/// may belong to a far higher f. Until then steps are trial points on the same line: doubled where the slope
/// is still steep, and by the secant rule, held off the ends, once the minimum is between two of them. Pairs
/// with <s, y> below half of λ |s|², which those of a convex f exceed, are of an objective that has changed
/// in between, as where a quadrature was refined, and are left out. Memory: 2 `memory` + 3 vectors like θ.
///
/// A path of strengths λ_1 > λ_2 > ... > λ is gone along in one run, each from the optimum of the one before:
/// to the next once |∇f + λ_i θ| <= `tolerance` |∇f + λ_i θ| where that strength began, or after `steps_each`
/// gradients. The pairs stay: a change of the gradient under λ_i is one under λ_{i+1} with (λ_{i+1} - λ_i)
/// times the step added. Early stopping with the best model kept on validation, whose patience outlasts a
/// strength, then chooses λ. Source: Nocedal & Wright 2006, Algorithms 7.4 and 7.5.
class LimitedMemoryBfgs final : public torch::optim::Optimizer, public OptimizerWithState {
 public:
  struct Options {
    std::int64_t memory = 20;                    ///< pairs kept
    double weight_decay = 0;                     ///< λ >= 0
    std::vector<double> weight_decay_path = {};  ///< λ_1, λ_2, ... that come before λ
    double tolerance = 0.01;       ///< part of the gradient at which a strength of the path is done
    std::int64_t steps_each = 40;  ///< gradients at each strength of the path, at most
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is outside its range
  LimitedMemoryBfgs(std::vector<torch::Tensor> parameters, const Options& options);

  /// Takes the gradients as they are in `.grad` and moves to the next trial point.
  torch::Tensor step(LossClosure closure = nullptr) override;

  /// |∇f(θ) + λ θ| where the last gradient was taken; infinite before.
  double gradient_norm() const { return gradient_norm_; }
  /// λ as it is, one of the path or the last.
  double strength() const;

  void save(State& state) const override;
  void load(const State& state) override;

 private:
  /// Where a search along a line stands; slopes are derivatives in t.
  struct Line {
    double t = 0, slope_at_start = 0;
    double low = 0, slope_at_low = 0;  ///< the largest t known to be too small
    double high = std::numeric_limits<double>::infinity(),
           slope_at_high = 0;  ///< the least known to be too large
    std::int64_t trials = 0;
  };

  torch::Tensor flat_parameters() const;
  torch::Tensor flat_gradient() const;
  void move_to(const torch::Tensor& flat);
  void begin_line(const torch::Tensor& at, const torch::Tensor& gradient);
  torch::Tensor direction_for(const torch::Tensor& gradient) const;
  double next_trial() const;
  /// A pair of the memory, if the objective curves along it.
  void keep(const torch::Tensor& step, const torch::Tensor& change);
  bool goes_on_along_path();

  Options options_;
  std::vector<torch::Tensor> parameters_;
  std::deque<torch::Tensor> steps_, changes_;  ///< pairs, the oldest first, [P] each, double
  torch::Tensor origin_, gradient_at_origin_,
      direction_;  ///< of the line, likewise; undefined before the first step
  Line line_;
  double gradient_norm_ = std::numeric_limits<double>::infinity();
  std::int64_t place_ = 0, steps_here_ = 0;  ///< on the path of strengths, and gradients since it is there
  double norm_at_start_ = 0;                 ///< of the gradient where this strength began
};

}  // namespace ebm
