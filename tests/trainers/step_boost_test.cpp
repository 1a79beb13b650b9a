#include <torch/optim/sgd.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

TEST(Restart, BoostIsTheFactorOfTheScripts) {
  const Langevin kernel({.step_size = 0.02});
  EXPECT_DOUBLE_EQ(restart_boost(0.1, 1.0 / 60, kernel), 1 + 0.1 / (60 * 0.02));
  EXPECT_DOUBLE_EQ(restart_boost(0.1, 1, kernel), 6);
  EXPECT_EQ(restart_boost(0.1, 0, kernel), 1);
  EXPECT_EQ(restart_boost(0, 1, kernel), 1);
  EXPECT_EQ(restart_boost(0.1, 1, Mala(Mala::Options{})), 1) << "whose step is not known beforehand";
}

// Both strategies tell a training; all others have none.
TEST(Restart, BoostIsOfTheStrategy) {
  const auto data = plane_points(5);
  const Langevin kernel({.step_size = 0.02});
  EXPECT_EQ(RestartGda(on_the_plane(data), restarts(4, 0)).step_boost(), restart_boost(0.1, 0.25, kernel));
  EXPECT_EQ(RestartGda(on_the_plane(data), restarts(0, 0.5)).step_boost(), restart_boost(0.1, 0.5, kernel));
  EXPECT_EQ(RestartLimit(on_the_plane(data), {}).step_boost(), restart_boost(0.1, 1, kernel));
  EXPECT_EQ(MaximumLikelihood(on_the_plane(data), {}).step_boost(), 1);
}

// The first gradient is the same with and without boost, so the first step is proportional to the learning
// rate.
TEST(Restart, BoostMultipliesTheLearningRates) {
  const auto data = plane_points(50) + 1;
  const auto first_step = [&](double boost) {
    auto options = restarts(4, 0);
    options.step_boost = boost;
    const auto trainer = std::make_shared<RestartGda>(on_the_plane(data), options);
    auto& energy = trainer->energy();
    Training(trainer,
             std::make_shared<torch::optim::SGD>(energy.parameters(), torch::optim::SGDOptions(0.01)))
        .step(data);
    return energy.named_parameters()["mean"].detach().clone();
  };
  EXPECT_LT(distance(first_step(0.1), first_step(0) * (1 + 0.1 / (4 * 0.02))), 1e-15);
}

/// An optimizer with the keys of its rates, and whether its step is a multiple of the gradient.
struct BoostCase {
  std::string label;
  Json optimizer;
  std::vector<std::string> rates;
  bool boosted;
};

std::ostream& operator<<(std::ostream& out, const BoostCase& which) { return out << which.label; }

class StepBoost : public ::testing::TestWithParam<BoostCase> {
 protected:
  StepBoost() {
    Random random(6, "points");
    const auto sphere = std::make_shared<Sphere>(3);
    trainer_ = std::make_shared<RestartGda>(
        context_of(softplus_energy(3, 5, 8), sphere, sphere->sample_base(20, random, torch::kDouble)),
        restarts(4, 0));
  }

  std::shared_ptr<torch::optim::Optimizer> optimizer(double factor) const {
    auto section = GetParam().optimizer;
    for (const auto& key : GetParam().rates) section[key] = section[key].get<double>() * factor;
    return standard_catalogue().optimizers.read(section, "optimizer").make({trainer_->energy()});
  }

  torch::Tensor parameters() const {
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : trainer_->energy().parameters())
      parts.push_back(parameter.detach().flatten());
    return torch::cat(parts);
  }

  /// What six steps of the optimizer leave, its rates times a factor, without a Training; everything is put
  /// back.
  torch::Tensor by_hand(double factor) {
    const auto plain = optimizer(factor);
    const auto energy = ModelSnapshot(trainer_->energy());
    const auto random = trainer_->random().state();
    State particles;
    trainer_->save(particles);
    for (int t = 1; t <= 6; ++t) {
      trainer_->energy().zero_grad(/*set_to_none=*/true);
      trainer_->accumulate(data(), Iteration(t));
      plain->step();
      const torch::NoGradGuard no_grad;
      trainer_->energy().project_parameters();
    }
    const auto found = parameters();
    energy.write_to(trainer_->energy());
    trainer_->random().set_state(random);
    trainer_->load(particles);
    return found;
  }

  const torch::Tensor& data() const { return trainer_->problem().data().train; }

  std::shared_ptr<RestartGda> trainer_;
};

TEST_P(StepBoost, IsOnTheRatesOfOptimizersWhoseStepsAreMultiplesOfTheGradient) {
  const double boost = trainer_->step_boost();
  ASSERT_EQ(boost, 1 + 0.1 * 0.25 / 0.02);
  const auto plain = by_hand(1), boosted = by_hand(boost);
  ASSERT_GT(distance(plain, boosted), 1e-3);
  Training training(trainer_, optimizer(1));
  for (int t = 0; t < 6; ++t) training.step(data());
  EXPECT_EQ(distance(parameters(), GetParam().boosted ? boosted : plain), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Optimizers, StepBoost,
    ::testing::Values(
        BoostCase{"sgd", {{"name", "sgd"}, {"learning_rate", 0.1}}, {"learning_rate"}, true},
        BoostCase{"momentum",
                  {{"name", "sgd"}, {"learning_rate", 0.1}, {"momentum", 0.5}},
                  {"learning_rate"},
                  true},
        BoostCase{"flow",
                  {{"name", "wasserstein_fisher_rao"}, {"neuron_step", 0.2}, {"weight_step", 0.1}},
                  {"neuron_step", "weight_step"},
                  true},
        BoostCase{"adam", {{"name", "adam"}, {"learning_rate", 0.01}}, {"learning_rate"}, false},
        BoostCase{"adamw", {{"name", "adamw"}, {"learning_rate", 0.01}}, {"learning_rate"}, false}),
    [](const auto& named) { return named.param.label; });

}  // namespace
}  // namespace ebm::testing
