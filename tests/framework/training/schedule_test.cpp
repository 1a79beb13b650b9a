#include "dualebm/framework/training/schedules/schedules.hpp"

#include <torch/optim/sgd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/framework/training/training.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<Schedule> schedule(const Json& section) {
  return catalogue().schedules.read(section, "trainer.schedule").make({});
}

/// The factor at an iteration of a run that iterations end.
double factor(const Schedule& schedule, std::int64_t iteration, std::int64_t iterations = 1000) {
  return schedule.factor(
      {.iteration = iteration, .fraction = static_cast<double>(iteration) / static_cast<double>(iterations)});
}

TEST(Schedule, Constant) {
  EXPECT_EQ(factor(*schedule({{"name", "constant"}}), 1), 1);
  EXPECT_EQ(factor(*schedule({{"name", "constant"}}), 1'000'000), 1);
}

TEST(Schedule, InverseSqrt) {
  const auto decay = schedule({{"name", "inverse_sqrt"}, {"scale", 100}});
  EXPECT_NEAR(factor(*decay, 300), 0.5, 1e-15);
  EXPECT_NEAR(factor(*decay, 9900), 0.1, 1e-15);
}

TEST(Schedule, Exponential) {
  const auto decay = schedule({{"name", "exponential"}, {"half_life", 50}});
  EXPECT_NEAR(factor(*decay, 50), 0.5, 1e-15);
  EXPECT_NEAR(factor(*decay, 150), 0.125, 1e-15);
}

TEST(Schedule, Cosine) {
  const auto decay = schedule({{"name", "cosine"}, {"final_factor", 0.2}, {"start", 0.5}});
  EXPECT_EQ(factor(*decay, 500), 1);
  EXPECT_NEAR(factor(*decay, 750), 0.6, 1e-15);
  EXPECT_NEAR(factor(*decay, 1000), 0.2, 1e-15);
  EXPECT_NEAR(factor(*decay, 2000), 0.2, 1e-15) << "past the end it stays";
}

// Iterations count from 1: the first `every` of them have the factor 1.
TEST(Schedule, Step) {
  const auto decay = schedule({{"name", "step"}, {"every", 10}, {"decay", 0.5}});
  EXPECT_EQ(factor(*decay, 1), 1);
  EXPECT_EQ(factor(*decay, 10), 1);
  EXPECT_EQ(factor(*decay, 11), 0.5);
  EXPECT_EQ(factor(*decay, 21), 0.25);
}

// A linear start on top of the formula, which counts from the first iteration all the same.
TEST(Schedule, WarmUpIsOneMoreFactor) {
  const auto constant = schedule({{"name", "constant"}, {"warmup", 10}});
  EXPECT_NEAR(factor(*constant, 1), 0.1, 1e-15);
  EXPECT_EQ(factor(*constant, 10), 1);
  EXPECT_EQ(factor(*constant, 11), 1);
  for (const auto& name : catalogue().schedules.names()) {
    const auto with = schedule({{"name", name}, {"warmup", 40}}), without = schedule({{"name", name}});
    for (const std::int64_t t : {1, 20, 40, 41, 100}) {
      EXPECT_NEAR(factor(*with, t, 100),
                  factor(*without, t, 100) * std::min(1.0, static_cast<double>(t) / 40), 1e-15)
          << name << " at " << t;
    }
  }
}

TEST(Schedule, FactorsFallAndStayInTheUnitInterval) {
  for (const auto& name : catalogue().schedules.names()) {
    const auto decay = schedule({{"name", name}});
    double previous = 1;
    for (std::int64_t t = 1; t <= 10000; ++t) {
      const double now = factor(*decay, t, 5000);
      ASSERT_LE(now, previous + 1e-15) << name << " at " << t;
      ASSERT_GT(now, 0) << name << " at " << t;
      previous = now;
    }
  }
}

