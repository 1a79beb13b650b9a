#include "dualebm/trainers/score_matching.hpp"

#include <cmath>
#include <numbers>

#include "dualebm/framework/evaluation/evaluation.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "dualebm/trainers/exact_score_matching.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {
namespace {

double exact_objective(Energy& energy, const Domain& domain, const torch::Tensor& x) {
  return exact_score_objective(energy, domain, x).item<double>();
}

/// Central differences of a function of the parameters along each coordinate.
template <class Function>
torch::Tensor differences(Energy& energy, Function function) {
  const double h = 1e-5;
  std::vector<double> slopes;
  for (auto& parameter : energy.parameters()) {
    auto flat = parameter.detach().view(-1);
    for (std::int64_t k = 0; k < flat.numel(); ++k) {
      const double start = flat[k].item<double>();
      flat[k] = start + h;
      const double above = function();
      flat[k] = start - h;
      const double below = function();
      flat[k] = start;
      slopes.push_back((above - below) / (2 * h));
    }
  }
  return torch::tensor(slopes, torch::kDouble);
}

// E = ½ Σ λ_k (x_k - μ_k)²: |∇E|² = Σ λ_k² (x_k - μ_k)² and ΔE = Σ λ_k (Hyvärinen 2005, §3.1).
TEST(ExactScore, OfAGaussianIsItsClosedForm) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {0.5, -1}, .deviation = {0.5, 2}});
  Random random(1, "points");
  const auto x = random.normal({50, 2}, torch::kDouble);
  const auto mean = torch::tensor({0.5, -1.}, torch::kDouble),
             precision = torch::tensor({4., 0.25}, torch::kDouble);
  const double expected =
      (0.5 * precision.square() * (x - mean).square() - precision).sum(1).mean().item<double>();
  EXPECT_NEAR(exact_objective(energy, Euclidean(2), x), expected, 1e-12);
}

// E = -κ t with t = <μ, x>: the tangential gradient is -κ (μ - t x), of square κ² (1 - t²), and Δ_S t = -(d -
// 1) t, since the coordinates are spherical harmonics of degree one.
TEST(ExactScore, OfAVonMisesFisherDensityIsItsClosedForm) {
  const double k = 3;
  for (const std::int64_t d : {2, 3, 7}) {
    Random random(2, "points");
    VonMisesFisherMixture energy(on_sphere(d, torch::kDouble, random), {.concentration = k});
    const auto x = Sphere(d).sample_base(50, random, torch::kDouble);
    const auto t = x.matmul(energy.named_parameters()["directions"].detach()[0] / k);
    const auto expected = 0.5 * k * k * (1 - t.square()) - k * static_cast<double>(d - 1) * t;
    EXPECT_NEAR(exact_objective(energy, Sphere(d), x), expected.mean().item<double>(), 1e-12) << d;
  }
}

// Two extensions of one function on the sphere off it, E and E + 5 (|x|² - 1), are one energy.
TEST(ExactScore, DoesNotSeeTheEnergyOffTheSphere) {
  class Extended final : public Energy {
   public:
    explicit Extended(std::shared_ptr<Energy> energy) : energy_(register_module("energy", energy)) {}
    torch::Tensor forward(const torch::Tensor& x) override {
      return energy_->forward(x) + 5 * (x.square().sum(1) - 1);
    }

   private:
    std::shared_ptr<Energy> energy_;
  };
  const auto energy = softplus_energy(3, 6, 5);
  Extended extended(energy);
  Random random(5, "points");
  const auto x = Sphere(3).sample_base(20, random, torch::kDouble);
  EXPECT_NEAR(exact_objective(extended, Sphere(3), x), exact_objective(*energy, Sphere(3), x), 1e-12);
}

TEST(ExactScore, ParameterGradientsAgreeWithCentralDifferences) {
  Random random(6, "points");
  const auto agree = [&](const std::shared_ptr<Energy>& energy, const std::shared_ptr<Domain>& domain) {
    const auto x = domain->sample_base(20, random, torch::kDouble);
    ExactScoreMatching trainer(context_of(energy, domain, x), {});
    const auto slopes = differences(*energy, [&] { return exact_objective(*energy, *domain, x); });
    EXPECT_LT(distance(gradient_of(trainer, x), slopes), 1e-8);
  };
  agree(std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble),
                                   Gaussian::Options{.mean = {0.5, -1}, .deviation = {0.5, 2}}),
        std::make_shared<Euclidean>(2));
  const VonMisesFisherMixture::Options mixture{.components = 3, .concentration = 2};
  agree(std::make_shared<VonMisesFisherMixture>(on_sphere(4, torch::kDouble, random), mixture),
        std::make_shared<Sphere>(4));
  agree(softplus_energy(3, 5, 4), std::make_shared<Sphere>(3));
}

