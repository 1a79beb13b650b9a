#include <gtest/gtest.h>

#include <limits>

#include "tests/trainers/every_trainer.hpp"

/// What a training can go on from: a state of itself, also after it has diverged.
namespace ebm::testing {
namespace {

class EveryTrainerGoesOn : public EveryTrainerOnEveryDevice {
 protected:
  /// As on a CUDA device: checks are deferred, iterations are captured where they can be.
  static DeviceRun fresh(std::int64_t batch_size) {
    const auto& [name, which] = GetParam();
    return {which, torch::Device(name), /*deferred=*/true, /*graph=*/true, batch_size};
  }
};

torch::Tensor batch_with_a_hole(const Training& training) {
  auto batch = training.problem().data().train.narrow(0, 0, 20).clone();
  batch[7][1] = std::numeric_limits<double>::quiet_NaN();
  return batch;
}

/// Six more iterations, and what they left.
torch::Tensor after_six(DeviceRun& run) {
  run.step(6);
  run.training().require_finite();
  return run.numbers();
}

// The state is of iteration 6, when graphs are there; the run has gone on since. Whoever goes on from its own
// tensors instead of the state's, or replays a graph that holds what was, is elsewhere.
TEST_P(EveryTrainerGoesOn, FromAStateAsAFreshOneDoes) {
  EBM_NEEDS_DEVICE(std::get<0>(GetParam()));
  for (const std::int64_t batch_size : {0, 20}) {
    auto replayed = fresh(batch_size), started = fresh(batch_size), uninterrupted = fresh(batch_size);
    replayed.step(6);
    const auto state = replayed.training().save();
    const auto then = replayed.numbers();
    replayed.step(3);
    EXPECT_GT(distance(replayed.numbers(), then), 1e-9) << "nothing moves";
    replayed.training().load(state);
    EXPECT_EQ(distance(replayed.numbers(), then), 0) << "the state is of the moment it was taken";
    started.training().load(state);
    const auto expected = after_six(started);
    EXPECT_TRUE(torch::equal(after_six(replayed), expected));
    uninterrupted.step(6);
    EXPECT_TRUE(torch::equal(after_six(uninterrupted), expected));
    EXPECT_EQ(replayed.training().progress().iteration, 12);
    for (auto* other : {&started, &uninterrupted}) {
      EXPECT_EQ(replayed.training().progress().cost.gradients(),
                other->training().progress().cost.gradients());
      EXPECT_EQ(replayed.training().progress().cost.energies, other->training().progress().cost.energies);
    }
  }
}

// A deferred check lets iterations go on in vain: particles, the optimizer's memory and running statistics
// are ruined by then, and loading has to mend them all.
TEST_P(EveryTrainerGoesOn, FromAStateAfterADeferredCheckHasFoundWhatIsNotFinite) {
  EBM_NEEDS_DEVICE(std::get<0>(GetParam()));
  if (!std::get<1>(GetParam()).takes_batch) GTEST_SKIP() << "what is in the batch is nothing to it";
  auto run = fresh(20), never_ruined = fresh(20);
  run.step(4);
  never_ruined.step(4);
  const auto state = run.training().save();
  const auto before = run.training().energy().parameters().front().detach().clone();
  const auto bad = batch_with_a_hole(run.training());
  // Whose particles follow the energy looks at it in every iteration.
  if (run.training().trainer().follows()) {
    expect_contains(user_error([&] { run.training().step(bad); }), "iteration 5: ");
  } else {
    run.training().step(bad);
    run.step(2);
  }
  const auto message = user_error([&] { run.training().require_finite(); });
  expect_contains(message, "iteration 5: ");
  expect_contains(message, "is not finite; likely cause: ");
  EXPECT_EQ(distance(run.training().energy().parameters().front().detach(), before), 0);
  EXPECT_EQ(user_error([&] { run.training().save(); }), message) << "what is ruined must not be saved";
  run.training().load(state);
  EXPECT_TRUE(torch::equal(after_six(run), after_six(never_ruined)));
}

INSTANTIATE_TEST_SUITE_P(Devices, EveryTrainerGoesOn, EveryTrainerGoesOn::all(), EveryTrainerGoesOn::name_of);

class EveryTrainerOnTheCpu : public ::testing::TestWithParam<DeviceCase> {};

// Whatever the trainer would say of its steps: rows that are not numbers are nobody's step.
TEST_P(EveryTrainerOnTheCpu, BlamesABatchThatIsNotFiniteOnTheData) {
  if (!GetParam().takes_batch) GTEST_SKIP() << "what is in the batch is nothing to it";
  DeviceRun run(GetParam(), torch::kCPU, /*deferred=*/false, /*graph=*/false, /*batch_size=*/20);
  run.step(2);
  std::vector<torch::Tensor> before;
  for (const auto& parameter : run.training().energy().parameters())
    before.push_back(parameter.detach().clone());
  const auto message = user_error([&] { run.training().step(batch_with_a_hole(run.training())); });
  expect_contains(message, "iteration 3: the gradient of \"");
  expect_contains(
      message,
      "\" is not finite; likely cause: the batch holds a number that is not finite; look at the data");
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(torch::equal(run.training().energy().parameters()[i], before[i])) << "parameter " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Trainers, EveryTrainerOnTheCpu, ::testing::ValuesIn(device_cases()),
                         [](const auto& named) { return named.param.label; });

}  // namespace
}  // namespace ebm::testing
