#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<torch::optim::Optimizer> descent(const std::vector<torch::Tensor>& parameters,
                                                 double rate = 0.1) {
  return std::make_shared<torch::optim::SGD>(parameters, torch::optim::SGDOptions(rate));
}

std::shared_ptr<DualGda> dual_on_the_plane() {
  return std::make_shared<DualGda>(on_the_plane(plane_points(5)), DualGda::Options{.particle_step = 0.02});
}

// Whatever the strategy does first, it is told before.
TEST(Trainer, WithoutWhatItWorksOnIsRefusedInOneLine) {
  const auto catalogue = standard_catalogue();
  ASSERT_GE(catalogue.trainers.names().size(), 9U);
  for (const auto& name : catalogue.trainers.names()) {
    SCOPED_TRACE(name);
    const auto refusal = [&](auto leave_out) {
      auto context = on_the_plane(plane_points(5));
      leave_out(context);
      const auto choice = catalogue.trainers.read({{"name", name}}, "trainer");
      return user_error([&] { choice.make(context); });
    };
    EXPECT_EQ(refusal([](auto& context) { context.energy = nullptr; }),
              "trainer: there is no energy to train");
    EXPECT_EQ(refusal([](auto& context) { context.problem = nullptr; }),
              "trainer: there is no problem to train on");
    EXPECT_EQ(refusal([](auto& context) { context.random = nullptr; }),
              "trainer: there is no stream of random numbers");
  }
}

TEST(Problem, WithoutTrainingPointsIsRefused) {
  const auto plane = std::make_shared<Euclidean>(2);
  for (const auto& nothing : {torch::Tensor(), torch::zeros({0, 2}, torch::kDouble), torch::zeros({0})}) {
    EXPECT_EQ(user_error([&] { problem_of(plane, nothing); }), "problem: the training set is empty");
  }
  EXPECT_EQ(user_error([&] { problem_of(nullptr, plane_points(5)); }), "problem: there is no domain");
}

TEST(Training, WithoutAStrategyOrAnOptimizerIsRefused) {
  const auto trainer = dual_on_the_plane();
  EXPECT_EQ(user_error([&] { Training(trainer, nullptr); }), "training: there is no optimizer");
  EXPECT_EQ(user_error([&] { Training(nullptr, descent(trainer->energy().parameters())); }),
            "training: there is no trainer");
}

// An optimizer of another energy would leave this one where it is, without a word.
TEST(Training, OfAnOptimizerOfOtherParametersIsRefused) {
  const auto trainer = dual_on_the_plane(), other = dual_on_the_plane();
  const auto copies = std::vector<torch::Tensor>{torch::zeros({2}, torch::kDouble).requires_grad_()};
  for (const auto& optimizer : {descent(other->energy().parameters()), descent(copies)}) {
    const auto message = user_error([&] { Training(trainer, optimizer); });
    expect_contains(message, "training: the optimizer holds none of the energy's parameters");
    expect_contains(message, "make it from energy->parameters()");
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  // Some of them are enough: the rest is held fixed on purpose.
  Training(trainer, descent({trainer->energy().parameters().front()}));
}

TEST(Training, OfOptionsOutOfRangeIsRefused) {
  const auto trainer = dual_on_the_plane();
  const auto refusal = [&](const Training::Options& options) {
    return user_error([&] { Training(trainer, descent(trainer->energy().parameters()), options); });
  };
  expect_contains(refusal({.gradient_clip = -1}), "gradient_clip");
  expect_contains(refusal({.average_decay = 1}), "average_decay");
  expect_contains(refusal({.average_decay = -0.1}), "average_decay");
}

// Finite points and steps that are too large: here the steps are named, not the data.
TEST(Training, ThatDivergesBlamesItsStepsWhereTheBatchIsFinite) {
  const auto trainer = dual_on_the_plane();
  Training training(trainer, descent(trainer->energy().parameters(), 1e300));
  const auto& data = training.problem().data().train;
  const auto message = user_error([&] {
    for (int t = 0; t < 20; ++t) training.step(data);
  });
  expect_contains(message,
                  "is not finite; likely cause: particle_step 0.02 or the optimizer's steps are too large");
  EXPECT_EQ(message.find("look at the data"), std::string::npos) << message;
}

}  // namespace
}  // namespace ebm::testing
