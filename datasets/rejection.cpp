#include "dualebm/datasets/rejection.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

torch::Tensor sample_by_rejection(Energy& energy, const Domain& domain, std::int64_t count, Random& random) {
  constexpr std::int64_t proposals_per_round = 1 << 16;
  constexpr double rounding = 1e-9;
  const torch::NoGradGuard no_grad;
  require(domain.has_probability_base(),
          "rejection sampling: proposals come from τ, and {} is no probability", domain.base_measure());
  const auto bound = energy.lower_bound();
  require(bound.has_value(), "rejection sampling: this energy has no proven lower bound");
  std::vector<torch::Tensor> kept;
  std::int64_t proposals = 0, found = 0;
  while (found < count) {
    // Proposals are drawn in single precision, which costs a sixth, and made exact points of the domain in
    // double.
    const auto x =
        domain.retract(domain.sample_base(proposals_per_round, random, torch::kFloat).to(torch::kDouble));
    const auto value = energy.forward(x);
    const double lowest = value.min().item<double>();
    require(lowest >= *bound - rounding, "rejection sampling: energy {} falls below its bound {}", lowest,
            *bound);
    const auto accepted = random.uniform({proposals_per_round}, torch::kDouble) < (*bound - value).exp();
    kept.push_back(x.index({accepted}));
    found += kept.back().size(0);
    proposals += proposals_per_round;
    require(proposals < 10'000'000 || static_cast<double>(found) * 1e7 >= static_cast<double>(proposals),
            "rejection sampling: {} of {} proposals kept; the density is too concentrated for this sampler",
            found, proposals);
  }
  return torch::cat(kept).narrow(0, 0, count).clone();
}

}  // namespace ebm
