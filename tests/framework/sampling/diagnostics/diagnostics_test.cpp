#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <memory>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/diagnostics/chains.hpp"
#include "dualebm/framework/sampling/diagnostics/discrepancies.hpp"
#include "dualebm/framework/sampling/diagnostics/flux.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Chains x_t = ρ x_{t-1} + sqrt(1 - ρ²) ξ_t in equilibrium: [C, T].
torch::Tensor autoregressive(std::int64_t chains, std::int64_t draws, double rho, std::uint64_t seed = 1) {
  Random random(seed, "chains");
  auto x = random.normal({chains}, torch::kDouble);
  std::vector<torch::Tensor> columns;
  for (std::int64_t t = 0; t < draws; ++t) {
    columns.push_back(x);
    x = rho * x + std::sqrt(1 - rho * rho) * random.normal({chains}, torch::kDouble);
  }
  return torch::stack(columns, 1);
}

TEST(Chains, IndependentDrawsAreWorthTheirNumber) {
  const auto found = diagnose_chains(autoregressive(4, 5000, 0));
  EXPECT_NEAR(found.r_hat, 1, 0.002);
  EXPECT_NEAR(found.bulk_ess, 20000, 1500);
  EXPECT_NEAR(found.tail_ess, 20000, 2000);
}

// ESS of the mean of an AR(1) chain is S (1 - ρ) / (1 + ρ); of normal scores that are normal, the same.
TEST(Chains, AutoregressiveDrawsHaveTheirKnownSize) {
  for (const double rho : {0.5, 0.9}) {
    const auto found = diagnose_chains(autoregressive(8, 20000, rho));
    const double expected = 160000 * (1 - rho) / (1 + rho);
    EXPECT_NEAR(found.bulk_ess / expected, 1, 0.12) << rho;
    EXPECT_LT(found.r_hat, 1.01);
  }
  // Draws that shun one another are worth more than their number.
  EXPECT_GT(diagnose_chains(autoregressive(4, 5000, -0.5)).bulk_ess, 40000);
}

TEST(Chains, NothingStuckOrConstantIsPraised) {
  const auto expect_refused = [](const torch::Tensor& draws, const char* what) {
    const auto found = diagnose_chains(draws);
    EXPECT_TRUE(std::isinf(found.r_hat)) << what;
    EXPECT_EQ(found.bulk_ess, 0) << what;
    EXPECT_EQ(found.tail_ess, 0) << what;
  };
  expect_refused(torch::ones({4, 100}, torch::kDouble), "constant");
  auto draws = autoregressive(4, 100, 0);
  draws.select(0, 2).fill_(0);
  expect_refused(draws, "one chain stands at the mean");
  draws = autoregressive(4, 100, 0);
  draws.select(0, 1).narrow(0, 50, 50).fill_(0.3);
  expect_refused(draws, "one chain stops half-way");
  draws = autoregressive(4, 100, 0);
  draws[3][7] = std::numeric_limits<double>::quiet_NaN();
  expect_refused(draws, "a draw is no number");
}

TEST(Chains, StuckInTwoModesIsAnAlarm) {
  auto draws = 0.1 * autoregressive(4, 1000, 0);
  draws.select(0, 0) += 5;
  auto found = diagnose_chains(draws);
  EXPECT_GT(found.r_hat, 1.5);
  EXPECT_LT(found.bulk_ess, 20);
  // One chain that goes over once, in the middle: its halves differ.
  auto drift = 0.1 * autoregressive(1, 1000, 0);
  drift.narrow(1, 500, 500) += 5;
  EXPECT_GT(diagnose_chains(drift).r_hat, 1.5);
}

// Equal means, other scales: the folded ranks see it. Tails as heavy as Cauchy's: ranks do not mind.
TEST(Chains, ScalesAndHeavyTails) {
  auto draws = autoregressive(4, 2000, 0);
  EXPECT_LT(diagnose_chains(draws / autoregressive(4, 2000, 0, 2)).r_hat, 1.01);
  draws.select(0, 0) *= 4;
  EXPECT_GT(diagnose_chains(draws).r_hat, 1.05);
}

TEST(Chains, TooFewDrawsAreRefused) {
  expect_contains(user_error([] { diagnose_chains(torch::ones({4, 7})); }), "at least 8 draws");
}

/// Exact draws of TwoModes with another mass on the left.
torch::Tensor two_modes(std::int64_t count, double left, Random& random) {
  auto x = 0.5 * random.normal({count, 2}, torch::kDouble);
  x.select(1, 0) += torch::where(random.uniform({count}, torch::kDouble) < left, -6.0, 6.0);
  return x;
}

