#include <sys/mman.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/maximum_likelihood.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

// N = 8 of 10 points, each at most once; a step that hardly moves leaves them to be seen.
TEST(Particles, AsManyAsAskedStartAtDistinctDataPoints) {
  const auto data = plane_points(10);
  DualGda trainer(on_the_plane(data), {.particle_step = 0.02, .particles = 8});
  trainer.accumulate(data, Iteration(1, frozen));
  EXPECT_EQ(trainer.particles().size(0), 8);
  const auto found = particles_at(data, trainer.particles());
  EXPECT_EQ(found.max().item<double>(), 1);
  EXPECT_EQ(found.sum().item<double>(), 8);
}

// A batch that chains start from is one thing, how many they are another.
TEST(Particles, AsManyAsAskedStartAtTheBatch) {
  const auto data = plane_points(10), batch = data.narrow(0, 0, 4);
  auto options = likelihood_chains("data");
  options.particles = 6;
  MaximumLikelihood trainer(on_the_plane(data), options);
  trainer.accumulate(batch, Iteration(1, frozen));
  EXPECT_EQ(trainer.particles().size(0), 6);
  EXPECT_EQ(particles_at(batch, trainer.particles()).sum().item<double>(), 6);
}

// 2^35 rows of halves, zeros that the machine never makes real: whoever converts, copies, permutes or looks
// through them all asks for hundreds of gigabytes.
TEST(Particles, TensOfBillionsOfRowsCostNothing) {
  constexpr std::int64_t rows = std::int64_t{1} << 35, bytes = 2 * rows * 2;
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "this machine does not lend more memory than it has";
  {
    const auto plane = std::make_shared<Euclidean>(2);
    auto context = on_the_plane(plane_points(1));
    const auto evaluator = std::make_shared<Evaluator>(context.problem);
    context.problem = std::make_shared<Problem>(
        plane, Dataset{.train = torch::from_blob(memory, {rows, 2}, torch::kHalf), .mapped = true});
    const auto energy = context.energy;
    const auto trainer =
        std::make_shared<DualGda>(context, DualGda::Options{.particle_step = 0.1, .particles = 1000});
    Training training(
        trainer, std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.05)));
    fit(training, {.iterations = 40, .batch_size = 100, .evaluator = evaluator});
    // The precision of a point mass grows without end; at 1 it stood.
    EXPECT_GT(energy->named_parameters()["log_precision"].min().item<double>(), 0.5);
    EXPECT_EQ(trainer->particles().scalar_type(), torch::kDouble);
  }
  ::munmap(memory, bytes);
}

TEST(MaximumLikelihood, ChainsFromTheDataForgetTheParticles) {
  const auto data = plane_points(10);
  MaximumLikelihood trainer(on_the_plane(data), likelihood_chains("data"));
  trainer.accumulate(data, Iteration(1));
  trainer.accumulate(data, Iteration(2, frozen));
  EXPECT_LT(distance(trainer.particles(), copies_of(data, 2)), 1e-10);
}

// N(0, I) on the plane, whatever the data: the mean of |X|² over N particles has standard error 2 / sqrt(N).
TEST(MaximumLikelihood, ChainsFromTheBaseForgetTheData) {
  const auto data = plane_points(1000) + 10;
  MaximumLikelihood trainer(on_the_plane(data), likelihood_chains("base"));
  trainer.accumulate(data, Iteration(1, frozen));
  EXPECT_NEAR(trainer.particles().square().sum(1).mean().item<double>(), 2, 4 * 2 / std::sqrt(2000.0));
}

TEST(MaximumLikelihood, PersistentChainsStartAtTheDataAndStay) {
  const auto data = plane_points(10);
  MaximumLikelihood trainer(on_the_plane(data), likelihood_chains("persistent"));
  trainer.accumulate(data, Iteration(1, frozen));
  EXPECT_LT(distance(trainer.particles(), copies_of(data, 2)), 1e-10);
  trainer.accumulate(data, Iteration(2));
  const auto moved = trainer.particles().clone();
  trainer.accumulate(data, Iteration(3, frozen));
  EXPECT_LT(distance(trainer.particles(), moved), 1e-10);
  EXPECT_GT(distance(moved, copies_of(data, 2)), 1e-2);
}

}  // namespace
}  // namespace ebm::testing
