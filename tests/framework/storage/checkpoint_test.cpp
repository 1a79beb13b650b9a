#include "dualebm/framework/storage/checkpoint.hpp"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"
#include "dualebm/framework/training/schedules/schedules.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

enum class Flow { wasserstein_fisher_rao, adam };

/// All the objects of one run. A `stranger` starts elsewhere, so that whatever a checkpoint fails to restore
/// shows.
struct SmallRun {
  explicit SmallRun(Flow flow, bool stranger = false, std::int64_t neurons = 8, std::int64_t points = 40)
      : data(domain->retract(Random(1, "data").normal({points, 3}, torch::kFloat))),
        batches(std::make_shared<Random>(stranger ? 90 : 2, "batches")),
        noise(std::make_shared<Random>(stranger ? 92 : 4, "particles")) {
    Random initial(stranger ? 91 : 3, "parameters");
    energy =
        std::make_shared<Shallow>(on_sphere(3, torch::kFloat, initial), Shallow::Options{.neurons = neurons});
    std::shared_ptr<torch::optim::Optimizer> optimizer;
    if (flow == Flow::adam) {
      optimizer = std::make_shared<torch::optim::Adam>(energy->parameters(), torch::optim::AdamOptions(0.01));
    } else {
      optimizer = std::make_shared<WassersteinFisherRao>(energy->neurons(), WassersteinFisherRao::Options{});
    }
    const auto schedule =
        std::make_shared<InverseSqrtSchedule>(InverseSqrtSchedule::Options{{}, /*scale=*/5});
    const auto problem = std::make_shared<Problem>(domain, Dataset{.train = data});
    trainer = std::make_shared<DualGda>(TrainerContext{.energy = energy, .problem = problem, .random = noise},
                                        ParticleOptions{.particle_step = 0.02});
    training = std::make_unique<Training>(
        trainer, optimizer,
        Training::Options{.optimizer_schedule = schedule, .particle_schedule = schedule, .batches = batches});
    evaluator = std::make_shared<Evaluator>(problem, Evaluator::Options{.quadrature = {.resolution = 4}});
  }

  Progress train_to(std::int64_t iteration) {
    return fit(*training, {.iterations = iteration, .batch_size = 7, .evaluator = evaluator}).progress;
  }

  std::shared_ptr<Sphere> domain = std::make_shared<Sphere>(3);
  torch::Tensor data;
  std::shared_ptr<Random> batches, noise;
  std::shared_ptr<Shallow> energy;
  std::shared_ptr<DualGda> trainer;
  std::unique_ptr<Training> training;
  std::shared_ptr<const Evaluator> evaluator;
};

void expect_same_bits(SmallRun& a, SmallRun& b) {
  EXPECT_TRUE(torch::equal(a.energy->neurons().positions, b.energy->neurons().positions)) << "neurons";
  EXPECT_TRUE(torch::equal(a.energy->neurons().weights, b.energy->neurons().weights)) << "weights";
  EXPECT_TRUE(torch::equal(a.trainer->particles(), b.trainer->particles())) << "particles";
  EXPECT_TRUE(torch::equal(a.batches->state(), b.batches->state())) << "minibatch stream";
  EXPECT_TRUE(torch::equal(a.noise->state(), b.noise->state())) << "noise stream";
}

class Resume : public ::testing::TestWithParam<Flow> {};

// 11 + 9 iterations with minibatches, schedules, and (11 odd) half a pair of normals in the cache of the
// generator.
TEST_P(Resume, ContinuesBitForBit) {
  const TemporaryFolder folder;
  SmallRun whole(GetParam()), first(GetParam()), second(GetParam(), /*stranger=*/true);
  whole.train_to(20);
  first.train_to(11);
  save_checkpoint(folder / "c.ebm", *first.training);
  load_checkpoint(folder / "c.ebm", *second.training);
  EXPECT_EQ(second.training->progress().iteration, 11);
  expect_same_bits(first, second);
  const auto end = second.train_to(20);
  EXPECT_EQ(end.iteration, 20);
  EXPECT_EQ(end.gradient_evaluations, 20 * (80 + 7 + 80));
  EXPECT_EQ(end.cost.point_gradients, whole.training->progress().cost.point_gradients);
  EXPECT_EQ(end.cost.parameter_gradients, whole.training->progress().cost.parameter_gradients);
  expect_same_bits(whole, second);
}