double flux_of(double left, std::uint64_t seed, const torch::Tensor& weights = {}) {
  TwoModes energy(2);
  const BaseProposal q(std::make_shared<Euclidean>(2), torch::zeros({2}), torch::tensor({6.0, 1.0}));
  Random random(seed, "particles");
  const auto x = two_modes(2000, left, random);
  return jump_flux(energy, q, x, weights, random);
}

TEST(Flux, SeesTheMassesOfModes) {
  double right = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const double now = flux_of(0.8, seed);
    right += now / 20;
    EXPECT_LT(now, 3) << seed;
    EXPECT_GT(flux_of(0.5, seed), 5) << seed;
  }
  EXPECT_NEAR(right, 1, 0.35);
}

TEST(Flux, TakesWeightsForWhatTheyAre) {
  TwoModes energy(2);
  const BaseProposal q(std::make_shared<Euclidean>(2), torch::zeros({2}), torch::tensor({6.0, 1.0}));
  Random random(5, "particles");
  const auto x = two_modes(2000, 0.5, random);
  const auto weights = torch::where(x.select(1, 0) < 0, torch::tensor(1.6, torch::kDouble),
                                    torch::tensor(0.4, torch::kDouble));
  EXPECT_LT(jump_flux(energy, q, x, weights / weights.sum(), random), 3);
  EXPECT_GT(jump_flux(energy, q, x, {}, random), 10);
}

// E KSD² of N independent draws is E k_0(x, x) / N = E[|s|² / ℓ + d / ℓ³] / N, which is 2 d / N here.
TEST(SteinDiscrepancy, IsSmallForTheModelAndLargeElsewhere) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(1, "points");
  const Euclidean plane(2);
  double sum = 0;
  for (int i = 0; i < 50; ++i) {
    sum += std::pow(kernel_stein_discrepancy(energy, plane, random.normal({400, 2}, torch::kDouble), {}), 2) /
           50;
  }
  EXPECT_NEAR(sum, 4.0 / 400, 0.0025);
  const auto points = random.normal({2000, 2}, torch::kDouble);
  EXPECT_GT(kernel_stein_discrepancy(energy, plane, points + 0.5, {}), 0.3);
  EXPECT_GT(kernel_stein_discrepancy(energy, plane, 1.5 * points, {}), 0.3);
  // Weights that are the ratio of the densities mend the shift.
  const auto moved = points + 0.5;
  const auto w = (-0.5 * moved.sum(1)).softmax(0);
  EXPECT_LT(kernel_stein_discrepancy(energy, plane, moved, w), 0.1);
  expect_contains(user_error([&] { kernel_stein_discrepancy(energy, Sphere(2), points, {}); }),
                  "not of sphere");
}

TEST(MeanDiscrepancy, IsZeroOnTheAverageForEqualLaws) {
  Random random(1, "points");
  auto values = torch::empty({60}, torch::kDouble);
  for (int i = 0; i < 60; ++i) {
    values[i] = squared_mean_discrepancy(random.normal({150, 3}, torch::kDouble),
                                         random.normal({100, 3}, torch::kDouble));
  }
  EXPECT_LT(std::abs(values.mean().item<double>()), 3.5 * values.std().item<double>() / std::sqrt(60.0));
  EXPECT_GT(squared_mean_discrepancy(random.normal({500, 3}, torch::kDouble),
                                     random.normal({500, 3}, torch::kDouble) + 0.5),
            0.02);
  expect_contains(user_error([] {
                    squared_mean_discrepancy(torch::ones({5, 2}), torch::ones({5, 2}));
                  }),
                  "most points are the same");
}

TEST(Diagnostics, AreTheSameBitsForEveryNumberOfThreads) {
  std::vector<std::vector<double>> all;
  with_each_number_of_threads([&](int) {
    Gaussian energy(on_euclidean(2, torch::kDouble), {});
    Random random(1, "points");
    const auto x = random.normal({1500, 2}, torch::kDouble), y = random.normal({1300, 2}, torch::kDouble);
    all.push_back({kernel_stein_discrepancy(energy, Euclidean(2), x, {}), squared_mean_discrepancy(x, y),
                   flux_of(0.8, 3)});
  });
  for (const auto& one : all) EXPECT_EQ(one, all[0]);
}

}  // namespace
}  // namespace ebm::testing
