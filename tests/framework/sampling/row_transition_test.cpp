#include "dualebm/framework/sampling/row_transition.hpp"

#include <cmath>

#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/leapfrog_rows.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = Σ_k cos(a_k x_k + k) + x_k²/4: curved in every coordinate.
class Waves final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto k = torch::arange(1, x.size(1) + 1, x.options());
    return ((k.sqrt() * x + k).cos() + x.square() / 4).sum(1);
  }
};

struct RowCase {
  std::int64_t dimension, count;
  bool on_sphere;
  torch::ScalarType type;
};

std::vector<RowCase> step_cases() {
  std::vector<RowCase> all;
  for (const std::int64_t d : {1, 2, 3, 7, 15, 16, 17, 40}) {
    for (const std::int64_t count : {1, 5, 16, 33, 300}) {
      for (const auto type : {torch::kFloat, torch::kDouble}) {
        all.push_back({d, count, false, type});
        if (d > 1) all.push_back({d, count, true, type});
      }
    }
  }
  return all;
}

// Steps of one's own for every particle, of which there is one: no common step, but a step of shape [1, 1].
TEST(RowTransition, AStepForEachParticleIsNoCommonOne) {
  const Euclidean space(3);
  Waves energy;
  Random random(5, "one");
  const Hmc kernel({.leapfrog_steps = 1});
  auto state = kernel.init(random.normal({1, 3}, torch::kDouble));
  const auto before = state.positions.clone();
  for (int i = 0; i < 20; ++i) kernel.step(energy, space, state, random, 1);
  EXPECT_GT(distance(state.positions, before), 1e-3);
}

/// A leapfrog step by the rows' kernel beside the same one by LibTorch's operators.
template <class Real>
void expect_same_step(const RowCase& which) {
  const auto [d, count, on_sphere, type] = which;
  const std::shared_ptr<Domain> domain =
      on_sphere ? std::shared_ptr<Domain>(std::make_shared<Sphere>(d)) : std::make_shared<Euclidean>(d);
  Random random(5, "points");
  const auto x = on_sphere ? domain->sample_base(count, random, type) : random.normal({count, d}, type);
  const auto xi = random.normal({count, d}, type);
  Waves energy;
  const auto variances = on_sphere ? torch::ones({d}, type) : random.uniform({d}, type) + 0.5;
  // Steps of up to three quarters of a turn.
  const auto step = torch::full({1}, 0.3, type);
  const Leapfrog leapfrog{*domain, step, 1, variances};
  const auto [e, g] = energy.value_and_gradient(x);
  const auto v = domain->to_tangent(x, xi * variances.sqrt());
  const auto there = trajectory([&](const torch::Tensor& y) { return energy.value_and_gradient(y); },
                                {x, v, e, g}, leapfrog);

  const auto steps = (step * variances.sqrt()).expand({d}).contiguous();
  const LeapfrogRows<Real> rule{d, steps.template data_ptr<Real>(), on_sphere};
  auto velocities = torch::full_like(x, NAN), y = torch::full_like(x, NAN),
       kinetic = torch::empty({count}, type);
  rule.propose(x.template data_ptr<Real>(), g.template data_ptr<Real>(), xi.template data_ptr<Real>(), count,
               velocities.template data_ptr<Real>(), y.template data_ptr<Real>(),
               kinetic.template data_ptr<Real>());
  const auto [end_e, end_g] = energy.value_and_gradient(y);
  const auto ratios = torch::empty({count}, torch::kDouble);
  rule.log_ratios(y.template data_ptr<Real>(), end_g.template data_ptr<Real>(),
                  velocities.template data_ptr<Real>(), count, kinetic.template data_ptr<Real>(),
                  e.template data_ptr<Real>(), end_e.template data_ptr<Real>(),
                  ratios.template data_ptr<double>());
  const double tolerance = (type == torch::kDouble ? 1e-13 : 2e-5) * static_cast<double>(d + 10);
  const auto what =
      fmt::format("d = {}, {} rows, {} {}", d, count, on_sphere ? "sphere" : "R^d", c10::toString(type));
  EXPECT_LT(distance(y, there.end.positions), tolerance) << what;
  EXPECT_LT(distance(ratios, there.log_ratio), tolerance) << what;
}

// Widths of vectors and rows that do not fill one, both geometries, both types, every instruction set.
TEST(RowTransition, IsTheLeapfrogStepOfTheOperators) {
  with_each_instruction_set([](auto) {
    for (const auto& which : step_cases()) {
      which.type == torch::kDouble ? expect_same_step<double>(which) : expect_same_step<float>(which);
    }
  });
}

