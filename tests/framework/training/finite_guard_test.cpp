#include "dualebm/framework/training/guards/finite_guard.hpp"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <limits>

#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Pulls the mean towards the batch; in iteration `bad` one coordinate of a gradient is not a number.
class Poisoned final : public Trainer {
 public:
  Poisoned(TrainerContext context, std::int64_t bad, std::size_t parameter = 0)
      : Trainer(std::move(context)), bad_(bad), parameter_(parameter) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override {
    energy().accumulate_gradient(batch, torch::full({batch.size(0)}, 0.1, batch.options()));
    if (iteration.number() == bad_) {
      energy().parameters()[parameter_].mutable_grad()[1] = std::numeric_limits<double>::quiet_NaN();
    }
    return {.parameter_gradients = batch.size(0)};
  }

 private:
  std::int64_t bad_;
  std::size_t parameter_;
};

/// A Gaussian on R² learning ten points; checks deferred, as on a CUDA device, or at once.
struct Setting {
  std::unique_ptr<Training> training(bool deferred, std::int64_t bad, std::size_t parameter = 0,
                                     double clip = 0) const {
    auto trainer = std::make_shared<Poisoned>(
        TrainerContext{.energy = energy, .problem = problem, .random = std::make_shared<Random>(1, "noise")},
        bad, parameter);
    return std::make_unique<Training>(
        std::move(trainer), optimizer,
        Training::Options{.gradient_clip = clip, .deferred_checks = deferred, .recoveries = 0});
  }

  std::vector<torch::Tensor> parameters() const {
    std::vector<torch::Tensor> copies;
    for (const auto& parameter : energy->parameters()) copies.push_back(parameter.detach().clone());
    return copies;
  }

  torch::Tensor data = torch::arange(10, torch::kDouble).unsqueeze(1).repeat({1, 2});
  std::shared_ptr<const Problem> problem =
      std::make_shared<Problem>(std::make_shared<Euclidean>(2), Dataset{.train = data});
  std::shared_ptr<Energy> energy =
      std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{});
  // Adam moves on by its momentum even where a gradient is zeroed: only taking parameters back stops it.
  std::shared_ptr<torch::optim::Optimizer> optimizer =
      std::make_shared<torch::optim::Adam>(energy->parameters(), torch::optim::AdamOptions(0.01));
};

void expect_same(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i])) << i;
}

std::string non_finite(const Training& training) {
  try {
    training.require_finite();
  } catch (const NonFiniteError& error) {
    return error.what();
  }
  return {};
}

TEST(FiniteGuard, DeferredNamesTheFirstBadIterationAndParameter) {
  for (const auto& [parameter, name] :
       {std::pair{std::size_t{0}, "\"mean\""}, {std::size_t{1}, "\"log_precision\""}}) {
    Setting setting;
    const auto training = setting.training(true, /*bad=*/3, parameter);
    for (int i = 0; i < 2; ++i) training->step(setting.data);
    EXPECT_EQ(non_finite(*training), "");
    for (int i = 0; i < 4; ++i) training->step(setting.data);
    expect_contains(non_finite(*training), std::string("iteration 3: the gradient of ") + name);
  }
}

TEST(FiniteGuard, DeferredKeepsTheParametersFromBeforeTheBadIteration) {
  Setting setting;
  const auto training = setting.training(true, /*bad=*/3);
  for (int i = 0; i < 2; ++i) training->step(setting.data);
  const auto before = setting.parameters();
  for (int i = 0; i < 5; ++i) {
    training->step(setting.data);
    expect_same(setting.parameters(), before);
  }
}

TEST(FiniteGuard, AtOnceThrowsInTheIterationWithTheParametersFromBefore) {
  Setting setting;
  const auto training = setting.training(false, /*bad=*/3);
  for (int i = 0; i < 2; ++i) training->step(setting.data);
  const auto before = setting.parameters();
  EXPECT_THROW(training->step(setting.data), NonFiniteError);
  expect_same(setting.parameters(), before);
}

TEST(FiniteGuard, DeferredTakesBackAParameterThatTheStepBlewUp) {
  Setting setting;
  setting.optimizer =
      std::make_shared<torch::optim::SGD>(setting.energy->parameters(), torch::optim::SGDOptions(1e308));
  const auto training = setting.training(true, /*bad=*/-1);
  const auto before = setting.parameters();
  training->step(setting.data);
  expect_same(setting.parameters(), before);
  expect_contains(non_finite(*training), "iteration 1: the parameter \"");
}

TEST(FiniteGuard, DeferredRunsInTheSameBitsWhereAllIsFinite) {
  std::vector<std::vector<torch::Tensor>> ends;
  for (const bool deferred : {false, true}) {
    Setting setting;
    const auto training = setting.training(deferred, /*bad=*/-1, 0, /*clip=*/0.5);
    for (int i = 0; i < 20; ++i) training->step(setting.data);
    ends.push_back(setting.parameters());
  }
  expect_same(ends[0], ends[1]);
}

TEST(FiniteGuard, AStepReportsAtTheLatestAfterTheStatedNumberOfIterations) {
  Setting setting;
  const auto training = setting.training(true, /*bad=*/2);
  for (std::int64_t i = 1; i < Training::deferred_iterations; ++i)
    ASSERT_NO_THROW(training->step(setting.data));
  EXPECT_THROW(training->step(setting.data), NonFiniteError);
}

TEST(FiniteGuard, NothingBadIsSavedAndAResumedRunGoesOnCounting) {
  Setting setting;
  const auto training = setting.training(true, /*bad=*/12);
  for (int i = 0; i < 10; ++i) training->step(setting.data);
  const auto saved = training->save();

  Setting later;
  const auto resumed = later.training(true, /*bad=*/12);
  resumed->load(saved);
  for (int i = 0; i < 3; ++i) resumed->step(later.data);
  try {
    resumed->save();
    ADD_FAILURE() << "a run that went wrong was saved";
  } catch (const NonFiniteError& error) {
    expect_contains(error.what(), "iteration 12: the gradient of \"mean\"");
  }
}

/// Counts evaluations.
class Evaluations final : public Callback {
 public:
  void on_record(const Record&) override { ++count; }
  int count = 0;
};

TEST(FiniteGuard, TheLoopLooksBeforeItEvaluates) {
  Setting setting;
  const auto training = setting.training(true, /*bad=*/5);
  Evaluations evaluations;
  try {
    fit(*training, {.iterations = 50, .evaluate_every = 4}, {&evaluations});
    ADD_FAILURE() << "no NonFiniteError was thrown";
  } catch (const NonFiniteError& error) {
    expect_contains(error.what(), "iteration 5: the gradient of \"mean\"");
  }
  EXPECT_EQ(evaluations.count, 2);  // at 0 and 4, not at 8
  EXPECT_EQ(training->progress().iteration, 8);
}

TEST(BallFactor, ShrinksWhatIsOutsideAndNothingElse) {
  const auto factor = [](double size) { return ball_factor(torch::tensor(size), 3.0).item<double>(); };
  EXPECT_EQ(factor(0), 1);
  EXPECT_EQ(factor(2), 1);
  EXPECT_EQ(factor(3), 1);
  EXPECT_EQ(factor(12), 0.25);
  // A number of the device in double, however the size was given: one rounding, not two.
  EXPECT_EQ(ball_factor(torch::tensor(7.0F), 3.0).scalar_type(), torch::kDouble);
  EXPECT_EQ(factor(7), 3.0 / 7.0F);
}

}  // namespace
}  // namespace ebm::testing
