#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/datasets/rejection.hpp"
#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "dualebm/trainers/denoising_score_matching.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Variance of the law that Langevin steps of size h leave as it is, for the precision λ: from (1 - hλ)² v +
/// 2h = v.
torch::Tensor stationary_variance(const torch::Tensor& precision, double h) {
  return 2 / (precision * (2 - h * precision));
}

torch::Tensor inverse(const torch::Tensor& precision, double) { return 1 / precision; }

constexpr double reference = 0.2, lowest = 0.1, highest = 0.6;
constexpr std::int64_t levels = 5;

torch::Tensor inverse_less_the_noise(const torch::Tensor& precision, double) {
  return 1 / precision - reference * reference;
}

// λ = 1/(σ_0² (1 + s² E[1/σ²])), solved for s².
torch::Tensor by_the_ladder(const torch::Tensor& precision, double) {
  const double inverse_square = geometric_ladder(lowest, highest, levels).pow(-2).mean().item<double>();
  return (1 / (reference * reference * precision) - 1) / inverse_square;
}

/// A trainer as in a configuration, without its particle step, which belongs to the problem.
struct Strategy {
  std::string name;
  Json trainer;
  /// The variance of data on which a Gaussian of this precision is where the trainer rests.
  torch::Tensor (*variance)(const torch::Tensor& precision, double particle_step) = stationary_variance;

  bool has_particles() const { return variance == stationary_variance; }
};

std::vector<Strategy> particle_strategies() {
  return {
      {"likelihood_persistent",
       {{"name", "maximum_likelihood"}, {"chains", "persistent"}, {"langevin_steps", 5}}},
      {"likelihood_from_data", {{"name", "maximum_likelihood"}, {"chains", "data"}, {"langevin_steps", 5}}},
      {"likelihood_from_base", {{"name", "maximum_likelihood"}, {"chains", "base"}, {"langevin_steps", 50}}},
      {"dual", {{"name", "dual_gda"}}},
      {"restart_every", {{"name", "restart_gda"}, {"restart_every", 10}}},
      {"restart_probability", {{"name", "restart_gda"}, {"restart_every", 0}, {"restart_probability", 0.1}}},
      {"restart_limit", {{"name", "score_matching"}}},
      {"replay_from_data",
       {{"name", "persistent_contrastive_divergence"},
        {"buffer_size", 4000},
        {"start", "data"},
        {"langevin_steps", 5}}},
      {"replay_from_base",
       {{"name", "persistent_contrastive_divergence"},
        {"buffer_size", 4000},
        {"reinitialisation", 0.01},
        {"langevin_steps", 10}}}};
}

std::vector<Strategy> all_strategies() {
  auto strategies = particle_strategies();
  strategies.push_back({"exact", {{"name", "exact_score_matching"}}, inverse});
  strategies.push_back({"sliced", {{"name", "sliced_score_matching"}}, inverse});
  strategies.push_back({"sliced_as_published",
                        {{"name", "sliced_score_matching"}, {"variance_reduced", false}, {"projections", 2}},
                        inverse});
  return strategies;
}

std::vector<Strategy> euclidean_strategies() {
  auto strategies = all_strategies();
  strategies.push_back(
      {"denoising", {{"name", "denoising_score_matching"}, {"noise", reference}}, inverse_less_the_noise});
  strategies.push_back({"denoising_ladder",
                        {{"name", "denoising_score_matching"},
                         {"noise", reference},
                         {"levels", levels},
                         {"noise_low", lowest},
                         {"noise_high", highest}},
                        by_the_ladder});
  return strategies;
}

std::string name_of(const ::testing::TestParamInfo<Strategy>& test) { return test.param.name; }

/// What is trained, on what, and for how long.
struct RecoveryProblem {
  std::shared_ptr<Energy> energy;
  std::shared_ptr<Domain> domain;
  torch::Tensor data;
  double particle_step;
  Json optimizer;
  int iterations;