/// Positions, energies and step sizes after some steps of MALA.
torch::Tensor after_mala_steps(Energy& energy, const Domain& domain, const torch::Tensor& start) {
  const Mala mala(Mala::Options{.step_size = 0.1});
  auto state = mala.init(start);
  Random random(7, "particles");
  for (int t = 0; t < 5; ++t) mala.step(energy, domain, state, random, 1);
  return torch::cat({state.positions.flatten(), state.energy(), state.gradient().flatten(),
                     state.memory.values.at("log_step").to(start.scalar_type())});
}

TEST(RowTransition, IsTheSameBitsForEveryNumberOfThreads) {
  Random random(1, "parameters");
  Shallow shallow(ebm::testing::on_sphere(15, torch::kFloat, random), {.neurons = 20, .signs = "balanced"});
  Gaussian gaussian(on_euclidean(3, torch::kFloat), {});
  const Sphere sphere(15);
  const Euclidean space(3);
  const auto on_sphere = sphere.sample_base(3001, random, torch::kFloat);
  const auto in_space = random.normal({3001, 3}, torch::kFloat);
  torch::Tensor first, second;
  with_each_number_of_threads([&](int count) {
    const auto by_rows = after_mala_steps(shallow, sphere, on_sphere),
               at_once = after_mala_steps(gaussian, space, in_space);
    if (count == 1) first = by_rows, second = at_once;
    EXPECT_TRUE(torch::equal(by_rows, first)) << count;
    EXPECT_TRUE(torch::equal(at_once, second)) << count;
  });
}

// Energies that come with the rows are those of the positions: a row that was not put back after a rejection,
// or a piece written to another's place, is not.
TEST(RowTransition, KeepsWhatBelongsToThePositions) {
  Random random(1, "parameters");
  for (const std::int64_t d : {3, 15, 20}) {
    Shallow energy(on_sphere(d, torch::kDouble, random),
                   {.neurons = 20, .initial_weight = 40, .total_variation_cap = 100});
    const Sphere sphere(d);
    const Mala mala(Mala::Options{.step_size = 0.3});
    auto state = mala.init(sphere.sample_base(1500, random, torch::kDouble));
    const auto before = state.positions.clone();
    const auto info = mala.step(energy, sphere, state, random, 1);
    EXPECT_EQ(info.gradient_evaluations, 2 * 1500);
    const double accepted = (state.positions != before).any(1).to(torch::kDouble).mean().item<double>();
    const double expected = info.acceptance.item<double>();
    ASSERT_GT(expected, 0.05);
    ASSERT_LT(expected, 0.95);
    EXPECT_NEAR(accepted, expected, 4 * std::sqrt(0.25 / 1500));
    EXPECT_LT((state.positions.norm(2, 1) - 1).abs().max().item<double>(), 1e-14);
    EXPECT_LT(distance(state.energy(), energy.forward(state.positions)), 1e-11);
    EXPECT_LT(distance(state.gradient(), energy.gradient(state.positions)), 1e-11);
  }
}

/// Not finite beyond x_1 = 0.5.
class Chasm final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override {
    return torch::where(x.select(1, 0) > 0.5, torch::full_like(x.select(1, 0), value), x.square().sum(1) / 2);
  }
  double value = NAN;
};

TEST(RowTransition, NeverGoesWhereEnergiesAreNotFinite) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    Chasm energy;
    energy.value = value;
    const Mala mala(Mala::Options{.step_size = 0.3});
    Random random(2, "particles");
    auto state = mala.init(-random.normal({500, 2}, torch::kDouble).abs());
    std::int64_t divergences = 0;
    for (int t = 0; t < 20; ++t)
      divergences += mala.step(energy, Euclidean(2), state, random, 1).divergences.item<std::int64_t>();
    EXPECT_GT(divergences, 100);
    EXPECT_LE(state.positions.select(1, 0).max().item<double>(), 0.5);
    EXPECT_TRUE(torch::isfinite(state.energy()).all().item<bool>());
  }
}

// E comes with the gradient of rows where it is asked for, and is that of the whole.
TEST(RowTransition, EnergiesComeWithTheGradientsOfRows) {
  Random random(1, "parameters");
  for (const std::int64_t d : {3, 15, 20}) {
    for (const char* activation : {"relu", "squared_relu", "softplus"}) {
      for (const bool bias : {false, true}) {
        Shallow energy(on_sphere(d, torch::kDouble, random),
                       {.neurons = 70, .activation = activation, .bias = bias});
        const auto x = Sphere(d).sample_base(37, random, torch::kDouble);
        auto gradients = torch::empty_like(x), energies = torch::empty({37}, x.options());
        energy.row_gradient(x)({x.data_ptr<double>(), 37, d}, {gradients.data_ptr<double>(), 37, d},
                               {energies.data_ptr<double>(), 37, 1});
        EXPECT_LT(distance(energies, energy.forward(x)), 1e-13) << activation;
        EXPECT_LT(distance(gradients, energy.gradient(x)), 1e-13) << activation;
      }
    }
  }
}

}  // namespace
}  // namespace ebm::testing
