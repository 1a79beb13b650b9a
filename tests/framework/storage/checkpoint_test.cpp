#include "dualebm/framework/storage/checkpoint.hpp"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

TEST(WriteAtomically, ReplacesTheWholeFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "a long old content");
  write_atomically(folder / "file", std::string("new\0bytes", 9));
  EXPECT_EQ(read_file(folder / "file"), std::string("new\0bytes", 9));
  EXPECT_FALSE(std::filesystem::exists(folder / "file.tmp"));
}

TEST(WriteAtomically, AFailureNamesTheFile) {
  const TemporaryFolder folder;
  const auto path = folder / "missing" / "file";
  expect_contains(user_error([&] { write_atomically(path, "x"); }), path.string());
}

TEST(WriteAtomically, AFailureLeavesNoTemporaryFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "taken");
  expect_contains(user_error([&] { write_atomically(folder / "taken", "x"); }), (folder / "taken").string());
  EXPECT_FALSE(std::filesystem::exists(folder / "taken.tmp"));
}

std::filesystem::path some_archive(const TemporaryFolder& folder) {
  torch::serialize::OutputArchive archive;
  archive.write("x", torch::arange(1000), /*is_buffer=*/true);
  write_archive(folder / "archive.pt", archive);
  return folder / "archive.pt";
}

std::string refusal_of(const std::filesystem::path& path) {
  torch::serialize::InputArchive archive;
  const auto message = user_error([&] { read_archive(path, archive); });
  expect_contains(message, path.string());
  return message;
}

TEST(Archive, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  torch::serialize::InputArchive archive;
  read_archive(some_archive(folder), archive);
  torch::Tensor x;
  archive.read("x", x, /*is_buffer=*/true);
  EXPECT_TRUE(torch::equal(x, torch::arange(1000)));
}

// LibTorch itself reads an archive with an altered byte without complaint.
TEST(Archive, RefusesEveryAlteredByte) {
  const TemporaryFolder folder;
  const auto path = some_archive(folder);
  const auto whole = read_file(path);
  for (const double place : {0.1, 0.5, 0.9, 0.9999}) {
    auto bytes = whole;
    auto& byte = bytes[static_cast<std::size_t>(place * static_cast<double>(bytes.size()))];
    byte = static_cast<char>(byte ^ 1);
    folder.write("archive.pt", bytes);
    expect_contains(refusal_of(path), "damaged");
  }
}

TEST(Archive, RefusesAFileCutShortOrExtended) {
  const TemporaryFolder folder;
  const auto path = some_archive(folder);
  const auto whole = read_file(path);
  for (const auto& bytes : {whole.substr(0, whole.size() - 1), whole.substr(0, whole.size() / 2),
                            whole.substr(0, whole.find('\n') + 1), whole + "x"}) {
    folder.write("archive.pt", bytes);
    expect_contains(refusal_of(path), "cut short or extended");
  }
}

TEST(Archive, RefusesWhatIsNoArchive) {
  const TemporaryFolder folder;
  expect_contains(refusal_of(folder.write("text.pt", "PK\x03\x04 something else")), "not an archive");
  expect_contains(refusal_of(folder.write("empty.pt", "")), "not an archive");
  expect_contains(refusal_of(folder / "missing.pt"), "cannot be opened");
}

enum class Flow { wasserstein_fisher_rao, adam };

/// All the objects of one run. A `stranger` starts elsewhere, so that whatever a checkpoint fails to restore
/// shows.
struct SmallRun {
  explicit SmallRun(Flow flow, bool stranger = false, std::int64_t neurons = 8, std::int64_t points = 40)
      : data(domain->retract(Random(1, "data").normal({points, 3}, torch::kFloat))),
        batches(stranger ? 90 : 2, "batches") {
    Random initial(stranger ? 91 : 3, "parameters");
    energy = std::make_shared<Shallow>(3, Shallow::Options{.neurons = neurons}, initial, torch::kFloat);
    if (flow == Flow::adam) {
      optimizer = std::make_shared<torch::optim::Adam>(energy->parameters(), torch::optim::AdamOptions(0.01));
    } else {
      optimizer = std::make_shared<WassersteinFisherRao>(energy->neurons(), WassersteinFisherRao::Options{});
    }
    const auto schedule =
        schedules().read({{"name", "inverse_sqrt"}, {"scale", 5}}, "schedule").make({.iterations = 20});
    trainer = std::make_shared<DualGda>(
        TrainerContext{.energy = energy,
                       .domain = domain,
                       .optimizer = optimizer,
                       .data = data,
                       .random = std::make_shared<Random>(stranger ? 92 : 4, "particles"),
                       .optimizer_schedule = schedule,
                       .particle_schedule = schedule},
        ParticleOptions{});
  }

  TrainingState state() { return {*energy, *optimizer, *trainer, batches}; }