// A checkpoint holds every evaluation; the one at the end of the shorter run, out of turn,
// is not one of the longer.
TEST_P(Resume, KeepsTheRecords) {
  const TemporaryFolder folder;
  SmallRun whole(GetParam()), first(GetParam()), second(GetParam(), /*stranger=*/true);
  whole.train_to(20);
  first.train_to(11);
  ASSERT_EQ(first.training->records().size(), 2U);
  save_checkpoint(folder / "c.ebm", *first.training);
  load_checkpoint(folder / "c.ebm", *second.training);
  ASSERT_EQ(second.training->records().size(), 2U);
  second.train_to(20);
  const auto &expected = whole.training->records(), &found = second.training->records();
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].metrics, expected[i].metrics) << i;
    EXPECT_EQ(found[i].progress.iteration, expected[i].progress.iteration) << i;
    EXPECT_EQ(found[i].progress.gradient_evaluations, expected[i].progress.gradient_evaluations) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Flows, Resume, ::testing::Values(Flow::wasserstein_fisher_rao, Flow::adam));

// Without a check LibTorch gives the live parameters the shape of the stored ones, and the run goes on with
// another model than its configuration says.
TEST(Checkpoint, RefusesOtherShapes) {
  const TemporaryFolder folder;
  SmallRun saved(Flow::wasserstein_fisher_rao);
  saved.train_to(2);
  save_checkpoint(folder / "c.ebm", *saved.training);
  SmallRun other_model(Flow::wasserstein_fisher_rao, false, /*neurons=*/9);
  expect_contains(user_error([&] { load_checkpoint(folder / "c.ebm", *other_model.training); }), "c.ebm");
  EXPECT_EQ(other_model.energy->neurons().positions.size(0), 9);
  SmallRun other_data(Flow::wasserstein_fisher_rao, false, 8, /*points=*/50);
  expect_contains(user_error([&] { load_checkpoint(folder / "c.ebm", *other_data.training); }), "c.ebm");
}

// The flow has no state of its own, so it could take the moments of Adam for nothing and go on.
TEST(Checkpoint, RefusesAnotherOptimizer) {
  const TemporaryFolder folder;
  SmallRun flow(Flow::wasserstein_fisher_rao), adam(Flow::adam);
  flow.train_to(2);
  adam.train_to(2);
  save_checkpoint(folder / "flow.ebm", *flow.training);
  save_checkpoint(folder / "adam.ebm", *adam.training);
  expect_contains(user_error([&] { load_checkpoint(folder / "flow.ebm", *adam.training); }), "flow.ebm");
  expect_contains(user_error([&] { load_checkpoint(folder / "adam.ebm", *flow.training); }), "adam.ebm");
}

TEST(EnergyFile, RoundTripAndRefusalOfOtherShapes) {
  const TemporaryFolder folder;
  SmallRun saved(Flow::adam), same(Flow::adam, /*stranger=*/true), other(Flow::adam, true, 9);
  save_module(folder / "model.ebm", *saved.energy);
  load_module(folder / "model.ebm", *same.energy);
  EXPECT_TRUE(torch::equal(saved.energy->forward(saved.data), same.energy->forward(saved.data)));
  expect_contains(user_error([&] { load_module(folder / "model.ebm", *other.energy); }), "model.ebm");
}

// A stored tensor that aliases the live one would follow the particles.
TEST(Checkpoint, LoadedParticlesAreTheRunsOwn) {
  SmallRun run(Flow::wasserstein_fisher_rao);
  const auto before = run.trainer->particles();
  const auto copy = before.clone();
  run.train_to(3);
  EXPECT_TRUE(torch::equal(before, copy));
  EXPECT_GT(distance(run.trainer->particles(), copy), 1e-3);
}

