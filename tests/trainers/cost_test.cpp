#include "dualebm/trainers/denoising_score_matching.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/exact_likelihood.hpp"
#include "dualebm/trainers/exact_score_matching.hpp"
#include "dualebm/trainers/persistent_contrastive_divergence.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "dualebm/trainers/sliced_score_matching.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

/// What one iteration computes with n = 10 points, N = 20 particles, and a batch of 4 points.
template <class T>
Cost cost_of(const typename T::Options& options) {
  const auto data = plane_points(10);
  return T(on_the_plane(data), options).accumulate(data.narrow(0, 0, 4), Iteration(1));
}

/// Gradients of any kind, which are all that the iteration computes.
template <class T>
std::int64_t evaluations(const typename T::Options& options) {
  const auto cost = cost_of<T>(options);
  EXPECT_EQ(cost.energies, 0);
  return cost.gradients();
}

// Particle steps of N each, then ∇_θ E at the batch and at the particles. Chains that start from the batch
// are as many as its copies, here 8.
TEST(GradientEvaluations, AreCounted) {
  EXPECT_EQ(evaluations<DualGda>({.particle_step = 0.02}), 20 + 4 + 20);
  EXPECT_EQ(evaluations<RestartGda>(restarts(60, 0)), 20 + 4 + 20);
  EXPECT_EQ(evaluations<RestartGda>(restarts(0, 0.5)), 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("persistent")), 3 * 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("base")), 3 * 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("data")), 3 * 8 + 4 + 8);
  EXPECT_EQ(evaluations<RestartLimit>({}), 8 + 4 + 8);
}

// One gradient and d rows of the Hessian at each point of the batch.
TEST(GradientEvaluations, OfTheExactObjectiveAreCounted) {
  EXPECT_EQ(evaluations<ExactScoreMatching>({}), 4 * 3);
}

// One gradient and one product with the Hessian for each projection; noised points alone; K steps of N
// chains.
TEST(GradientEvaluations, OfDeepTrainersAreCounted) {
  EXPECT_EQ(evaluations<SlicedScoreMatching>({.projections = 5}), 4 * 6);
  EXPECT_EQ(evaluations<DenoisingScoreMatching>({}), 4);
  EXPECT_EQ(evaluations<PersistentContrastiveDivergence>({.chains = 6, .langevin_steps = 7}), 6 * 7 + 4 + 6);
  EXPECT_EQ(evaluations<PersistentContrastiveDivergence>({.langevin_steps = 7}), 4 * 7 + 4 + 4);
}

// Steps of particles are ∇_x E, updates ∇_θ E, and score matching is the gradient of a gradient.
TEST(GradientEvaluations, AreCountedByKind) {
  const auto dual = cost_of<DualGda>({.particle_step = 0.02});
  EXPECT_EQ(dual.point_gradients, 20);
  EXPECT_EQ(dual.parameter_gradients, 4 + 20);
  EXPECT_EQ(dual.double_gradients, 0);
  const auto sliced = cost_of<SlicedScoreMatching>({.projections = 5});
  EXPECT_EQ(sliced.point_gradients, 0);
  EXPECT_EQ(sliced.parameter_gradients, 0);
  EXPECT_EQ(sliced.double_gradients, 4 * 6);
}

// The midpoint rule of resolution 6 has 12 nodes along a side: E at all of them, ∇_θ E
// at them and at the batch.
TEST(GradientEvaluations, OfTheQuadratureAreCounted) {
  const auto cost = cost_of<ExactLikelihood>({.resolution = 6, .most_nodes = 0});
  EXPECT_EQ(cost.energies, 12 * 12);
  EXPECT_EQ(cost.parameter_gradients, 4 + 12 * 12);
  EXPECT_EQ(cost.gradients(), 4 + 12 * 12);
}

}  // namespace
}  // namespace ebm::testing
