#pragma once

#include <memory>
#include <vector>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// How long a training goes on, and how often it is looked at.
struct FitOptions {
  std::int64_t iterations = 4000;         ///< length of the run
  std::int64_t batch_size = 0;            ///< data points per iteration; 0: all of them
  std::int64_t gradient_evaluations = 0;  ///< budget that ends the run as well, see Cost; 0: none
  double seconds = 0;                     ///< budget of training time that ends the run as well; 0: none
  std::int64_t evaluate_every = 0;        ///< iterations between evaluations; 0: at start and end only
  /// Numbers of gradient evaluations at which the energy is looked at as well, after the iteration that comes
  /// nearest: places where trainings are compared.
  std::vector<std::int64_t> evaluate_at = {};
  /// What evaluates; none: one with the standard metrics, made here.
  std::shared_ptr<const Evaluator> evaluator = nullptr;
  /// All but the last three: these belong to other sections of a configuration.
  void describe(Fields& fields);
};

/// How a run ended.
struct FitResult {
  RunEnd end = RunEnd::finished;  ///< the kind of its end
  std::string reason;             ///< one line for a person; empty where all iterations are done
  Progress progress;              ///< at the end
  Record last;  ///< the evaluation of the energy as it is now: the best, the averaged, or the last
};

/// The only training loop: batch, step, evaluation, callbacks, until the iterations or a budget are used up
/// or a callback asks to stop. It goes on from where the training stands; iteration 0 is evaluated too. When
/// it returns the energy is the result: the best one kept, else the average, else the last.
/// @throws UserError if an option is out of its range
/// @throws NonFiniteError from the training or the evaluator, with the iteration in the message.
FitResult fit(Training& training, const FitOptions& options, const std::vector<Callback*>& callbacks = {});

}  // namespace ebm
