#include <ATen/ATen.h>
#include <dualebm/framework/sampling/sampler.hpp>
#include <dualebm/framework/sampling/sampler_context.hpp>
#include <dualebm/framework/settings/fields.hpp>

/// Random-walk Metropolis on circles. A tangent step and the retraction turn circle k by the angle atan(s
/// ξ_k), whose law is symmetric, so that min(1, exp(E(x) - E(y))) is the right probability of acceptance.
struct RandomWalk final : ebm::Sampler {
  struct Options {
    double step_size = 0.7;
    void describe(ebm::Fields& fields) {
      fields.number("step_size", step_size, ebm::Range::positive(), "s, about the radians of a proposal");
    }
  };
  RandomWalk(const ebm::SamplerContext&, const Options& options)
      : size(ebm::checked(options, "random_walk").step_size) {}

  Info step(ebm::Energy& energy, const ebm::Domain& domain, State& state, ebm::Random& random,
            double scale) const override {
    const auto& x = state.positions;
    Info info;
    auto before = state.energy();  // of the last step, unless the parameters have moved since
    if (!before.defined()) {
      before = ebm::energies_at(energy, x);
      info.energy_evaluations += x.size(0);
    }
    const auto noise = domain.to_tangent(x, random.normal(x.sizes(), x.options()));
    const auto y = domain.retract(x + scale * size * noise);
    const auto after = ebm::energies_at(energy, y);
    info.energy_evaluations += x.size(0);
    const auto chance = (before - after).exp().clamp_max(1);
    const auto taken = random.uniform({x.size(0)}, x.options()) < chance;
    state.positions = at::where(taken.unsqueeze(1), y, x);
    state.keep(at::where(taken, after, before), {});
    info.acceptance = chance.mean(torch::kDouble);
    return info;
  }
  std::optional<double> step_size(const State&) const override { return size; }

 private:
  double size;
};
