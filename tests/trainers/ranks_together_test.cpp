#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/energy_sum.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/trainers/ranks.hpp"

/// What ranks refuse, and how they end.
namespace ebm::testing {
namespace {

/// The error of two ranks that train a case.
std::string refusal_of_ranks(const RanksCase& which) {
  return user_error(
      [&] { as_ranks(2, [&](const auto& ranks) { go_on(*training_of(which, ranks), which, 1); }); });
}

TEST(Ranks, AreRefusedByTrainersThatKeepTheirWorkOnOne) {
  const Json mlp = {{"name", "mlp"}, {"hidden", {4}}}, adam = {{"name", "adam"}};
  const Json shallow = {{"name", "shallow"}, {"neurons", 4}};
  for (const auto& name : catalogue().trainers.names()) {
    Json section = {{"name", name}};
    if (name == "persistent_contrastive_divergence") section["buffer_size"] = 100;
    const auto spreads = name == "maximum_likelihood" || name == "restart_gda" || name == "score_matching";
    if (spreads || name == "denoising_score_matching") continue;
    SCOPED_TRACE(name);
    const auto& energy = name == "boosted_likelihood" ? shallow : mlp;
    expect_contains(refusal_of_ranks({.label = "", .trainer = section, .energy = energy, .optimizer = adam}),
                    name == "dual_gda" ? "ranks: 2 were started, and particles with weights are on one; set "
                                         "trainer.particle_step, or trainer.weights to false"
                                       : "ranks: 2 were started, and this trainer keeps all its work on one");
  }
  expect_contains(refusal_of_ranks({"", {{"name", "dual_gda"}, {"weights", false}}}),
                  "ranks: 2 were started, and the kernel that moves the particles keeps all of them on one");
  expect_contains(
      refusal_of_ranks(
          {.label = "", .trainer = {{"name", "maximum_likelihood"}}, .sampler = {{"name", "mala"}}}),
      "set trainer.particle_step, or the sampler to langevin");
}

/// An energy of somebody's own that adds up its gradient, and has not heard of ranks.
class Selfish final : public Energy {
 public:
  explicit Selfish(bool together)
      : together_(together), scale_(register_parameter("scale", torch::ones({1}))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return scale_ * x.square().sum(1); }
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override {
    const torch::NoGradGuard no_grad;
    scale_.mutable_grad() = (weight * x.square().sum(1)).sum().reshape({1});
  }
  bool row_parallel() const override { return !together_; }

 private:
  bool together_;
  torch::Tensor scale_;
};

/// @param in_a_sum  after a part that has heard of ranks, and speaks for itself alone
std::string refusal_of_selfish(bool together, bool in_a_sum) {
  return user_error([&] {
    as_ranks(2, [&](const auto& ranks) {
      const auto domain = std::make_shared<Sphere>(3);
      Random random(2, "data");
      std::shared_ptr<Energy> energy = std::make_shared<Selfish>(together);
      if (in_a_sum) {
        const auto context = on_sphere(3, torch::kFloat, random);
        energy = std::make_shared<EnergySum>(std::vector<EnergySum::Part>{
            {"known", std::make_shared<Shallow>(context, Shallow::Options{})}, {"own", energy}});
      }
      const auto problem = std::make_shared<Problem>(
          domain, Dataset{.train = domain->sample_base(points_of_ranks, random, torch::kFloat)});
      auto trainer = catalogue()
                         .trainers.read({{"name", "dual_gda"}, {"particle_step", 0.02}}, "trainer")
                         .make({energy, problem, std::make_shared<Random>(4), nullptr, ranks});
      Training training(std::move(trainer),
                        catalogue().optimizers.read({{"name", "adam"}}, "o").make({*energy}));
      training.step(training.draw_batch(0));
    });
  });
}

TEST(Ranks, AreRefusedByEnergiesThatWouldLeaveOutTheRowsOfOthers) {
  for (const bool in_a_sum : {false, true}) {
    expect_contains(refusal_of_selfish(false, in_a_sum),
                    "ranks: this energy has an accumulate_gradient of its own");
    expect_contains(refusal_of_selfish(true, in_a_sum), "rows of this energy depend on one another");
  }
}

/// Asks to stop at an iteration, on one rank.
class StopOnOne final : public Callback {
 public:
  explicit StopOnOne(bool mine) : mine_(mine) {}
  void on_step(const Progress& progress) override { now_ = mine_ && progress.iteration == 3; }
  std::optional<StopReason> stop_reason() const override {
    return now_ ? std::optional(StopReason{RunEnd::interrupted, "by rank 1"}) : std::nullopt;
  }

 private:
  bool mine_, now_ = false;
};

TEST(Ranks, EndTogetherWhenOneIsAskedTo) {
  as_ranks(3, [](const auto& ranks) {
    const auto training = training_of(ranks_cases().front(), ranks);
    StopOnOne callback(ranks->rank() == 1);
    const auto result = fit(*training, {.iterations = 10}, {&callback});
    EXPECT_EQ(result.progress.iteration, 3);
    EXPECT_EQ(result.end, RunEnd::interrupted);
    EXPECT_EQ(result.reason, "by rank 1");
  });
}

TEST(Ranks, ThatHaveDriftedApartAreNotedWhenAStateIsTaken) {
  const auto message = user_error([] {
    as_ranks(2, [](const auto& ranks) {
      const auto training = training_of(ranks_cases().front(), ranks);
      if (ranks->rank() == 1) {
        const torch::NoGradGuard no_grad;
        training->energy().parameters().front().mul_(1 + 1e-6);
      }
      training->save();
    });
  });
  expect_contains(message, "ranks: rank 1 differs from rank 0 in its parameters");
}

}  // namespace
}  // namespace ebm::testing
