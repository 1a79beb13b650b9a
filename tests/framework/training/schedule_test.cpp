#include "dualebm/framework/training/schedules/schedules.hpp"

#include <torch/optim/sgd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/framework/training/trainer.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<Schedule> schedule(const Json& section, std::int64_t iterations = 1000) {
  return schedules().read(section, "trainer.schedule").make({iterations});
}

TEST(Schedule, Constant) {
  EXPECT_EQ(schedule({{"name", "constant"}})->factor(1), 1);
  EXPECT_EQ(schedule({{"name", "constant"}})->factor(1'000'000), 1);
}

TEST(Schedule, InverseSqrt) {
  const auto decay = schedule({{"name", "inverse_sqrt"}, {"scale", 100}});
  EXPECT_NEAR(decay->factor(300), 0.5, 1e-15);
  EXPECT_NEAR(decay->factor(9900), 0.1, 1e-15);
}

TEST(Schedule, Exponential) {
  const auto decay = schedule({{"name", "exponential"}, {"half_life", 50}});
  EXPECT_NEAR(decay->factor(50), 0.5, 1e-15);
  EXPECT_NEAR(decay->factor(150), 0.125, 1e-15);
}

TEST(Schedule, Cosine) {
  const auto decay = schedule({{"name", "cosine"}, {"final_factor", 0.2}, {"start", 0.5}});
  EXPECT_EQ(decay->factor(500), 1);
  EXPECT_NEAR(decay->factor(750), 0.6, 1e-15);
  EXPECT_NEAR(decay->factor(1000), 0.2, 1e-15);
  EXPECT_NEAR(decay->factor(2000), 0.2, 1e-15) << "past the end it stays";
}

// Iterations count from 1: the first `every` of them have the factor 1.
TEST(Schedule, Step) {
  const auto decay = schedule({{"name", "step"}, {"every", 10}, {"decay", 0.5}});
  EXPECT_EQ(decay->factor(1), 1);
  EXPECT_EQ(decay->factor(10), 1);
  EXPECT_EQ(decay->factor(11), 0.5);
  EXPECT_EQ(decay->factor(21), 0.25);
}

// A linear start on top of the formula, which counts from the first iteration all the same.
TEST(Schedule, WarmUpIsOneMoreFactor) {
  const auto constant = schedule({{"name", "constant"}, {"warmup", 10}});
  EXPECT_NEAR(constant->factor(1), 0.1, 1e-15);
  EXPECT_EQ(constant->factor(10), 1);
  EXPECT_EQ(constant->factor(11), 1);
  for (const auto& name : schedules().names()) {
    const auto with = schedule({{"name", name}, {"warmup", 40}}, 100),
               without = schedule({{"name", name}}, 100);
    for (const std::int64_t t : {1, 20, 40, 41, 100}) {
      EXPECT_NEAR(with->factor(t), without->factor(t) * std::min(1.0, static_cast<double>(t) / 40), 1e-15)
          << name << " at " << t;
    }
  }
}

TEST(Schedule, FactorsFallAndStayInTheUnitInterval) {
  for (const auto& name : schedules().names()) {
    const auto decay = schedule({{"name", name}}, 5000);
    double previous = 1;
    for (std::int64_t t = 1; t <= 10000; ++t) {
      const double factor = decay->factor(t);
      ASSERT_LE(factor, previous + 1e-15) << name << " at " << t;
      ASSERT_GT(factor, 0) << name << " at " << t;
      previous = factor;
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

/// Does nothing, and shows the factor on the particle step.
class IdleTrainer final : public Trainer {
 public:
  using Trainer::Trainer;
  std::vector<double> scales;
  void boost(double factor) { scale_learning_rates(factor); }

 protected:
  std::int64_t accumulate(const torch::Tensor&) override { return scales.push_back(particle_scale()), 0; }
};

// Factors apply to the rate of the start: multiplied into the current one they would compound to
// 2^(-t(t+1)/2).
TEST(Schedule, TheTrainerAppliesFactorsToTheBaseRate) {
  const auto energy = std::make_shared<Gaussian>(2, Gaussian::Options{}, torch::kDouble);
  const auto optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.8));
  const auto halving = [](double half_life) {
    return schedule({{"name", "exponential"}, {"half_life", half_life}});
  };
  IdleTrainer trainer({.energy = energy,
                       .domain = std::make_shared<Euclidean>(2),
                       .optimizer = optimizer,
                       .data = torch::zeros({2, 2}, torch::kDouble),
                       .random = std::make_shared<Random>(1, "noise"),
                       .optimizer_schedule = halving(1),
                       .particle_schedule = halving(2)});
  trainer.boost(10);
  for (int t = 1; t <= 4; ++t) {
    trainer.step(torch::zeros({2, 2}, torch::kDouble));
    EXPECT_NEAR(optimizer->param_groups()[0].options().get_lr(), 8 * std::exp2(-t), 1e-14) << t;
    EXPECT_NEAR(trainer.scales.back(), std::exp2(-0.5 * t), 1e-14) << t;
  }
}

}  // namespace
}  // namespace ebm::testing
