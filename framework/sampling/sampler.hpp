#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/sampling/kernel_memory.hpp"

namespace ebm {

/// A Markov chain for the Gibbs measure exp(-E) dτ / Z, run on many particles at once.
///
/// A kernel leaves the measure as it is at fixed parameters (`Langevin` up to a bias of order h), so kernels
/// may follow one another: see Composition. The state is the caller's: `init` makes one, `step` moves it.
/// Randomness is an argument. What a kernel learns on the way, its step sizes and metric, is in the state
/// too, and stands still while `State::adapting` is false.
class Sampler {
 public:
  /// What a chain remembers between steps.
  struct State {
    State() = default;
    /// At these positions [N, d], which are not copied; a kernel's `init` copies.
    explicit State(torch::Tensor positions_) : positions(std::move(positions_)) {}

    torch::Tensor positions;  ///< [N, d], on the domain
    torch::Tensor spare;      ///< memory of the positions before, for those to come; undefined at first
    KernelMemory memory;      ///< step sizes, velocities and what else a kernel keeps
    bool adapting = true;     ///< whether steps and metric go on adapting; off for samples that count
    /// The caller counts up whenever the parameters of the energy have moved: E and ∇E
    /// of before are then void.
    std::int64_t parameters_version = 0;

    /// E at the positions [N] and ∇E [N, d] if they are known at these positions and
    /// parameters; else undefined.
    torch::Tensor energy() const { return known() ? energy_ : torch::Tensor(); }
    /// See `energy`.
    torch::Tensor gradient() const { return known() ? gradient_ : torch::Tensor(); }
    /// Keeps E and, if defined, ∇E of the positions and parameters as they are now.
    void keep(const torch::Tensor& energy, const torch::Tensor& gradient);
    /// The particles of the given rows take the place of all, with everything that belongs to them.
    /// @param rows  [N'], int64
    void select(const torch::Tensor& rows);

    /// All of it but `spare`; what is read back goes on with the same bits.
    void save(ebm::State& saved) const;
    /// @throws UserError if particles of another dimension were saved, or a part of it is missing
    void load(const ebm::State& saved);

   private:
    bool known() const;

    torch::Tensor energy_, gradient_;
    torch::Tensor kept_at_;  ///< the positions that they belong to
    std::uint32_t kept_at_change_ = 0;
    std::int64_t kept_for_ = -1;  ///< the version of the parameters, likewise
  };

  /// What a step has to say about itself. Tensors stay on the device, so that nobody waits
  /// for what he does not read.
  struct Info {
    std::int64_t gradient_evaluations = 0;  ///< particles whose ∇_x E was computed, with E or without
    std::int64_t energy_evaluations = 0;    ///< particles whose E alone was computed
    /// Mean probability of acceptance over the proposals, 0-dim, double; undefined where nothing is rejected.
    torch::Tensor acceptance = {};
    /// Proposals whose energy was not finite or more than 1000 nats worse, 0-dim, int64; undefined likewise.
    torch::Tensor divergences = {};
    /// log [exp(-E(y)) / q(y)] of the proposals y that were drawn from one density q, [M], double: importance
    /// weights whose mean is Z. Undefined where no such proposals were made.
    torch::Tensor log_importance = {};
    std::vector<Info> parts = {};  ///< of the kernels that a kernel consists of
  };

  virtual ~Sampler() = default;

  /// A state at the given positions; they are copied.
  virtual State init(const torch::Tensor& positions) const { return State(positions.clone()); }

  /// One transition of every particle.
  /// @param scale  factor on the step size, for decay schedules.
  virtual Info step(Energy& energy, const Domain& domain, State& state, Random& random,
                    double scale) const = 0;

  /// Whether the model itself is what it leaves as it is, not something at a distance of order h.
  virtual bool exact() const { return true; }

  /// h of a step that aims at the model and is not corrected, so that what it leaves as it is differs from
  /// the model by O(h), see step_bias; none of a kernel that is exact, or whose difference is another.
  virtual std::optional<double> unadjusted_step(const State&, const Domain&) const { return std::nullopt; }

  /// Whether a step hands a device the same work every time and keeps nothing but positions, so that a CUDA
  /// graph of one stands for the rest.
  virtual bool repeats() const { return false; }

  /// The step size of the state, for messages and metrics; none where a kernel has none.
  virtual std::optional<double> step_size(const State&) const { return std::nullopt; }

  /// Whether a step is the same bits where particles are spread over ranks: it keys what it draws by a
  /// particle's number among all (OnRankRows::rows_of), counts all of them, and keeps nothing but positions.
  virtual bool spreads_over_ranks() const { return false; }
};

/// E at the rows of x without a graph, by all threads: [N].
torch::Tensor energies_at(Energy& energy, const torch::Tensor& x);

/// E and ∇E at the positions of the state: what it knows, else computed, kept, and counted in `info`.
std::pair<torch::Tensor, torch::Tensor> energy_and_gradient(Energy& energy, Sampler::State& state,
                                                            Sampler::Info& info);

}  // namespace ebm
