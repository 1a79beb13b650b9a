#include "dualebm/framework/sampling/diagnostics/long_chains.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/diagnostics/verdict.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// x <- ρ x + sqrt(1 - ρ²) ξ: the standard normal is left as it is. ρ = 0: independent
/// draws, ρ = 1: nothing moves.
struct Autoregression final : Sampler {
  explicit Autoregression(double rho_) : rho(rho_) {}
  Info step(Energy&, const Domain&, State& state, Random& random, double) const override {
    state.positions =
        rho * state.positions +
        std::sqrt(1 - rho * rho) * random.normal(state.positions.sizes(), state.positions.options());
    return {};
  }
  double rho;
};

LongChains normal_chains(const Sampler& sampler, std::int64_t most_steps, std::uint64_t seed = 1) {
  Gaussian energy(on_euclidean(3, torch::kDouble), {});
  const auto space = std::make_shared<Euclidean>(3);
  Random random(seed, "chains");
  const auto starts = 3 * random.normal({64, 3}, torch::kDouble);
  return run_long_chains(energy, *space, sampler, starts, {.most_steps = most_steps}, random);
}

TEST(LongChains, IndependentDrawsArePraisedAtOnce) {
  const auto chains = normal_chains(Autoregression(0), 4096);
  EXPECT_TRUE(chains.agree);
  EXPECT_EQ(chains.steps, 128) << "one round";
  EXPECT_TRUE(judge_chains(chains, {}).trusted());
  EXPECT_NEAR(chains.worst.bulk_ess, 8192, 1500);
}

TEST(LongChains, ThoseThatStandStillNever) {
  const auto chains = normal_chains(Autoregression(1), 1024);
  EXPECT_FALSE(chains.agree);
  EXPECT_TRUE(std::isinf(chains.worst.r_hat));
  EXPECT_FALSE(judge_chains(chains, {}).trusted());
}

// An autocorrelation time of 200 steps: not in 128, and in some thousand.
TEST(LongChains, SlowOnesAreRunLonger) {
  EXPECT_FALSE(normal_chains(Autoregression(0.99), 128).agree);
  const auto chains = normal_chains(Autoregression(0.99), 1 << 15);
  EXPECT_TRUE(chains.agree);
  EXPECT_GT(chains.steps, 1000);
  EXPECT_EQ(chains.thinning, (chains.steps + 128) / 256);
}

struct TwoModesRun {
  LongChains chains;
  Verdict verdict;
};

/// Chains that begin in both modes, with or without jumps between them.
TwoModesRun two_modes_run(bool jumps) {
  TwoModes energy(2);
  const auto space = std::make_shared<Euclidean>(2);
  Random random(1, "chains");
  auto data = 0.5 * random.normal({400, 2}, torch::kDouble);
  data.select(1, 0) += torch::where(random.uniform({400}, torch::kDouble) < 0.5, -6.0, 6.0);
  std::vector<std::shared_ptr<const Sampler>> parts = {std::make_shared<Mala>(Mala::Options{})};
  if (jumps) {
    parts.push_back(
        std::make_shared<IndependenceJump>(SamplerContext{space, data, random}, IndependenceJump::Options{}));
  }
  const auto starts = dispersed_starts(space, data, 64, random, torch::kDouble);
  TwoModesRun run{.chains = run_long_chains(energy, *space, Composition(parts), starts,
                                            {.most_steps = jumps ? 1 << 14 : 1024}, random),
                  .verdict = {}};
  run.verdict = judge_chains(run.chains, {});
  if (run.chains.finite) run.verdict.checks.push_back(flux_check(energy, space, run.chains, random));
  return run;
}

TEST(LongChains, StuckInTwoModesAreRefused) {
  const auto run = two_modes_run(false);
  EXPECT_GT(run.chains.worst.r_hat, 1.5);
  EXPECT_FALSE(run.verdict.trusted());
}

TEST(LongChains, JumpsBringThemTogetherWithTheRightMasses) {
  const auto run = two_modes_run(true);
  EXPECT_TRUE(run.verdict.trusted());
  const double left = (run.chains.draws.select(2, 0) < 0).to(torch::kDouble).mean().item<double>();
  EXPECT_NEAR(left, 0.8, 3.5 * 0.4 / std::sqrt(run.chains.worst.bulk_ess));
}

// Half of the starts are data, half of them twice as wide: a mode that no datum is in is
// found if the base reaches it.
TEST(LongChains, StartsAreApart) {
  Random random(1, "chains");
  const auto space = std::make_shared<Euclidean>(2);
  const auto data = random.normal({1000, 2}, torch::kDouble);
  const auto starts = dispersed_starts(space, data, 1000, random, torch::kDouble);
  EXPECT_NEAR(starts.narrow(0, 0, 500).std().item<double>(), 1, 0.1);
  EXPECT_NEAR(starts.narrow(0, 500, 500).std().item<double>(), 2, 0.2);
}

}  // namespace
}  // namespace ebm::testing
