#pragma once

#include <vector>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Options of the training loop.
struct LoopOptions {
  std::int64_t iterations = 4000;         ///< length of the run
  std::int64_t batch_size = 0;            ///< data points per iteration; 0: all of them
  std::int64_t gradient_evaluations = 0;  ///< budget that ends the run as well, see StepReport; 0: none
  double seconds = 0;                     ///< budget of training time that ends the run as well; 0: none
  std::int64_t checkpoint_every = 1000;   ///< iterations between checkpoints; 0: at the end only
  std::string early_stop_metric;          ///< see EarlyStop; empty: none
  std::int64_t early_stop_patience = 20;  ///< evaluations without improvement before an early stop
  double gradient_clip = 0;               ///< see TrainerContext; 0: none
  double average_decay = 0;               ///< of a ParameterAverage; 0: none
  void describe(Fields& fields);
};

/// How a run ended.
struct FitResult {
  Progress progress;   ///< at the end
  Record last;         ///< the evaluation of the final energy, averaged if an average is kept
  std::string reason;  ///< "finished", or what stopped it before
};

/// The only training loop: batch, step, evaluation, callbacks, until the iterations or a budget are used up
/// or a callback asks to stop. Evaluations see the averaged parameters if the trainer keeps an average, in
/// evaluation mode; before and after them the energy has its own parameters and mode.
///
/// @param data     [n, d], the training set; minibatches are drawn from it without replacement by `batches`,
/// and
///                 only their rows are read: it may be a memory map in a dtype of its own
/// @param start    where a resumed run stands; iteration 0 is evaluated too
/// @throws NonFiniteError from the trainer or the evaluator, with the iteration in the message.
FitResult fit(Trainer& trainer, Energy& energy, const torch::Tensor& data, Random& batches,
              const Evaluator& evaluator, const LoopOptions& options, const std::vector<Callback*>& callbacks,
              Progress start = {});

}  // namespace ebm
