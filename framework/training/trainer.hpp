#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/problem.hpp"
#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/training/progress.hpp"

namespace ebm {

/// What a trainer works on and with; each is handed over here and nowhere else.
struct TrainerContext {
  std::shared_ptr<Energy> energy;          ///< whose parameters are trained
  std::shared_ptr<const Problem> problem;  ///< the data, and the domain they live on
  std::shared_ptr<Random> random;          ///< noise and restarts, on the energy's device
  /// The kernel that moves particles, for a trainer that takes one; none: the trainer's own choice.
  std::shared_ptr<const Sampler> sampler = nullptr;
  /// Who trains along, each with a part of the particles; none: nobody.
  std::shared_ptr<Communicator> ranks = nullptr;
};

/// Which iteration of a training a strategy is asked for.
class Iteration final {
 public:
  /// @param number  from 1 @param scale  see particle_scale
  explicit Iteration(std::int64_t number, double scale = 1) : particle_scale(scale), number_(number) {}

  /// Counted from 1. Whoever reads it does something else in every iteration, so that none can be replayed
  /// for another; see Trainer::repeats.
  std::int64_t number() const {
    read_ = true;
    return number_;
  }
  /// The same, for a strategy whose `repeats` knows what it makes of the number.
  std::int64_t number_as_promised() const { return number_; }
  bool number_was_read() const { return read_; }  ///< whether `number` was called

  double particle_scale;  ///< factor of a schedule on the particles' steps

 private:
  std::int64_t number_;
  mutable bool read_ = false;
};

/// A way to train an energy: one computation, which adds the gradient of an objective to the parameters'
/// `.grad`. Who takes the step, counts, clips, averages and checks is Training.
///
/// Trainers that move particles derive from ParticleTrainer in the room trainers/.
class Trainer {
 public:
  /// @throws UserError if anything is missing in the context
  explicit Trainer(TrainerContext context);
  virtual ~Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Adds the gradient of the objective to the `.grad` of every parameter, and does what goes with it: moves
  /// particles, draws noise.
  /// @param batch [b, d], rows of the training data in the dtype and on the device of the energy
  virtual Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) = 0;

  /// The particles that stand for the model, [N, d]; undefined for a trainer without any. On a CUDA device
  /// later steps may overwrite them in place: clone what you keep. Over ranks, those of this one.
  virtual torch::Tensor particles() const { return {}; }

  /// Everything the next iteration depends on besides the energy and the random stream, bit for bit.
  virtual void save(State& /*state*/) const {}
  /// What `save` wrote. @throws UserError if it does not belong to this trainer
  virtual void load(const State& /*state*/) {}

  /// Whether `judge` and `follow` are to be told of updates.
  virtual bool follows() const { return false; }

  /// What a strategy makes of a move of the parameters.
  struct Judgement {
    double part =
        1;  ///< of the move that its particles can follow, in (0, 1]; NaN: their energies are not finite
    Cost cost = {};  ///< of finding out
  };
  /// The optimizer has moved the parameters and they were projected: how much of it may stay. Asked
  /// again after it was shortened.
  virtual Judgement judge() { return {}; }
  /// The move that was judged last stands: weights follow it.
  virtual void follow() {}

  /// What speaks against the particles being the model since it was last asked, in one line; nothing:
  /// nothing. Begins a new watch; may wait for a device.
  virtual std::optional<std::string> complaint(std::int64_t /*iteration*/) { return std::nullopt; }

  /// Whether a kernel given in the context moves its particles.
  virtual bool takes_sampler() const { return false; }

  /// Factor on the learning rate of an optimizer whose steps are multiples of the gradient, see
  /// OptimizerTraits: the restart boost of the authors' scripts.
  virtual double step_boost() const { return 1; }

  /// The step of unadjusted Langevin dynamics that particles are moved by, whose law is off by a multiple of
  /// it, see step_bias.hpp; none where no such step is taken.
  virtual std::optional<double> langevin_step() const { return std::nullopt; }

  /// What a user should look at when numbers leave the finite ones.
  virtual std::string likely_cause() const { return "the learning rate is too large"; }

  /// The promise that this iteration hands the device the same work as all others that make it, so that a
  /// CUDA graph of one may stand for the rest: no branch on the number of the iteration or on values, no draw
  /// on the host, no state of its own but `carried`. Reading the number and drawing on the host are noticed,
  /// and then nothing is replayed; what else a promise may hide is not. No by default: nothing is captured.
  virtual bool repeats(const Iteration& /*iteration*/) const { return false; }

  /// The tensors that `accumulate` replaces and the next iteration goes on from: particles.
  virtual std::vector<torch::Tensor*> carried() { return {}; }

  /// Which of all particles `particles` are.
  virtual RankRows particle_rows() const;

  /// Why this strategy cannot share its work with other ranks, as "particles with weights ..."; nothing: it
  /// gives the same bits for any number of them. What it draws is then the same on every rank, a number for
  /// each particle of all of them, and sums go through OnRankRows.
  virtual std::optional<std::string> why_one_rank() const { return "this trainer keeps all its work on one"; }
  /// Names in `save` of tensors with a row for each particle: a rank saves its own, a checkpoint holds all.
  virtual std::vector<std::string> spread_tensors() const { return {}; }

  Energy& energy() const { return *context_.energy; }  ///< the one that is trained
  /// Likewise, for who outlives the trainer.
  const std::shared_ptr<Energy>& shared_energy() const { return context_.energy; }
  const Problem& problem() const { return *context_.problem; }  ///< what it is trained on
  const std::shared_ptr<const Problem>& shared_problem() const { return context_.problem; }  ///< likewise
  Random& random() const { return *context_.random; }                                        ///< its stream
  Communicator& ranks() const { return *context_.ranks; }  ///< who trains along
  /// Dtype and device of the energy's parameters, which batches and particles share.
  const torch::TensorOptions& tensor_options() const { return tensor_options_; }

 protected:
  const Domain& domain() const { return context_.problem->domain(); }  ///< that of the problem
  /// The whole training set, [n, d]; where particles start and restart. It may be a memory map in a dtype of
  /// its own: what is drawn from it takes that of the energy, and the rest is never read.
  const torch::Tensor& data() const { return context_.problem->data().train; }

 private:
  TrainerContext context_;
  torch::TensorOptions tensor_options_;
};

}  // namespace ebm