// Whose it is: the first thing that differs is named, and nothing is loaded.
TEST(Checkpoint, OfAnotherRunIsRefused) {
  const TemporaryFolder folder;
  SmallRun saved(Flow::adam), other(Flow::adam, /*stranger=*/true);
  saved.train_to(2);
  const CheckpointIdentity mine{.run = "a1", .configuration = R"({"seed":1,"trainer":{"name":"dual_gda"}})"};
  save_checkpoint(folder / "c.ebm", *saved.training, mine);
  const auto before = other.energy->neurons().positions.clone();
  const auto refusal = [&](const CheckpointIdentity& expected) {
    return user_error([&] { load_checkpoint(folder / "c.ebm", *other.training, expected); });
  };
  expect_contains(refusal({.run = "b2", .configuration = mine.configuration}),
                  "another run, a1; this one is b2");
  expect_contains(refusal({.run = "a1", .configuration = R"({"seed":2,"trainer":{"name":"dual_gda"}})"}),
                  "seed, which is 1 there and 2 here");
  expect_contains(refusal({.run = "", .configuration = R"({"seed":1,"trainer":{"name":"restart_gda"}})"}),
                  R"(trainer/name, which is "dual_gda" there and "restart_gda" here)");
  EXPECT_TRUE(torch::equal(other.energy->neurons().positions, before));
  EXPECT_EQ(load_checkpoint(folder / "c.ebm", *other.training, mine), "");
  expect_same_bits(saved, other);
}

TEST(Checkpoint, OfAnotherProgramIsSaid) {
  const TemporaryFolder folder;
  SmallRun run(Flow::adam);
  auto state = run.training->save();
  State identity;
  for (const char* key : {"run", "configuration"}) identity.write(key, std::string());
  identity.write("program", std::string("dualebm 9.9"));
  identity.write("libtorch", std::string("3.0"));
  state.write("identity", identity);
  expect_contains(load_checkpoint(state, "c.ebm", *run.training),
                  "c.ebm: written by dualebm 9.9 with LibTorch 3.0");
}

// What speaks against a state may come late in it: whatever was taken from it before is given back.
TEST(Checkpoint, ALoadThatFailsChangesNothing) {
  for (const auto flow : {Flow::wasserstein_fisher_rao, Flow::adam}) {
    SmallRun source(flow), target(flow, /*stranger=*/true), twin(flow, /*stranger=*/true);
    source.train_to(4);
    target.train_to(3);
    twin.train_to(3);
    const auto good = source.training->save();
    for (const char* broken : {"optimizer.kind", "trainer.particles", "random", "batches", "progress.counts",
                               "records.values", "records.names"}) {
      State state;
      for (const auto& [name, value] : good.values()) {
        const bool gone = name == broken || name.starts_with(fmt::format("{}.", broken));
        if (!gone) std::visit([&, &key = name](const auto& held) { state.write(key, held); }, value);
      }
      EXPECT_THROW(target.training->load(state), UserError) << broken;
      EXPECT_EQ(target.training->progress().iteration, 3);
      EXPECT_EQ(target.training->records().size(), twin.training->records().size());
    }
    target.train_to(6);
    twin.train_to(6);
    expect_same_bits(target, twin);
  }
}

// A state in memory, which never was a file, must not follow the run that it was saved from or loaded into.
TEST(Checkpoint, AStateInMemoryIsLoadedTwiceTheSame) {
  for (const auto flow : {Flow::wasserstein_fisher_rao, Flow::adam}) {
    SmallRun first(flow), second(flow, /*stranger=*/true), third(flow, /*stranger=*/true);
    first.train_to(3);
    const auto state = first.training->save();
    second.training->load(state);
    second.train_to(6);
    third.training->load(state);
    third.train_to(6);
    expect_same_bits(second, third);
  }
}

}  // namespace
}  // namespace ebm::testing