  std::shared_ptr<const Problem> with_teacher(std::shared_ptr<Energy> teacher) const {
    return std::make_shared<Problem>(domain, Dataset{.train = data, .teacher = std::move(teacher)});
  }
};

/// Trains, then leaves in the energy the mean of its parameters over the second half of the iterations: that
/// averages the particles' noise, and is harmless where the fit is a small move from the truth.
void train(const RecoveryProblem& problem, Strategy strategy) {
  if (strategy.has_particles()) strategy.trainer["particle_step"] = problem.particle_step;
  const auto catalogue = standard_catalogue();
  Training training(catalogue.trainers.read(strategy.trainer, "trainer")
                        .make({.energy = problem.energy,
                               .problem = problem.with_teacher(nullptr),
                               .random = std::make_shared<Random>(1, "particles")}),
                    catalogue.optimizers.read(problem.optimizer, "optimizer").make({*problem.energy}));
  std::vector<torch::Tensor> sums;
  for (const auto& parameter : problem.energy->parameters()) sums.push_back(torch::zeros_like(parameter));
  const torch::NoGradGuard no_grad;
  for (int t = 0; t < problem.iterations; ++t) {
    training.step(problem.data);
    if (t < problem.iterations / 2) continue;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += problem.energy->parameters()[i];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    problem.energy->parameters()[i].copy_(sums[i] / (problem.iterations - problem.iterations / 2));
  }
  problem.energy->project_parameters();
}

double kl_from(const std::shared_ptr<Energy>& teacher, const RecoveryProblem& problem) {
  return *find_metric(Evaluator(problem.with_teacher(teacher)).evaluate(*problem.energy), "kl");
}

class GaussianRecovery : public ::testing::TestWithParam<Strategy> {};

/// A Gaussian energy on R² and points of another Gaussian.
RecoveryProblem gaussian_problem(torch::ScalarType type) {
  Random random(2, "data");
  const auto deviation = torch::tensor({0.5, 0.6}, torch::kDouble),
             mean = torch::tensor({0.5, -0.3}, torch::kDouble);
  return {.energy = std::make_shared<Gaussian>(on_euclidean(2, type), Gaussian::Options{}),
          .domain = std::make_shared<Euclidean>(2),
          .data = (mean + deviation * random.normal({1000, 2}, torch::kDouble)).to(type),
          .particle_step = 0.05,
          .optimizer = {{"name", "sgd"}, {"learning_rate", 0.05}},
          .iterations = 800};
}

// Every particle strategy rests where a Langevin step from the data keeps their first two moments: at the
// sample mean and at the precision whose *discretised* chain has the sample variance, 12 % from its inverse
// for the narrower coordinate. Score matching has no step and rests at the inverse (Hyvärinen 2005, §3.1),
// denoising at that of the smoothed data. Noise: the variance of N/2 = 1000 independent pairs errs by
// sqrt(2/1000) = 4.5 %, for at most 10 iterations until it is forgotten; the mean over 400 iterations errs by
// 0.7 %, and 3 % is four times that. Chains from the base still carry (1 - hλ)^50 < 0.1 % of its mean.
// Antithetic means have next to no noise.
void expect_moments_of_the_data(const Strategy& strategy, torch::ScalarType type) {
  const auto problem = gaussian_problem(type);
  train(problem, strategy);
  const auto parameters = problem.energy->named_parameters();
  const auto precision = parameters["log_precision"].detach().to(torch::kDouble).exp();
  const auto variance = strategy.variance(precision, problem.particle_step);
  EXPECT_LT(distance(parameters["mean"].detach(), problem.data.mean(0)), 0.01);
  EXPECT_LT(distance(variance / problem.data.var(0, false), torch::ones({2}, torch::kDouble)), 0.03);
}

TEST_P(GaussianRecovery, AtTheMomentsOfTheData) { expect_moments_of_the_data(GetParam(), torch::kDouble); }

