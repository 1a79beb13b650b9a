#include "dualebm/framework/storage/checkpoint_generations.hpp"

#include <torch/optim/sgd.h>

#include "dualebm/framework/storage/state_file.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A training and the two files of its run.
struct Watched {
  explicit Watched(const TemporaryFolder& folder) : files(folder / "new.ebm", folder / "old.ebm") {}
  void write_at(std::int64_t iteration) {
    training.progress().iteration = iteration;
    files.write(training);
  }
  std::int64_t iteration_in(const std::filesystem::path& path) {
    load_checkpoint(path, training);
    return training.progress().iteration;
  }

  std::shared_ptr<Gaussian> energy =
      std::make_shared<Gaussian>(on_euclidean(2, torch::kFloat), Gaussian::Options{});
  std::shared_ptr<const Problem> problem = std::make_shared<Problem>(
      std::make_shared<Euclidean>(2), Dataset{.train = torch::zeros({4, 2}, torch::kFloat)});
  Training training{std::make_shared<DualGda>(TrainerContext{.energy = energy,
                                                             .problem = problem,
                                                             .random = std::make_shared<Random>(1, "noise")},
                                              ParticleOptions{}),
                    std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.1))};
  CheckpointGenerations files;
};

void damage(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  std::ofstream(path, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
}

TEST(CheckpointGenerations, TheOlderOneStaysBehind) {
  const TemporaryFolder folder;
  Watched run(folder);
  EXPECT_FALSE(run.files.load(run.training, false));
  run.write_at(10);
  EXPECT_FALSE(std::filesystem::exists(folder / "old.ebm"));
  for (const auto& [at, older] :
       {std::pair{20, 10}, {50, 10}, {120, 10}, {130, 120}, {200, 120}, {300, 120}, {301, 300}}) {
    run.write_at(at);
    EXPECT_EQ(run.iteration_in(folder / "new.ebm"), at);
    EXPECT_EQ(run.iteration_in(folder / "old.ebm"), older);
  }
}

TEST(CheckpointGenerations, ADamagedNewestFallsBackAndIsSaid) {
  const TemporaryFolder folder;
  Watched run(folder);
  run.write_at(100);
  run.write_at(250);
  damage(folder / "new.ebm");
  CheckpointGenerations files(folder / "new.ebm", folder / "old.ebm");
  const auto loaded = files.load(run.training, false);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->iteration, 100);
  ASSERT_EQ(loaded->remarks.size(), 1U);
  expect_contains(loaded->remarks[0], "new.ebm: cut short");
  expect_contains(loaded->remarks[0], "going on from " + (folder / "old.ebm").string());
  // The damaged one is nobody's older one.
  run.training.progress().iteration = 400;
  files.write(run.training);
  EXPECT_EQ(run.iteration_in(folder / "old.ebm"), 100);
  std::filesystem::remove(folder / "new.ebm");
  EXPECT_EQ(files.load(run.training, false)->iteration, 100) << "as a kill between two renamings leaves it";
  damage(folder / "old.ebm");
  expect_contains(user_error([&] { files.load(run.training, false); }), "old.ebm: cut short");
}

TEST(CheckpointGenerations, ARunThatDivergedGoesOnFromTheOlderOne) {
  const TemporaryFolder folder;
  Watched run(folder);
  run.write_at(100);
  run.write_at(250);
  CheckpointGenerations files(folder / "new.ebm", folder / "old.ebm");
  EXPECT_EQ(files.load(run.training, true)->iteration, 100);
  EXPECT_FALSE(std::filesystem::exists(folder / "new.ebm")) << "a kill now must not bring the lost one back";
  // Without an older one there is no choice.
  std::filesystem::rename(folder / "old.ebm", folder / "new.ebm");
  EXPECT_EQ(files.load(run.training, true)->iteration, 100);
}

TEST(CheckpointGenerations, WhatIsNotFiniteIsNotWritten) {
  const TemporaryFolder folder;
  Watched run(folder);
  run.write_at(100);
  run.write_at(250);
  const auto before = read_file(folder / "new.ebm");
  {
    const torch::NoGradGuard no_grad;
    run.energy->parameters()[0].fill_(NAN);
  }
  EXPECT_THROW(run.training.step(run.problem->data().train), NonFiniteError);
  EXPECT_EQ(read_file(folder / "new.ebm"), before);
}

}  // namespace
}  // namespace ebm::testing
