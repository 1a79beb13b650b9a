#include <ATen/ATen.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "dualebm/framework/problem/box.hpp"
#include "dualebm/framework/problem/product_domain.hpp"
#include "dualebm/framework/problem/torus.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/kernel_density.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/samplers.hpp"
#include "dualebm/framework/sampling/spherical_slice.hpp"
#include "dualebm/framework/sampling/tempering.hpp"
#include "dualebm/framework/sampling/underdamped.hpp"
#include "tests/framework/sampling/known_moments.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

using Shape = std::function<torch::Tensor(const torch::Tensor&)>;

/// An energy from its formula.
class Formula final : public Energy {
 public:
  explicit Formula(Shape formula) : formula_(std::move(formula)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return formula_(x); }

 private:
  Shape formula_;
};

struct Named {
  std::string name;
  std::shared_ptr<const Sampler> sampler;
};

/// All exact kernels, with proposals from draws of the domain's own reference, where they
/// know nothing of the answer.
std::vector<Named> exact_kernels(const std::shared_ptr<const Domain>& domain) {
  Random random(7, "proposals");
  const auto data = domain->sample_base(200, random, torch::kDouble);
  const SamplerContext context{.domain = domain, .data = data, .random = random};
  return {{"mala", std::make_shared<Mala>(Mala::Options{})},
          {"hmc", std::make_shared<Hmc>(Hmc::Options{})},
          {"underdamped", std::make_shared<Underdamped>(Underdamped::Options{})},
          {"jump to the base", std::make_shared<IndependenceJump>(
                                   context, IndependenceJump::Options{.share = 0.5, .proposal = "base"})},
          {"jump to kernels", std::make_shared<IndependenceJump>(
                                  context, IndependenceJump::Options{.share = 0.5, .proposal = "mixture"})},
          {"tempering", std::make_shared<Tempering>(context, Tempering::Options{.levels = 3})}};
}

/// Means of f over chains against the truth, for every kernel, with a standard error below `greatest_error`.
void expect_moments(const std::vector<Named>& kernels, Energy& energy, const Domain& domain, const Shape& f,
                    const std::vector<double>& truth, double greatest_error) {
  Random random(3, "start");
  const auto start = domain.sample_base(300, random, torch::kDouble);
  for (const auto& [name, sampler] : kernels) {
    const auto estimates = chain_means(*sampler, energy, domain, start, 150, 150, f);
    for (std::size_t k = 0; k < truth.size(); ++k)
      expect_close(estimates[k], truth[k], greatest_error, fmt::format("{}, moment {}", name, k));
  }
}

/// I_1(κ) / I_0(κ), by the series of both.
double mean_cosine(double kappa) {
  double zero = 0, one = 0, term = 1;
  for (int k = 0; k < 60; ++k) {
    zero += term;
    one += term * kappa / (2 * (k + 1));
    term *= kappa * kappa / (4 * (k + 1.0) * (k + 1.0));
  }
  return one / zero;
}

TEST(DomainKernels, MomentsOfVonMisesOnTheTorus) {
  const auto torus = std::make_shared<Torus>(std::vector<double>{360, 24, 1});
  // κ = 1, 6 and 2 about the angles 0, a quarter turn and half a turn.
  Formula energy(
      [](const torch::Tensor& x) { return -x.select(1, 0) - 6 * x.select(1, 3) + 2 * x.select(1, 4); });
  const auto f = [](const torch::Tensor& x) {
    return torch::stack({x.select(1, 0), x.select(1, 1), x.select(1, 2), x.select(1, 3), x.select(1, 4),
                         x.select(1, 0) * x.select(1, 3)},
                        1);
  };
  const double a = mean_cosine(1), b = mean_cosine(6), c = mean_cosine(2);
  expect_moments(exact_kernels(torus), energy, *torus, f, {a, 0, 0, b, -c, a * b}, 0.03);
}

/// exp(a x) on [0, 1]: its mean; with a large the mass lies at the upper wall.
double mean_of_exponential(double a) { return 1 / (1 - std::exp(-a)) - 1 / a; }

/// The standard normal cut off to [low, high]: its mean and mean square.
std::pair<double, double> cut_normal(double low, double high) {
  const auto density = [](double z) { return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi); };
  const double mass = 0.5 * (std::erf(high / std::numbers::sqrt2) - std::erf(low / std::numbers::sqrt2));
  return {(density(low) - density(high)) / mass, 1 + (low * density(low) - high * density(high)) / mass};
}

/// A steep exponential and a Gaussian whose middle is beyond the wall: most of the mass is at walls.
Formula wall_energy() {
  return Formula([](const torch::Tensor& x) {
    return -8 * x.select(1, 0) + 0.5 * ((x.select(1, 1) + 0.2) / 0.5).square();
  });
}

const Shape wall_moments = [](const torch::Tensor& x) {
  return torch::stack({x.select(1, 0), x.select(1, 1), x.select(1, 1).square()}, 1);
};

std::vector<double> wall_truth() {
  const auto [mean, square] = cut_normal(0.4, 4.4);
  return {mean_of_exponential(8), 0.5 * mean - 0.2, 0.25 * square - 0.2 * mean + 0.04};
}

