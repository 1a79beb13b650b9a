#pragma once

#include <optional>
#include <string>

#include "dualebm/framework/compute/normals.hpp"
#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Unadjusted overdamped Langevin dynamics with retraction:
///
///     Y = X - h ∇E(X) + sqrt(2 h) ξ,   X <- retract(Y),
///
/// with drift and noise in the ambient space; on the sphere the retraction X = Y/|Y| projects both.
/// Its stationary law differs from the Gibbs measure by O(h). With a `noise` of its own in place of sqrt(2 h)
/// the chain aims at exp(-E/T), T = noise² / 2h: below 1 it looks for modes faster than it mixes.
/// Source: Domingo-Enrich et al. 2022, Algorithm 1; Roberts & Tweedie 1996 for the chain on R^d.
class Langevin final : public Sampler {
 public:
  struct Options {
    double step_size = 0.02;  ///< h > 0
    bool antithetic = true;   ///< the second half of the particles gets -ξ of the first half; N must be even
    /// Standard deviation of the noise at scale 1, >= 0; under a schedule it decays by the root of the
    /// factor, as sqrt(2 h) does. Null: sqrt(2 h).
    std::optional<double> noise = std::nullopt;
    /// Largest norm of a particle's gradient; a longer one keeps its direction and takes this norm. 0: any.
    double gradient_clip = 0;
    /// What of the normal part of ∇E moves a particle of a curved domain: "ambient", all of it, as
    /// published; "balanced", half; "tangent", none. On a sphere, where the density is narrow with
    /// concentration κ, the chain stands at the variance (1/κ) / (1 + (2c - 1) hκ/2) for the share c: with
    /// all of it the retraction divides the noise by the length that the normal part has added, and with
    /// half of it nothing is left of the bias.
    std::string drift = "ambient";
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is outside its range.
  explicit Langevin(Options options);

  /// @throws UserError if antithetic noise has no pairs to give: an odd number of particles.
  State init(const torch::Tensor& positions) const override;

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;

  std::optional<double> step_size(const State&) const override { return options_.step_size; }
  std::optional<double> unadjusted_step(const State& state, const Domain& domain) const override;
  bool exact() const override { return false; }
  bool repeats() const override { return true; }
  bool spreads_over_ranks() const override { return true; }

  /// As given.
  const Options& options() const { return options_; }

 private:
  /// ∇E of all rows at once, each no longer than `gradient_clip`.
  torch::Tensor clipped_gradient(Energy& energy, const torch::Tensor& x) const;

  /// The part of the gradient that the option `drift` leaves, in place where nothing changes.
  torch::Tensor drift_of(const Domain& domain, const torch::Tensor& x, const torch::Tensor& gradient) const;

  /// The step from x to y on shards of rows, in pieces that stay in cache from the gradient to the
  /// retraction.
  template <class Real>
  void move_rows(Energy& energy, const Domain& domain, const Normals& normals, double h, double noise,
                 const torch::Tensor& x, const torch::Tensor& y) const;

  Options options_;
};

}  // namespace ebm