INSTANTIATE_TEST_SUITE_P(Trainers, GaussianRecovery, ::testing::ValuesIn(euclidean_strategies()), name_of);

// A score objective that mixes dtypes fails here, one that loses digits misses. ShallowRecovery is in float.
TEST(SinglePrecision, IsEnoughForScoreMatching) {
  for (const auto& strategy : euclidean_strategies()) {
    SCOPED_TRACE(strategy.name);
    if (!strategy.has_particles()) expect_moments_of_the_data(strategy, torch::kFloat);
  }
}

class Recovery : public ::testing::TestWithParam<Strategy> {};

/// A von Mises-Fisher energy without its normaliser, E(x) = -<η, x>: with it, the particles' gradient has
/// mean zero at every η, and a trainer that ignores them would pass.
class ExponentialTilt final : public Energy {
 public:
  ExponentialTilt()
      : direction_(register_parameter("direction", torch::tensor({0., 0., 1.}, torch::kDouble))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return -x.matmul(direction_); }

 private:
  torch::Tensor direction_;
};

// For an efficient fit of p = 3 parameters 2n KL has the law χ²_3, below 11.3 with probability 0.99: KL
// < 5.7e-3. The chain's step adds a bias of relative size hκ/2 = 4 % in κ, what is left of the base after 50
// steps less, and the particles' noise less: ½ A'(κ) (0.16)² = 0.8e-3 each.
TEST_P(Recovery, VonMisesFisherOnTheSphere) {
  Random random(3, "data");
  const VonMisesFisherMixture::Options truth{.concentration = 4, .means = {{2, -1, 2}}};
  const auto teacher = std::make_shared<VonMisesFisherMixture>(on_sphere(3, torch::kDouble, random), truth);
  const auto domain = std::make_shared<Sphere>(3);
  const RecoveryProblem problem{.energy = std::make_shared<ExponentialTilt>(),
                                .domain = domain,
                                .data = sample_by_rejection(*teacher, *domain, 1000, random),
                                .particle_step = 0.02,
                                .optimizer = {{"name", "sgd"}, {"learning_rate", 2}},
                                .iterations = 200};
  train(problem, GetParam());
  EXPECT_LT(kl_from(teacher, problem), 8e-3);
}

INSTANTIATE_TEST_SUITE_P(Trainers, Recovery, ::testing::ValuesIn(all_strategies()), name_of);

class ShallowRecovery : public ::testing::TestWithParam<Strategy> {};

// m = 16 neurons on S² with weights are p = 48 parameters: p / (2n) = 1.2e-2. They are far from independent,
// which leaves room for the bias of the step: the published update stands at 3.5e-3 to 6.3e-3 with half the
// points, one run of the scripts of Domingo-Enrich et al. 2022 for each trainer.
TEST_P(ShallowRecovery, PublishedTeacherOnTheSphere) {
  Random random(4, "data");
  const Teacher::Options truth{.neurons = {{-0.4907, 0.7621, 0.4224}, {0.4253, -0.3558, -0.8321}}};
  const auto teacher = std::make_shared<Teacher>(on_sphere(3, torch::kDouble), truth);
  const auto domain = std::make_shared<Sphere>(3);
  const RecoveryProblem problem{
      .energy = std::make_shared<Shallow>(on_sphere(3, torch::kFloat, random),
                                          Shallow::Options{.neurons = 16, .initial_weight = 5}),
      .domain = domain,
      .data = sample_by_rejection(*teacher, *domain, 2000, random).to(torch::kFloat),
      .particle_step = 0.02,
      .optimizer = {{"name", "wasserstein_fisher_rao"}, {"neuron_step", 0.2}, {"weight_step", 0.1}},
      .iterations = 1000};
  train(problem, GetParam());
  EXPECT_LT(kl_from(teacher, problem), 1.2e-2);
}

INSTANTIATE_TEST_SUITE_P(Trainers, ShallowRecovery, ::testing::ValuesIn(particle_strategies()), name_of);

}  // namespace
}  // namespace ebm::testing
