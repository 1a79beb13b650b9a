#pragma once

#include <torch/optim/optimizer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/training/executor/executor.hpp"
#include "dualebm/framework/training/guards/finite_guard.hpp"
#include "dualebm/framework/training/model_snapshot.hpp"
#include "dualebm/framework/training/parameter_average.hpp"
#include "dualebm/framework/training/progress.hpp"
#include "dualebm/framework/training/recovery.hpp"
#include "dualebm/framework/training/schedules/schedule.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// The book-keeper of a training: it owns everything that changes while a strategy is followed, and is what a
/// checkpoint holds. One step is: gradients of the strategy, a look for what is not finite, the clip, the
/// optimizer, the projection, another look, the average.
class Training final {
 public:
  struct Options {
    double gradient_clip = 0;  ///< largest norm of the gradient in all parameters together; 0: any
    double average_decay = 0;  ///< of a ParameterAverage, in [0, 1); 0: none is kept
    /// Factors on the learning rates and on the particles' steps; none: constant.
    std::shared_ptr<const Schedule> optimizer_schedule = nullptr, particle_schedule = nullptr;
    /// The stream that draws minibatches; none: a branch of the trainer's.
    std::shared_ptr<Random> batches = nullptr;
    /// Whether what is not finite is noted on the device and reported later; none: on a CUDA device.
    std::optional<bool> deferred_checks = std::nullopt;
    bool cuda_graph = true;       ///< whether iterations on a CUDA device may be captured and replayed
    std::int64_t recoveries = 5;  ///< how often it is taken back when it goes astray, see `watch`; 0: never
    std::int64_t watch_every = 100;  ///< iterations between looks and good states
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is out of its range, something is missing, or the optimizer moves none of
  /// the energy's parameters
  Training(std::shared_ptr<Trainer> trainer, std::shared_ptr<torch::optim::Optimizer> optimizer,
           Options options);
  /// With the options' defaults.
  Training(std::shared_ptr<Trainer> trainer, std::shared_ptr<torch::optim::Optimizer> optimizer);

  /// One update of the energy on a batch.
  ///
  /// On a CUDA device the host only hands work over and does not wait for it, so long as data and random
  /// stream are on that device; checks are deferred.
  /// @param batch [b, d], rows of the training data; converted to the energy's dtype and device if need be
  /// @param fraction  of the run at the end of this step, for schedules, see Moment
  /// @throws NonFiniteError naming the parameter and the likely cause, before anything else is harmed;
  /// if checks are deferred, at the latest `deferred_iterations` later, with the parameters from before.
  Cost step(const torch::Tensor& batch, double fraction = 0);

  /// To be called after every step: every `watch_every` iterations it looks whether the training has gone
  /// astray (see trouble_in), and remembers the state as a good one if not. Changes nothing else, and does
  /// nothing without recoveries; outside of any captured graph.
  /// @throws DivergedError
  void watch();

  /// Takes a training that has gone astray back to the good state before last, a whole interval before the
  /// trouble was seen at least, with learning rates halved for good, and the particles' steps too where
  /// numbers were not finite. What the iterations in between have cost stays counted; their records are gone.
  /// @throws DivergedError with the diagnosis where it has been taken back as often as it may be
  const Recovery& recover(const DivergedError& error);

  /// Every time that it was taken back, in order.
  const std::vector<Recovery>& recoveries() const { return recoveries_; }

  /// A batch of this many rows without repetition; all of them for 0, or for more than there are.
  torch::Tensor draw_batch(std::int64_t size);

  /// The metrics of the averaged parameters, if an average is kept, in evaluation mode; before and after it
  /// the energy has its own parameters, buffers and mode.
  MetricValues evaluate(const Evaluator& evaluator) const;

  /// Remembers the model as `evaluate` sees it now as the one to end with.
  void keep_as_best();

  /// What is recorded and kept as best from now on belongs to the end of a run, not to its course, until
  /// `take_back_end` or a load: a longer run would not have looked here.
  void begin_end();

  /// Forgets the records since `begin_end`, and keeps as best what was the best before. The energy has
  /// its own parameters again.
  void take_back_end();

  /// Whether `keep_as_best` has been called.
  bool keeps_best() const { return best_.has_value(); }

  /// Gives the energy the model to end with: what `keep_as_best` remembered, else the average, else its own.
  /// The next step goes on from its own.
  void show_result();

  /// Throws what a deferred check has found so far, and for that waits until the device has done all
  /// iterations; nothing to do on the CPU. @throws NonFiniteError
  void require_finite() const { guard_->report(trainer_->energy(), likely_cause()); }

  /// Iterations after which `step` calls `require_finite` itself.
  static constexpr std::int64_t deferred_iterations = 100;

  Trainer& trainer() const { return *trainer_; }                  ///< the strategy
  Energy& energy() const { return trainer_->energy(); }           ///< the trainer's
  const Problem& problem() const { return trainer_->problem(); }  ///< the trainer's
  const Executor& executor() const { return *executor_; }         ///< how iterations get done
  /// Null if none is kept.
  const ParameterAverage* average() const { return average_ ? &*average_ : nullptr; }

  /// How far it is, and every evaluation so far; `fit` keeps both.
  Progress& progress() { return progress_; }
  const Progress& progress() const { return progress_; }           ///< to be read
  std::vector<Record>& records() { return records_; }              ///< one for each evaluation, in order
  const std::vector<Record>& records() const { return records_; }  ///< to be read

  /// Everything the next iteration depends on besides the data. Restores bit for bit, on any number of ranks.
  /// Over ranks, all of them call it, and rank 0 has the whole.
  State save() const;
  /// What `save` gave rank 0, on every rank.
  /// @throws UserError if it is the state of another training; then nothing has changed
  void load(const State& state);

 private:
  LikelyCause likely_cause() const {
    return [this] { return trainer_->likely_cause(); };
  }
  double scale_of(const std::shared_ptr<const Schedule>& schedule, double fraction) const;
  double rate_factor() const { return recoveries_.empty() ? 1 : recoveries_.back().rate_factor; }
  double step_factor() const { return recoveries_.empty() ? 1 : recoveries_.back().step_factor; }
  State moving_parts() const;
  void restore_moving_parts(const State& state);
  std::optional<ModelSnapshot> snapshot_in(const State& state, const std::string& name) const;
  Cost take_gradients(const torch::Tensor& batch, const Iteration& iteration);
  void update_parameters();
  void let_particles_follow(const std::vector<torch::Tensor>& before);
  void clip_gradients();
  void resume_own_model();
  State saved() const;
  void apply(const State& state);

  std::shared_ptr<Trainer> trainer_;
  std::shared_ptr<torch::optim::Optimizer> optimizer_;
  Options options_;
  std::vector<double> base_rates_;
  std::optional<ParameterAverage> average_;
  std::optional<ModelSnapshot> best_;
  std::optional<ModelSnapshot> own_;  ///< while the energy shows the result
  std::unique_ptr<FiniteGuard> guard_;
  std::unique_ptr<Executor> executor_;
  bool update_is_on_device_;
  Progress progress_;
  std::vector<Record> records_;
  /// Where the end of the run began: the number of records before it, and the best of them.
  struct End {
    std::size_t records = 0;
    std::optional<ModelSnapshot> best;
  };
  std::optional<End> end_;
  std::vector<Recovery> recoveries_;
  std::vector<State> good_;      ///< the last two good states, the older first
  std::int64_t last_good_ = -1;  ///< the iteration of the last
};

}  // namespace ebm
