#pragma once

#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Geodesic slice sampling on the sphere, without a step size: a level log t = -E(x) - e, e
/// exponential; a great circle through x in a uniformly random direction; then points of it, uniform on
/// an arc that shrinks towards x,
///
///     y = x cos θ + v sin θ,     until -E(y) > log t.
///
/// Every particle moves in every step, to any distance. Costs a random number of E, counted, about two where
/// the density is flat and log(width) more where it is narrow. Source: Habeck, Hasenpflug, Kodgirwar & Rudolf
/// 2023, Algorithm 2; Neal 2003 for the shrinking.
class SphericalSlice final : public Sampler {
 public:
  struct Options {
    std::int64_t most_trials =
        200;  ///< points tried before a particle stays where it is; 2^-200 of an arc is left
    void describe(Fields& fields);
  };

  explicit SphericalSlice(const Options& options);

  /// @throws UserError on a domain that is not a sphere
  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;

 private:
  Options options_;
};

}  // namespace ebm