TEST(DomainKernels, MomentsAtTheWallsOfABox) {
  const auto box = std::make_shared<Box>(std::vector<double>{0, 0}, std::vector<double>{1, 2});
  auto energy = wall_energy();
  expect_moments(exact_kernels(box), energy, *box, wall_moments, wall_truth(), 0.03);
}

/// A box whose walls hold what arrives there.
class Sticky final : public Domain {
 public:
  std::string name() const override { return "sticky"; }
  std::int64_t dimension() const override { return 2; }
  std::string base_measure() const override { return box_.base_measure(); }
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t n, Random& random,
                            const torch::TensorOptions& options) const override {
    return box_.sample_base(n, random, options);
  }
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
  torch::Tensor retract(const torch::Tensor& y) const override {
    return torch::minimum(torch::maximum(y, box_.low().to(y.options())), box_.high().to(y.options()));
  }
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& v, const torch::Tensor& time) const override {
    return {retract(x + time * v), v};
  }
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& g,
                          const torch::Tensor& curvature) const override {
    return box_.laplacian(x, g, curvature);
  }
  double log_area() const override { return box_.log_area(); }
  std::optional<Quadrature> quadrature(std::int64_t n) const override { return box_.quadrature(n); }

 private:
  Box box_{{0, 0}, {1, 2}};
};

// What the test above would see of the mistakes that are easily made: a step that stops at the wall,
// corrected or not, and one that is reflected and not corrected, at a large step.
TEST(DomainKernels, StoppingAtAWallAndLargeUncorrectedStepsShow) {
  auto energy = wall_energy();
  const Box box({0, 0}, {1, 2});
  const Sticky sticky;
  Random random(3, "start");
  const auto start = box.sample_base(1000, random, torch::kDouble);
  const Mala mala({.step_size = 0.02, .diagonal_metric = false});
  const Langevin langevin({.step_size = 0.02, .antithetic = false});
  const auto worst = [&](const Sampler& sampler, const Domain& domain) {
    const auto estimates = chain_means(sampler, energy, domain, start, 100, 200, wall_moments);
    double most = 0;
    for (std::size_t k = 0; k < 3; ++k) most = std::max(most, off(estimates[k], wall_truth()[k]));
    return most;
  };
  EXPECT_LT(worst(mala, box), 3.5);
  EXPECT_GT(worst(mala, sticky), 8);
  EXPECT_GT(worst(langevin, sticky), 8);
  EXPECT_GT(worst(langevin, box), 8);
}

// The bias of a reflected Langevin step falls with h; at small steps it is within the errors.
TEST(DomainKernels, SmallLangevinStepsAreReflectedAndTurnedRight) {
  const Langevin plain({.step_size = 1e-4, .antithetic = false});
  Random random(3, "start");
  const Box box({0}, {1});
  Formula slope([](const torch::Tensor& x) { return -2 * x.select(1, 0); });
  const auto level = random.uniform({4000, 1}, torch::kDouble);
  // Exact draws: what is left is what the chain does to them.
  auto state = plain.init((1 + level * (std::exp(2.0) - 1)).log() / 2);
  for (int i = 0; i < 300; ++i) plain.step(slope, box, state, random, 1);
  const auto x = state.positions;
  EXPECT_TRUE(box.contains(x).all().item<bool>());
  expect_close({x.mean().item<double>(), x.std().item<double>() / std::sqrt(4000.0)}, mean_of_exponential(2),
               0.01, "box");
  const Torus torus({360});
  Formula cosine([](const torch::Tensor& y) { return -2 * y.select(1, 0); });
  const Mala exact({});
  auto angles = exact.init(torus.sample_base(4000, random, torch::kDouble));
  for (int i = 0; i < 200; ++i) exact.step(cosine, torus, angles, random, 1);
  for (int i = 0; i < 300; ++i) plain.step(cosine, torus, angles, random, 1);
  const auto y = angles.positions.select(1, 0);
  EXPECT_TRUE(torus.contains(angles.positions).all().item<bool>());
  expect_close({y.mean().item<double>(), y.std().item<double>() / std::sqrt(4000.0)}, mean_cosine(2), 0.02,
               "torus");
}

