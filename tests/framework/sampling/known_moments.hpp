#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm::testing {

/// Mean and standard error of a statistic over independent chains.
struct Estimate {
  double mean, error;
};

/// Many independent chains: `warm_up` adapting steps, then `steps` with everything frozen, of which each
/// chain's own mean of f is one number; their scatter gives the standard error whatever the autocorrelation.
/// @param f  [N, d] -> [N, k]
inline std::vector<Estimate> chain_means(const Sampler& sampler, Energy& energy, const Domain& domain,
                                         const torch::Tensor& start, std::int64_t warm_up, std::int64_t steps,
                                         const std::function<torch::Tensor(const torch::Tensor&)>& f,
                                         std::uint64_t seed = 1, double scale = 1) {
  Random random(seed, "chains");
  auto state = sampler.init(start);
  for (std::int64_t i = 0; i < warm_up; ++i) sampler.step(energy, domain, state, random, scale);
  state.adapting = false;
  torch::Tensor sum;
  for (std::int64_t i = 0; i < steps; ++i) {
    sampler.step(energy, domain, state, random, scale);
    const auto value = f(state.positions).to(torch::kDouble);
    sum = sum.defined() ? sum + value : value;
  }
  const auto means = sum / static_cast<double>(steps);
  const auto mean = means.mean(0), error = means.std(0) / std::sqrt(static_cast<double>(start.size(0)));
  std::vector<Estimate> estimates;
  for (std::int64_t k = 0; k < mean.size(0); ++k) {
    estimates.push_back({mean[k].item<double>(), error[k].item<double>()});
  }
  return estimates;
}

/// How many standard errors an estimate is off.
inline double off(const Estimate& estimate, double truth) {
  return std::abs(estimate.mean - truth) / estimate.error;
}

/// Estimates against the truth, in standard errors; the error itself must be small enough to tell.
inline void expect_close(const Estimate& estimate, double truth, double greatest_error,
                         const std::string& what) {
  EXPECT_LT(off(estimate, truth), 3.5)
      << what << ": " << estimate.mean << " ± " << estimate.error << " instead of " << truth;
  EXPECT_LT(estimate.error, greatest_error) << what << ": the test sees nothing";
}

}  // namespace ebm::testing