TEST(Schedule, BadOptionsAreErrorsWithTheirPath) {
  const std::vector<std::pair<Json, const char*>> cases = {
      {{{"name", "inverse_sqrt"}, {"scale", 0}}, "trainer.schedule.scale"},
      {{{"name", "exponential"}, {"half_life", -1}}, "trainer.schedule.half_life"},
      {{{"name", "cosine"}, {"final_factor", 0}}, "trainer.schedule.final_factor"},
      {{{"name", "cosine"}, {"final_factor", 1.5}}, "trainer.schedule.final_factor"},
      {{{"name", "cosine"}, {"start", 1}}, "trainer.schedule.start"},
      {{{"name", "constant"}, {"warmup", -1}}, "trainer.schedule.warmup"},
      {{{"name", "step"}, {"every", 0}}, "trainer.schedule.every"},
      {{{"name", "step"}, {"decay", 1.1}}, "trainer.schedule.decay"},
      {{{"name", "constant"}, {"scale", 1}}, "trainer.schedule.scale: unknown key"},
  };
  for (const auto& [section, message] : cases)
    expect_contains(user_error([&] { schedule(section); }), message);
}

/// Does nothing, and shows the factor on the particle step; its boost is ten.
class IdleTrainer final : public Trainer {
 public:
  using Trainer::Trainer;
  Cost accumulate(const torch::Tensor&, const Iteration& iteration) override {
    return scales.push_back(iteration.particle_scale), Cost{};
  }
  double step_boost() const override { return 10; }
  std::vector<double> scales;
};

// Factors apply to the rate of the start: multiplied into the current one they would compound to
// 2^(-t(t+1)/2).
TEST(Schedule, TheTrainingAppliesFactorsToTheBaseRate) {
  const auto energy = std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{});
  const auto optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.8));
  const auto halving = [](double half_life) {
    return schedule({{"name", "exponential"}, {"half_life", half_life}});
  };
  const auto points = torch::zeros({2, 2}, torch::kDouble);
  const auto trainer = std::make_shared<IdleTrainer>(TrainerContext{
      .energy = energy,
      .problem = std::make_shared<Problem>(std::make_shared<Euclidean>(2), Dataset{.train = points}),
      .random = std::make_shared<Random>(1, "noise")});
  Training training(trainer, optimizer, {.optimizer_schedule = halving(1), .particle_schedule = halving(2)});
  for (int t = 1; t <= 4; ++t) {
    training.step(points);
    EXPECT_NEAR(optimizer->param_groups()[0].options().get_lr(), 8 * std::exp2(-t), 1e-14) << t;
    EXPECT_NEAR(trainer->scales.back(), std::exp2(-0.5 * t), 1e-14) << t;
  }
}

/// Writes down where the run stands.
class Watched final : public Schedule {
 public:
  double factor(const Moment& at) const override { return moments.push_back(at), 0.5; }
  mutable std::vector<Moment> moments;
};

// What a Schedule of a user's own is handed, and that its factor is taken.
TEST(Schedule, AnOwnOneIsHandedTheMomentOfEveryStep) {
  const auto energy = std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{});
  const auto optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.8));
  const auto points = torch::zeros({2, 2}, torch::kDouble);
  const auto own = std::make_shared<Watched>();
  Training training(
      std::make_shared<IdleTrainer>(TrainerContext{
          .energy = energy,
          .problem = std::make_shared<Problem>(std::make_shared<Euclidean>(2), Dataset{.train = points}),
          .random = std::make_shared<Random>(1, "noise")}),
      optimizer, {.optimizer_schedule = own});
  training.step(points, 0.25);
  training.step(points, 0.5);
  ASSERT_EQ(own->moments.size(), 2U);
  EXPECT_EQ(own->moments[1].iteration, 2);
  EXPECT_EQ(own->moments[0].fraction, 0.25);
  EXPECT_EQ(own->moments[1].fraction, 0.5);
  EXPECT_DOUBLE_EQ(optimizer->param_groups()[0].options().get_lr(), 0.8 * 10 * 0.5);
}

}  // namespace
}  // namespace ebm::testing
