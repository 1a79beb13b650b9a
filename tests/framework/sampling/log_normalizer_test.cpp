#include "dualebm/framework/sampling/log_normalizer_track.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "dualebm/framework/problem/quadrature.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/ensemble.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A stand-in for the ensemble: log Z stands still, samples of it are noisy, and the increments are off by a
/// random step or a drift. How many of 100 ends are within two standard errors of the truth.
int track_coverage(double noise, double step, double drift) {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed, "noise");
    const auto numbers = random.normal({2, 600}, torch::kDouble);
    const auto number = numbers.accessor<double, 2>();
    LogNormalizerTrack track(0.02);
    for (int t = 0; t < 600; ++t) {
      track.observe(torch::full({1}, noise * number[0][t] - noise * noise / 2, torch::kDouble));
      track.carry_on(torch::full({}, step * number[1][t] + drift, torch::kDouble));
    }
    inside += std::abs(track.value()) < 2 * track.standard_error();
  }
  return inside;
}

// A drift of 0.002 leaves a lag of 0.1 beside a noise of 0.03: an error that knows nothing of it holds
// the truth in almost no run.
TEST(LogNormalizer, StandardErrorHoldsNoiseWandersAndDrifts) {
  const double cases[][3] = {{0.3, 0, 0},     {0.3, 0.01, 0},   {0.3, 0.03, 0},
                             {0.3, 0, 0.002}, {0.3, 0, -0.005}, {0.05, 0.01, 0.001}};
  for (const auto& [noise, step, drift] : cases) {
    EXPECT_GE(track_coverage(noise, step, drift), 90) << noise << " " << step << " " << drift;
  }
}

// Before a drift can be seen nothing is said; from then on there is a number.
TEST(LogNormalizer, SaysNothingOfItsErrorTooEarly) {
  LogNormalizerTrack track(0.02);
  Random random(1, "noise");
  const auto noise = random.normal({501}, torch::kDouble);
  for (int t = 0; t < 499; ++t) track.observe(0.1 * noise.narrow(0, t, 1));
  EXPECT_TRUE(std::isnan(track.standard_error()));
  for (int t = 499; t < 501; ++t) track.observe(0.1 * noise.narrow(0, t, 1));
  EXPECT_GT(track.standard_error(), 0);
}

/// N(m, diag(1/p)) without its constant.
struct FreeNormal final : Energy {
  explicit FreeNormal(std::int64_t d)
      : mean(register_parameter("mean", torch::zeros({d}, torch::kDouble))),
        log_precision(register_parameter("log_precision", torch::zeros({d}, torch::kDouble))) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    return 0.5 * ((x - mean).square() * log_precision.exp()).sum(1);
  }
  double log_z() const { return 0.5 * (std::log(2 * M_PI) - log_precision.detach()).sum().item<double>(); }
  torch::Tensor mean, log_precision;
};

/// exp(<k, x>) on the sphere: von Mises and Fisher's law without its constant.
struct Directed final : Energy {
  explicit Directed(std::int64_t d)
      : direction(register_parameter("direction", torch::ones({d}, torch::kDouble))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return -x.matmul(direction); }
  double log_z() const {
    return log_von_mises_fisher_normalizer(direction.size(0), direction.detach().norm().item<double>());
  }
  torch::Tensor direction;
};

/// What log Z is of, while it is trained towards data of another energy.
struct MovingModel {
  std::shared_ptr<Energy> energy;
  std::shared_ptr<Domain> domain;
  torch::Tensor data;
  std::function<double()> log_z;
  double rate;
};