// A cylinder with an axis that leans on the angle, and a sphere with a box: factors of every kind, coupled.
TEST(DomainKernels, MomentsOnProducts) {
  const auto cylinder = std::make_shared<ProductDomain>(ProductDomain::Factors{
      std::make_shared<Torus>(std::vector<double>{360}), std::make_shared<Euclidean>(1)});
  Formula leaning([](const torch::Tensor& x) {
    return -2 * x.select(1, 0) + 0.5 * ((x.select(1, 2) - x.select(1, 0)) / 0.3).square();
  });
  const double a = mean_cosine(2), square = 1 - a / 2;  // E cos² φ = 1 - A/κ
  const auto f = [](const torch::Tensor& x) {
    return torch::stack(
        {x.select(1, 0), x.select(1, 2), x.select(1, 2).square(), x.select(1, 0) * x.select(1, 2)}, 1);
  };
  expect_moments(exact_kernels(cylinder), leaning, *cylinder, f, {a, a, square + 0.09, square}, 0.05);

  const auto shell = std::make_shared<ProductDomain>(ProductDomain::Factors{
      std::make_shared<Sphere>(3), std::make_shared<Box>(std::vector<double>{0}, std::vector<double>{1})});
  Formula deep([](const torch::Tensor& x) { return -3 * x.select(1, 0) - 4 * x.select(1, 3); });
  const double length = 1 / std::tanh(3.0) - 1 / 3.0;
  const auto g = [](const torch::Tensor& x) {
    return torch::stack({x.select(1, 0), x.select(1, 1), x.select(1, 3)}, 1);
  };
  expect_moments(exact_kernels(shell), deep, *shell, g, {length, 0, mean_of_exponential(4)}, 0.03);
}

// A density that loses mass at a wall or forgets a factor fails: ∫ q dτ = 1, and draws have its means.
TEST(DomainKernels, ProposalsHaveTheDensityThatIsClaimed) {
  const auto torus = std::make_shared<Torus>(std::vector<double>{360, 360});
  const auto box = std::make_shared<Box>(std::vector<double>{0, -1}, std::vector<double>{1, 2});
  const auto cylinder = std::make_shared<ProductDomain>(ProductDomain::Factors{
      std::make_shared<Torus>(std::vector<double>{360}), std::make_shared<Euclidean>(1)});
  for (const std::shared_ptr<const Domain>& domain :
       std::vector<std::shared_ptr<const Domain>>{torus, box, cylinder}) {
    Random random(3, "draws");
    const auto rule = *domain->quadrature(150);
    const auto centres = domain->sample_base(4, random, torch::kDouble);
    const auto data = domain->sample_base(200, random, torch::kDouble);
    const auto scales =
        domain->velocity_variances(torch::full({domain->dimension()}, 0.2, torch::kDouble)).sqrt();
    const auto base = std::make_shared<BaseProposal>(BaseProposal::around(domain, data));
    const std::vector<std::shared_ptr<const Proposal>> proposals = {
        base, std::make_shared<KernelDensity>(*domain, centres, 0.8, scales),
        std::make_shared<KernelDensity>(*domain, centres, 0.2, scales),
        std::make_shared<KernelDensity>(KernelDensity::fit(*domain, data, 50, random))};
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      const auto what = fmt::format("{}, proposal {}", domain->base_measure(), i);
      const auto mass = rule.weights * proposals[i]->log_density(rule.points).exp();
      EXPECT_NEAR(mass.sum().item<double>(), 1, 1e-5) << what;
      const auto draws = proposals[i]->sample(20000, random, torch::kDouble);
      EXPECT_TRUE(domain->contains(draws).all().item<bool>()) << what;
      const auto f = [](const torch::Tensor& x) {
        return (2 * x.select(1, 0) + x.select(1, x.size(1) - 1) + x.select(1, 1)).cos();
      };
      const auto values = f(draws);
      expect_close({values.mean().item<double>(), values.std().item<double>() / std::sqrt(20000.0)},
                   mass.dot(f(rule.points)).item<double>(), 0.01, what);
    }
  }
}

TEST(DomainKernels, GreatCirclesAreRefusedElsewhere) {
  Formula flat([](const torch::Tensor& x) { return 0 * x.select(1, 0); });
  const SphericalSlice slice({});
  Random random(1, "chains");
  const std::vector<std::shared_ptr<const Domain>> domains = {
      std::make_shared<Torus>(std::vector<double>{360}),
      std::make_shared<Box>(std::vector<double>{0}, std::vector<double>{1})};
  for (const auto& domain : domains) {
    auto state = slice.init(domain->sample_base(4, random, torch::kDouble));
    expect_contains(
        user_error([&] { slice.step(flat, *domain, state, random, 1); }),
        "slice: great circles are on the domain sphere, not on " + domain->name() + "; use mala or hmc");
  }
}

// An angle of deviation 0.03 beside a free one: without a scale of its own the free one creeps.
TEST(DomainKernels, TheMetricKnowsTheWidthOfAnAngle) {
  const Torus torus({360, 360});
  Formula energy([](const torch::Tensor& x) { return -1000 * x.select(1, 0); });
  Random random(1, "chains");
  const Mala mala({});
  auto start = torus.sample_base(200, random, torch::kDouble);
  start.select(1, 0).fill_(1);
  start.select(1, 1).fill_(0);
  auto state = mala.init(start);
  for (int i = 0; i < 300; ++i) mala.step(energy, torus, state, random, 1);
  state.adapting = false;
  const auto before = state.positions.narrow(1, 2, 2).clone();
  for (int i = 0; i < 5; ++i) mala.step(energy, torus, state, random, 1);
  // Five steps: the cosine of the angle travelled is far from 1.
  EXPECT_LT((before * state.positions.narrow(1, 2, 2)).sum(1).mean().item<double>(), 0.5);
}

}  // namespace
}  // namespace ebm::testing