/// A density about the pole of S² and the rings of latitude of a quadrature rule, on each of which it is
/// constant: sums over the sphere are sums over rings of plain means, which is what the objective takes.
struct Rings {
  Rings() : teacher(make_teacher()), rule(sphere_quadrature(count, 2 * count)) {
    law = rule.gibbs(energy_at(teacher, rule.points));
  }

  static VonMisesFisherMixture make_teacher() {
    Random random(7, "score_matching_test");
    return VonMisesFisherMixture(on_sphere(3, torch::kDouble, random),
                                 {.concentration = 3, .means = {{0, 0, 1}}});
  }

  double objective(Energy& energy) const {
    double sum = 0;
    for (std::int64_t ring = 0; ring < count; ++ring) {
      const auto points = rule.points.narrow(0, ring * 2 * count, 2 * count);
      const double share = law.narrow(0, ring * 2 * count, 2 * count).sum().item<double>();
      sum += share * exact_objective(energy, Sphere(3), points);
    }
    return sum;
  }

  double fisher_divergence(Energy& energy) {
    const auto score = [&](Energy& one) {
      return Sphere(3).to_tangent(rule.points, one.gradient(rule.points));
    };
    return law.dot((score(teacher) - score(energy)).square().sum(1)).item<double>();
  }

  static constexpr std::int64_t count = 50;
  VonMisesFisherMixture teacher;
  Quadrature rule;
  torch::Tensor law;
};

// Integration by parts on the sphere: J = ½ F + c with c = -½ E|∇E_t|². A wrong sign or factor anywhere in J
// would leave a difference that changes with the energy.
TEST(ExactScore, IsHalfTheFisherDivergenceUpToAConstant) {
  Rings rings;
  const auto score = Sphere(3).to_tangent(rings.rule.points, rings.teacher.gradient(rings.rule.points));
  const double constant = -0.5 * rings.law.dot(score.square().sum(1)).item<double>();
  Random random(8, "score_matching_test");
  VonMisesFisherMixture mixture(on_sphere(3, torch::kDouble, random), {.components = 2, .concentration = 4});
  const auto gentle = softplus_energy(3, 4, 2), steep = softplus_energy(3, 9, 30);
  for (Energy* energy : std::initializer_list<Energy*>{&rings.teacher, &mixture, gentle.get(), steep.get()}) {
    EXPECT_NEAR(rings.objective(*energy) - 0.5 * rings.fisher_divergence(*energy), constant, 1e-8);
  }
}

/// Gradient of the restart limit over h_x, averaged over many particles.
Estimate restart_limit_slope(const std::shared_ptr<Energy>& energy, const std::shared_ptr<Domain>& domain,
                             const torch::Tensor& data, double particle_step) {
  RestartLimit::Options options;
  options.particle_step = particle_step;
  options.particles_per_point = 400;
  RestartLimit trainer(context_of(energy, domain, data), options);
  return mean_of(40, [&] { return gradient_of(trainer, data) / particle_step; });
}

// Domingo-Enrich et al. 2022, §5. A step of size h changes the mean of f = ∇_θ E by h (Δf - <∇E, ∇f>) +
// O(h²), so that the data's mean less the particles' is h ∇_θ J. Antithetic noise cancels the term of
// order sqrt(h), which leaves a standard error that does not grow as h falls: at h = 1e-6 the O(h) left
// after division is far below it. A gradient that antithetic noise makes exact, that of a Gaussian's mean,
// is right to rounding / h.
TEST(RestartLimit, GradientOverStepTendsToThatOfTheExactObjective) {
  Random random(9, "points");
  const auto agree = [&](const std::shared_ptr<Energy>& energy, const std::shared_ptr<Domain>& domain) {
    const auto data = domain->sample_base(20, random, torch::kDouble);
    const auto found = restart_limit_slope(energy, domain, data, 1e-6);
    ExactScoreMatching exact(context_of(energy, domain, data), {});
    const auto expected = gradient_of(exact, data);
    // The noise is small enough to tell the sign and the factor of the whole.
    EXPECT_LT((found.standard_error.norm() / expected.norm()).item<double>(), 0.05);
    const auto allowed = 4.5 * found.standard_error + 1e-5 * expected.norm();
    EXPECT_LT(((found.mean - expected).abs() / allowed).max().item<double>(), 1);
  };
  agree(softplus_energy(3, 5, 8), std::make_shared<Sphere>(3));
  agree(std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble),
                                   Gaussian::Options{.mean = {0.5, -1}, .deviation = {0.5, 2}}),
        std::make_shared<Euclidean>(2));
}

TEST(ExactScore, EnergyWithKinksIsRefused) {
  Random random(10, "score_matching_test");
  const auto relu =
      std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{.neurons = 4});
  const auto x = Sphere(3).sample_base(5, random, torch::kDouble);
  const auto message =
      user_error([&] { ExactScoreMatching(context_of(relu, std::make_shared<Sphere>(3), x), {}); });
  expect_contains(message, "needs a smooth one");
  expect_contains(message, "softplus");
}

}  // namespace
}  // namespace ebm::testing
