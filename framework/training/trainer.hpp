#pragma once

#include <torch/optim/optimizer.h>
#include <torch/serialize/archive.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/training/cuda/captured_iteration.hpp"
#include "dualebm/framework/training/finite_guard.hpp"
#include "dualebm/framework/training/parameter_average.hpp"
#include "dualebm/framework/training/schedule.hpp"

namespace ebm {

/// What a trainer works on and with. All of it outlives the trainer or is shared with it.
struct TrainerContext {
  std::shared_ptr<Energy> energy;                      ///< what is trained
  std::shared_ptr<Domain> domain;                      ///< where its points lie
  std::shared_ptr<torch::optim::Optimizer> optimizer;  ///< of its parameters
  /// The whole training set, [n, d]: where particles start and restart. It may be a memory map in a dtype of
  /// its own; what is drawn from it takes that of the energy, and the rest is never read.
  torch::Tensor data;
  std::shared_ptr<Random> random;                                ///< noise and restarts
  std::shared_ptr<const Schedule> optimizer_schedule = nullptr;  ///< of the learning rates; none: constant
  std::shared_ptr<const Schedule> particle_schedule = nullptr;   ///< of the particle step; none: constant
  double gradient_clip = 0;  ///< largest norm of the gradient in all parameters together, >= 0; 0: any
  double average_decay = 0;  ///< of a ParameterAverage, in [0, 1); 0: none is kept
  /// Whether what is not finite is noted on the device and reported later, see FiniteGuard; none: on a CUDA
  /// device.
  std::optional<bool> deferred_checks = std::nullopt;
  bool cuda_graph =
      true;  ///< whether iterations on a CUDA device may be captured and replayed, see Trainer::repeats
};

/// What one step of training has to say about itself.
struct StepReport {
  /// Points at which a gradient of the energy was computed, ∇_x E or ∇_θ E, one for each point and gradient.
  std::int64_t gradient_evaluations = 0;
};

/// A way to train an energy. The base keeps the books (iteration, learning rates, the optimizer, finite
/// numbers, the clip and the average, checkpoints); a strategy overrides `accumulate`.
///
/// Trainers that move particles derive from ParticleTrainer in the room trainers/.
class Trainer {
 public:
  /// @throws UserError if the training set is empty or a number of the context is out of its range.
  explicit Trainer(TrainerContext context);
  virtual ~Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// One update of the energy on a batch: gradients of the strategy's objective, clip, optimizer step,
  /// projection, average.
  ///
  /// On a CUDA device the host only hands work over and does not wait for it, so long as data and random
  /// stream are on that device; checks are deferred.
  /// @param batch [b, d], rows of the training data; converted to the energy's dtype and device if need be
  /// @throws NonFiniteError naming the parameter and the likely cause, before anything else is harmed;
  /// if checks are deferred, at the latest `deferred_iterations` later, with the parameters from before.
  StepReport step(const torch::Tensor& batch);

  /// Throws what a deferred check has found so far, and for that waits until the device has done all
  /// iterations; nothing to do on the CPU. `fit` calls it before evaluations, `save` before it writes.
  /// @throws NonFiniteError
  void require_finite() const { guard_.report(*context_.energy, likely_cause()); }

  /// Iterations after which `step` calls `require_finite` itself.
  static constexpr std::int64_t deferred_iterations = 100;

  /// Iterations done so far.
  std::int64_t iteration() const { return iteration_; }

  /// The average of the parameters so far, which evaluations use and a run ends with; null if none is kept.
  const ParameterAverage* average() const { return average_ ? &*average_ : nullptr; }

  /// The particles that stand for the model, [N, d]; undefined for a trainer without any. On a CUDA device
  /// later steps may overwrite them in place: clone what you keep.
  virtual torch::Tensor particles() const { return {}; }

  /// Everything the next step depends on besides the energy, the optimizer and the data. Restores bit for
  /// bit.
  virtual void save(torch::serialize::OutputArchive& archive) const;
  /// Reads what `save` has written.
  virtual void load(torch::serialize::InputArchive& archive);

 protected:
  /// The strategy's one computation: adds the gradient of its objective to the `.grad` of the parameters.
  /// @return the number of gradient evaluations it took.
  virtual std::int64_t accumulate(const torch::Tensor& batch) = 0;

  /// Whether the current iteration hands the device the same work as all others that say so, so that a CUDA
  /// graph of one can stand for the rest (CapturedIteration): no branch on the number of the iteration or on
  /// values, no draw on the host. The graph holds the iteration from the zeroed gradients to the projection;
  /// without the optimizer where that computes on the host (Adam). Iterations with other factors of the
  /// schedules than the graph's run eagerly. False unless a strategy says otherwise.
  virtual bool repeats() const { return false; }

  /// The tensors that `accumulate` replaces and the next iteration goes on from: particles.
  virtual std::vector<torch::Tensor*> carried() { return {}; }

  /// What a user should look at when numbers leave the finite ones.
  virtual std::string likely_cause() const { return "the learning rate is too large"; }

  /// Multiplies all learning rates for the whole run, e.g. by the restart boost of the authors' scripts.
  void scale_learning_rates(double factor);

  /// Factor on the particle step in the current iteration.
  double particle_scale() const;

  /// What is trained.
  Energy& energy() { return *context_.energy; }
  /// Where its points lie.
  const Domain& domain() const { return *context_.domain; }
  /// The whole training set, [n, d].
  const torch::Tensor& data() const { return context_.data; }
  /// Dtype and device of the energy's parameters, which batches and particles share.
  const torch::TensorOptions& tensor_options() const { return tensor_options_; }
  /// Noise and restarts.
  Random& random() { return *context_.random; }

 private:
  void set_learning_rates();
  double optimizer_scale() const;
  std::int64_t take_gradients(const torch::Tensor& batch);
  void update_parameters();
  void clip_gradients();

  TrainerContext context_;
  torch::TensorOptions tensor_options_;
  std::vector<double> base_rates_;
  std::optional<ParameterAverage> average_;
  FiniteGuard guard_;
  cuda::CapturedIteration captured_;
  bool graph_holds_optimizer_;
  std::int64_t iteration_ = 0;
};

}  // namespace ebm
