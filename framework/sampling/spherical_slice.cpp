#include "dualebm/framework/sampling/spherical_slice.hpp"

#include <ATen/ATen.h>

#include <numbers>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void SphericalSlice::Options::describe(Fields& fields) {
  fields.integer("most_trials", most_trials, Range::at_least(1),
                 "points tried on a great circle before a particle stays where it is");
}

SphericalSlice::SphericalSlice(const Options& options) : options_(checked(options, "slice")) {}

Sampler::Info SphericalSlice::step(Energy& energy, const Domain& domain, State& state, Random& random,
                                   double) const {
  const torch::NoGradGuard no_grad;
  require(dynamic_cast<const Sphere*>(&domain) != nullptr,
          "slice: great circles are on the domain sphere, not on {}; use mala or hmc", domain.name());
  Info info;
  const auto& x = state.positions;
  const auto options = x.options().dtype(torch::kDouble);
  auto e = state.energy();
  if (!e.defined()) {
    e = energies_at(energy, x);
    info.energy_evaluations += x.size(0);
  }
  const auto n = x.size(0);
  const auto level = e.to(torch::kDouble) - (1 - random.uniform({n}, options)).log();  // E(y) must stay below
  auto v = domain.to_tangent(x, random.normal(x.sizes(), x.options()));
  v = v / v.norm(2, 1, /*keepdim=*/true);
  auto high = 2 * std::numbers::pi * random.uniform({n}, options), theta = high.clone();
  auto low = high - 2 * std::numbers::pi;
  auto positions = x.clone(), energies = e.clone();
  auto searching = torch::arange(n, options.dtype(torch::kLong));
  for (std::int64_t trial = 0; trial < options_.most_trials && searching.size(0) > 0; ++trial) {
    const auto angle = theta.index_select(0, searching).unsqueeze(1).to(x.scalar_type());
    auto y = x.index_select(0, searching) * angle.cos() + v.index_select(0, searching) * angle.sin();
    y = y / y.norm(2, 1, /*keepdim=*/true);
    const auto energy_y = energies_at(energy, y);
    info.energy_evaluations += searching.size(0);
    const auto found = energy_y.to(torch::kDouble) < level.index_select(0, searching);
    const auto done = searching.masked_select(found), here = found.nonzero().squeeze(1);
    positions.index_copy_(0, done, y.index_select(0, here));
    energies.index_copy_(0, done, energy_y.index_select(0, here));
    searching = searching.masked_select(found.logical_not());
    const auto missed = theta.index_select(0, searching), zero = torch::zeros_like(missed);
    const auto from = torch::where(missed < zero, missed, low.index_select(0, searching));
    const auto to = torch::where(missed < zero, high.index_select(0, searching), missed);
    low.index_copy_(0, searching, from);
    high.index_copy_(0, searching, to);
    theta.index_copy_(0, searching, from + (to - from) * random.uniform(missed.sizes(), options));
  }
  info.divergences = torch::full({}, searching.size(0), options.dtype(torch::kLong));
  state.positions = positions;
  state.keep(energies, {});
  return info;
}

}  // namespace ebm
