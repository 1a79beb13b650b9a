#include "dualebm/trainers/sliced_score_matching.hpp"

#include <ATen/ATen.h>

#include "dualebm/trainers/exact_score_matching.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {
namespace {

/// Many rows of the same few points: one step is as many draws of the projections.
constexpr std::int64_t copies = 400;

struct SlicedCase {
  std::shared_ptr<Domain> domain;
  bool variance_reduced;
};

class SlicedScore : public ::testing::TestWithParam<SlicedCase> {
 protected:
  const std::int64_t d_ = GetParam().domain->dimension();
  std::shared_ptr<Shallow> energy_ = softplus_energy(d_, 6, 8);
  Random random_{5, "points"};
  torch::Tensor points_ = GetParam().domain->sample_base(10, random_, torch::kDouble);
  SlicedScoreMatching::Options options_{.projections = 3, .variance_reduced = GetParam().variance_reduced};
};

// The Hessian of this energy is not diagonal, so that a single draw is off. 4.5 standard errors; the largest
// of a few dozen numbers stays below with probability 0.999. Projections that are not tangent, or a Hessian
// without the term of curvature, are wrong by some d - 1 = 4 times x·∇E on the sphere.
TEST_P(SlicedScore, ObjectiveHasTheMeanOfTheExactOne) {
  const auto& domain = *GetParam().domain;
  const auto found = mean_of(100, [&] {
    return sliced_score_objective(*energy_, domain, points_.repeat({copies, 1}), options_, random_).detach();
  });
  const auto exact = exact_score_objective(*energy_, domain, points_).detach();
  EXPECT_LT(found.deviation(exact), 4.5);
  EXPECT_LT((found.standard_error / exact.abs()).item<double>(), 0.02) << "too noisy to tell";
}

TEST_P(SlicedScore, GradientHasTheMeanOfTheExactOne) {
  const auto batch = points_.repeat({copies, 1});
  SlicedScoreMatching sliced(context_of(energy_, GetParam().domain, batch), options_);
  const auto found = mean_of(50, [&] { return gradient_of(sliced, batch); });
  ExactScoreMatching by_the_hessian(context_of(energy_, GetParam().domain, batch), {});
  const auto exact = gradient_of(by_the_hessian, points_);
  EXPECT_LT(found.deviation(exact), 4.5);
  EXPECT_LT((found.standard_error.norm() / exact.norm()).item<double>(), 0.02) << "too noisy to tell";
}

INSTANTIATE_TEST_SUITE_P(Domains, SlicedScore,
                         ::testing::Values(SlicedCase{std::make_shared<Sphere>(5), true},
                                           SlicedCase{std::make_shared<Sphere>(5), false},
                                           SlicedCase{std::make_shared<Sphere>(2), true},
                                           SlicedCase{std::make_shared<Euclidean>(4), true},
                                           SlicedCase{std::make_shared<Euclidean>(4), false}));

/// E(x) = <η, x>, η = (3, 4).
class Plane final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return x.matmul(slope_); }

 private:
  torch::Tensor slope_ = register_parameter("slope", torch::tensor({3., 4.}, torch::kDouble));
};

// No Hessian: ½ |η|² = 12.5 without noise if the variance is reduced, ½ (3 ± 4)² = 0.5 or 24.5 if not.
TEST(SlicedScore, OfAPlaneByHand) {
  Plane energy;
  Random random(6, "projections");
  const auto x = torch::zeros({1, 2}, torch::kDouble);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(
        sliced_score_objective(energy, Euclidean(2), x, {.variance_reduced = true}, random).item<double>(),
        12.5);
    const auto plain = sliced_score_objective(energy, Euclidean(2), x, {.variance_reduced = false}, random);
    EXPECT_EQ(std::abs(plain.item<double>() - 12.5), 12);
  }
}

TEST(SlicedScoreMatching, EnergyWithKinksIsRefused) {
  Random random(10, "score_matching_test");
  const auto relu =
      std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{.neurons = 4});
  const auto x = Sphere(3).sample_base(5, random, torch::kDouble);
  expect_contains(
      user_error([&] { SlicedScoreMatching(context_of(relu, std::make_shared<Sphere>(3), x), {}); }),
      "sliced_score_matching differentiates the gradient of the energy and needs a smooth one");
}

}  // namespace
}  // namespace ebm::testing