/// 600 iterations of weighted gradients on 400 particles, as a trainer makes them. Whether log Z lies within
/// two standard errors at the end.
bool interval_holds(MovingModel& training, std::uint64_t seed) {
  Random random(seed, "particles");
  const SamplerContext context{.domain = training.domain, .data = training.data, .random = random};
  Ensemble ensemble(std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
                        std::make_shared<Mala>(Mala::Options{}),
                        std::make_shared<IndependenceJump>(context, IndependenceJump::Options{})}),
                    training.data.narrow(0, 0, 500), 100, {});
  auto& energy = *training.energy;
  const auto uniform =
      torch::full({training.data.size(0)}, 1.0 / static_cast<double>(training.data.size(0)), torch::kDouble);
  for (int t = 0; t < 600; ++t) {
    ensemble.move(energy, *training.domain, random);
    energy.zero_grad();
    energy.accumulate_gradient(training.data, uniform);
    energy.accumulate_gradient(ensemble.positions(), -ensemble.weights());
    {
      const torch::NoGradGuard no_grad;
      for (auto& parameter : energy.parameters()) {
        if (parameter.grad().defined()) parameter.sub_(training.rate * parameter.grad());
      }
      energy.project_parameters();
    }
    ensemble.follow(ensemble.change(energy), random);
  }
  const auto& track = ensemble.log_normalizer();
  return std::abs(track.value() - training.log_z()) < 2 * track.standard_error();
}

/// In so many trainings by the first seeds.
int times_held(std::uint64_t trainings, const std::function<MovingModel(Random&)>& make) {
  int count = 0;
  for (std::uint64_t seed = 0; seed < trainings; ++seed) {
    Random random(seed, "data");
    auto training = make(random);
    count += interval_holds(training, seed);
  }
  return count;
}

MovingModel normal_model(std::int64_t d, Random& random) {
  const auto energy = std::make_shared<FreeNormal>(d);
  return {.energy = energy,
          .domain = std::make_shared<Euclidean>(d),
          .data = 0.6 * random.normal({500, d}, torch::kDouble) + 0.5,
          .log_z = [energy] { return energy->log_z(); },
          .rate = 0.01};
}

MovingModel shallow_on_the_globe(Random& random) {
  const auto energy = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random),
                                                Shallow::Options{.neurons = 16, .initial_weight = 5});
  const auto sphere = std::make_shared<Sphere>(3);
  auto points = random.normal({500, 3}, torch::kDouble);
  points.select(1, 2) += 2;
  const auto log_z = [energy, sphere] {
    const auto rule = sphere->quadrature(60).value();
    return rule.log_integral(energy->forward(rule.points).detach());
  };
  return {.energy = energy, .domain = sphere, .data = sphere->retract(points), .log_z = log_z, .rate = 3};
}

MovingModel directed_model(Random& random) {
  const auto sphere = std::make_shared<Sphere>(5);
  auto points = random.normal({500, 5}, torch::kDouble);
  points.select(1, 0) += 2;
  const auto energy = std::make_shared<Directed>(5);
  return {.energy = energy,
          .domain = sphere,
          .data = sphere->retract(points),
          .log_z = [energy] { return energy->log_z(); },
          .rate = 0.3};
}

/// On each of five problems.
std::vector<int> times_held_on_five(std::uint64_t trainings) {
  return {times_held(trainings, [](Random& random) { return normal_model(2, random); }),
          times_held(trainings, [](Random& random) { return normal_model(8, random); }),
          times_held(trainings, [](Random& random) { return normal_model(20, random); }),
          times_held(trainings, [](Random& random) { return shallow_on_the_globe(random); }),
          times_held(trainings, [](Random& random) { return directed_model(random); })};
}

// Where an interval holds in 0.95 of all runs, fewer than 34 of 40 have a probability of 0.003, and fewer
// than 5 of 8 on one problem one of 0.0004. One that holds in 0.8 gives fewer than 34 in seven cases of ten.
TEST(LogNormalizer, IntervalsHoldOnFiveTrainings) {
  int together = 0;
  for (const int held : times_held_on_five(8)) {
    EXPECT_GE(held, 5);
    together += held;
  }
  EXPECT_GE(together, 34);
}

// The same on a hundred each, some minutes: --gtest_also_run_disabled_tests.
TEST(LogNormalizer, DISABLED_IntervalsHoldInNinetyOfAHundred) {
  for (const int held : times_held_on_five(100)) EXPECT_GE(held, 90);
}

}  // namespace
}  // namespace ebm::testing