  Progress train_to(std::int64_t iteration, Progress start = {}) {
    const Evaluator evaluator(domain, {.train = data}, {.every = 0, .resolution = 4});
    return fit(*trainer, *energy, data, batches, evaluator, {.iterations = iteration, .batch_size = 7}, {},
               start)
        .progress;
  }

  std::shared_ptr<Sphere> domain = std::make_shared<Sphere>(3);
  torch::Tensor data;
  Random batches;
  std::shared_ptr<Shallow> energy;
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  std::shared_ptr<DualGda> trainer;
};

void expect_same_bits(SmallRun& a, SmallRun& b) {
  EXPECT_TRUE(torch::equal(a.energy->neurons().positions, b.energy->neurons().positions)) << "neurons";
  EXPECT_TRUE(torch::equal(a.energy->neurons().weights, b.energy->neurons().weights)) << "weights";
  EXPECT_TRUE(torch::equal(a.trainer->particles(), b.trainer->particles())) << "particles";
  EXPECT_TRUE(torch::equal(a.batches.state(), b.batches.state())) << "minibatch stream";
}

class Resume : public ::testing::TestWithParam<Flow> {};

// 11 + 9 iterations with minibatches, schedules, and (11 odd) half a pair of normals in the cache of the
// generator.
TEST_P(Resume, ContinuesBitForBit) {
  const TemporaryFolder folder;
  SmallRun whole(GetParam()), first(GetParam()), second(GetParam(), /*stranger=*/true);
  whole.train_to(20);
  save_checkpoint(folder / "c.pt", first.state(), first.train_to(11));
  const auto start = load_checkpoint(folder / "c.pt", second.state());
  EXPECT_EQ(start.iteration, 11);
  expect_same_bits(first, second);
  const auto end = second.train_to(20, start);
  EXPECT_EQ(end.iteration, 20);
  EXPECT_EQ(end.gradient_evaluations, 20 * (80 + 7 + 80));
  expect_same_bits(whole, second);
}

INSTANTIATE_TEST_SUITE_P(Flows, Resume, ::testing::Values(Flow::wasserstein_fisher_rao, Flow::adam));

// Without a check LibTorch gives the live parameters the shape of the stored ones, and the run goes on with
// another model than its configuration says.
TEST(Checkpoint, RefusesOtherShapes) {
  const TemporaryFolder folder;
  SmallRun saved(Flow::wasserstein_fisher_rao);
  save_checkpoint(folder / "c.pt", saved.state(), saved.train_to(2));
  SmallRun other_model(Flow::wasserstein_fisher_rao, false, /*neurons=*/9);
  expect_contains(user_error([&] { load_checkpoint(folder / "c.pt", other_model.state()); }), "c.pt");
  EXPECT_EQ(other_model.energy->neurons().positions.size(0), 9);
  SmallRun other_data(Flow::wasserstein_fisher_rao, false, 8, /*points=*/50);
  expect_contains(user_error([&] { load_checkpoint(folder / "c.pt", other_data.state()); }), "c.pt");
}

// The flow has no state of its own, so it could take the moments of Adam for nothing and go on.
TEST(Checkpoint, RefusesAnotherOptimizer) {
  const TemporaryFolder folder;
  SmallRun flow(Flow::wasserstein_fisher_rao), adam(Flow::adam);
  save_checkpoint(folder / "flow.pt", flow.state(), flow.train_to(2));
  save_checkpoint(folder / "adam.pt", adam.state(), adam.train_to(2));
  expect_contains(user_error([&] { load_checkpoint(folder / "flow.pt", adam.state()); }), "flow.pt");
  expect_contains(user_error([&] { load_checkpoint(folder / "adam.pt", flow.state()); }), "adam.pt");
}

TEST(EnergyFile, RoundTripAndRefusalOfOtherShapes) {
  const TemporaryFolder folder;
  SmallRun saved(Flow::adam), same(Flow::adam, /*stranger=*/true), other(Flow::adam, true, 9);
  save_module(folder / "model.pt", *saved.energy);
  load_module(folder / "model.pt", *same.energy);
  EXPECT_TRUE(torch::equal(saved.energy->forward(saved.data), same.energy->forward(saved.data)));
  expect_contains(user_error([&] { load_module(folder / "model.pt", *other.energy); }), "model.pt");
}

// A stored tensor that aliases the live one would follow the particles.
TEST(Checkpoint, LoadedParticlesAreTheRunsOwn) {
  const TemporaryFolder folder;
  SmallRun run(Flow::wasserstein_fisher_rao);
  const auto before = run.trainer->particles();
  const auto copy = before.clone();
  run.train_to(3);
  EXPECT_TRUE(torch::equal(before, copy));
  EXPECT_GT(distance(run.trainer->particles(), copy), 1e-3);
}

}  // namespace
}  // namespace ebm::testing
