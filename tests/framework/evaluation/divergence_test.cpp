#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/datasets/rejection.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/framework/evaluation/evaluators.hpp"

namespace ebm::testing {
namespace {

double cosine_between(const Vmf& a, const Vmf& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.mean.size(); ++i) sum += a.mean[i] * b.mean[i];
  return sum;
}

/// KL(t‖s) = log C(κ_s) - log C(κ_t) + <E_t x, η_t - η_s> with E_t x = A(κ_t) μ_t and η = κ μ.
double exact_kl(const Vmf& t, const Vmf& s) {
  const auto d = t.dimension();
  return log_von_mises_fisher_normalizer(d, s.concentration) -
         log_von_mises_fisher_normalizer(d, t.concentration) +
         von_mises_fisher_mean_length(d, t.concentration) *
             (t.concentration - s.concentration * cosine_between(t, s));
}

/// E_t |P_x v|² = |v|² - vᵀ E_t[x xᵀ] v, v = η_t - η_s; E_t[x xᵀ] has the eigenvalue 1 - (d - 1) A/κ along
/// μ_t and A/κ across it.
double exact_score_error(const Vmf& t, const Vmf& s) {
  const double along = t.concentration - s.concentration * cosine_between(t, s);
  const double squared = t.concentration * t.concentration + s.concentration * s.concentration -
                         2 * t.concentration * s.concentration * cosine_between(t, s);
  const double across = von_mises_fisher_mean_length(t.dimension(), t.concentration) / t.concentration;
  const double d = static_cast<double>(t.dimension());
  return squared - along * along * (1 - (d - 1) * across) - (squared - along * along) * across;
}

const Vmf teacher5{{0.6, 0.0, 0.8, 0.0, 0.0}, 3}, student5{{0.8, 0.0, 0.6, 0.0, 0.0}, 2};

torch::Tensor samples_of(const Vmf& law, std::int64_t count) {
  Random random(8, "rejection");
  return sample_by_rejection(*law.energy(), Sphere(law.dimension()), count, random);
}

Evaluator over_test_set(const Vmf& teacher, const torch::Tensor& test) {
  return evaluator_on(std::make_shared<Sphere>(teacher.dimension()),
                      {.train = test.narrow(0, 0, 2), .test = test, .teacher = teacher.energy()});
}

TEST(ByQuadrature, AnEnergyIsAtDistanceZeroFromItself) {
  Random random(1, "parameters");
  const auto energy = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{});
  const auto values = on_sphere3(energy).evaluate(*energy);
  EXPECT_LT(std::abs(value_of(values, "kl")), 1e-12);
  EXPECT_EQ(value_of(values, "score_error"), 0);
}

// The exchange of teacher and student gives 3.18 instead of 1.90 nats: the direction of the divergence shows.
TEST(ByQuadrature, DivergencesOfVonMisesFisherAreTheClosedForm) {
  ASSERT_GT(std::abs(exact_kl(teacher3, student3) - exact_kl(student3, teacher3)), 1);
  const auto values = on_sphere3(teacher3.energy()).evaluate(*student3.energy());
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher3, student3), 1e-11);
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher3, student3), 1e-10);
  EXPECT_NEAR(value_of(values, "log_z"), 0, 1e-12);
  EXPECT_LT(value_of(values, "quadrature_error"), 1e-12);
}

// A radial gradient is none on the sphere, so the score error of a density is that of its energy plus |x|².
TEST(ByQuadrature, TheScoreIsTangential) {
  class Extended final : public Energy {
   public:
    torch::Tensor forward(const torch::Tensor& x) override {
      return -2 * x.select(1, 1) + 3 * x.square().sum(1);
    }
  } extended;
  const auto values = on_sphere3(teacher3.energy()).evaluate(extended);
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher3, student3), 1e-10);
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher3, student3), 1e-11);
}

TEST(OverTestSet, DivergencesOfVonMisesFisherLieWithinTheirStandardErrors) {
  const auto test = samples_of(teacher5, 20000);
  const auto values = over_test_set(teacher5, test).evaluate(*student5.energy());
  const double error = value_of(values, "kl_standard_error");
  EXPECT_LT(error, 0.1 * exact_kl(teacher5, student5)) << "too coarse to be a test";
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher5, student5), 4 * error);
  // With v = η_t - η_s the score error averages numbers from 0 to |v|² = 1.48, and Z_s / Z_t numbers within a
  // factor exp(±|v|) of one another, so their standard errors are below 1.48/2/√n and sinh(1.22)/√n.
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher5, student5), 4 * 0.0053);
  EXPECT_NEAR(value_of(values, "log_z"), 0, 4 * 0.011);
}

// The root mean square of 60 standardised errors is 1 ± 0.09; a standard error that leaves out the noise of
// log Z, or adds it with the wrong sign, or forgets the root, is off by much more than 3.5 of those.
TEST(OverTestSet, TheStandardErrorIsHonest) {
  constexpr std::int64_t repeats = 60, size = 800;
  const auto all = samples_of(teacher5, repeats * size);
  double sum = 0;
  for (std::int64_t i = 0; i < repeats; ++i) {
    const auto values = over_test_set(teacher5, all.narrow(0, i * size, size)).evaluate(*student5.energy());
    const double z =
        (value_of(values, "kl") - exact_kl(teacher5, student5)) / value_of(values, "kl_standard_error");
    sum += z * z / repeats;
  }
  EXPECT_NEAR(std::sqrt(sum), 1, 0.32);
}

TEST(OverTestSet, AnEnergyIsAtDistanceZeroFromItself) {
  const auto values = over_test_set(teacher5, samples_of(teacher5, 100)).evaluate(*teacher5.energy());
  EXPECT_LT(std::abs(value_of(values, "kl")), 1e-12);
  EXPECT_EQ(value_of(values, "score_error"), 0);
}

}  // namespace
}  // namespace ebm::testing
