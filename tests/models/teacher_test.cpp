#include "dualebm/models/teacher.hpp"

#include <cmath>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

using NeuronRows = std::vector<std::vector<double>>;

/// The teachers of the published experiments, as the scripts of Domingo-Enrich et al. 2022 have them.
NeuronRows published_neurons(const std::string& name) {
  const std::vector<double> first = {-0.1581, -0.1232, -0.1913, 0.4161,  0.4344,  0.1045,  0.3137, 0.2839,
                                     0.1072,  0.1849,  -0.2719, -0.1624, -0.0897, -0.2070, 0.4179};
  if (name == "bimodal") return {{-0.4907, 0.7621, 0.4224}, {0.4253, -0.3558, -0.8321}};
  if (name == "monomodal") return {{-0.1685, 0.9065, -0.3871}, {-0.3475, 0.3090, 0.8853}};
  if (name == "old") {
    return {first,
            {0.5860, 0.1702, -0.1274, 0.0954, 0.1495, 0.1055, 0.2156, 0.1797, -0.1128, 0.0606, -0.1669,
             0.0621, -0.4499, 0.4556, 0.1786}};
  }
  return {first,
          {0.1901, 0.0444, 0.1050, -0.4427, -0.4244, -0.0265, -0.2217, -0.2021, 0.0412, -0.2631, 0.3599,
           0.1848, 0.0721, 0.2579, -0.4216}};
}

Teacher teacher_of(const NeuronRows& rows, double sign = -1) {
  return Teacher(on_sphere(static_cast<std::int64_t>(rows[0].size()), torch::kDouble),
                 {.neurons = rows, .weight = 10, .sign = sign});
}

/// The longest Σ_A z_j over subsets A of the neurons.
torch::Tensor longest_subset_sum(const torch::Tensor& neurons) {
  auto longest = torch::zeros({neurons.size(1)}, torch::kDouble);
  for (std::int64_t subset = 1; subset < (std::int64_t{1} << neurons.size(0)); ++subset) {
    auto sum = torch::zeros_like(longest);
    for (std::int64_t j = 0; j < neurons.size(0); ++j) sum += (subset >> j & 1) ? neurons[j] : 0 * neurons[j];
    if (sum.norm().item<double>() > longest.norm().item<double>()) longest = sum;
  }
  return longest;
}

/// If A is the best subset then z_j with j in A has <z_j, Σ_A> > 0, and any other < 0, or A were not the
/// best: so the direction of Σ_A activates exactly A and the bound is attained.
void expect_bound_attained(Teacher& teacher) {
  const auto sum = longest_subset_sum(teacher.neurons().positions);
  const auto x = (sum / sum.norm()).unsqueeze(0);
  EXPECT_NEAR(teacher.forward(x).item<double>(), *teacher.lower_bound(), 1e-12);
}

class PublishedTeacher : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedTeacher, LowerBoundHoldsOnAMillionPoints) {
  auto teacher = teacher_of(published_neurons(GetParam()));
  Random random(1, "teacher_test");
  const Sphere sphere(teacher.neurons().positions.size(1));
  for (int slice = 0; slice < 10; ++slice) {
    const auto x = sphere.sample_base(100'000, random, torch::kDouble);
    EXPECT_GE(energy_at(teacher, x).min().item<double>(), *teacher.lower_bound());
  }
}

TEST_P(PublishedTeacher, LowerBoundIsAttained) {
  auto teacher = teacher_of(published_neurons(GetParam()));
  expect_bound_attained(teacher);
}

INSTANTIATE_TEST_SUITE_P(Names, PublishedTeacher, ::testing::Values("bimodal", "monomodal", "old", "new"));

TEST(Teacher, LowerBoundOfManyNeuronsIsAttained) {
  Random random(2, "teacher_test");
  for (int trial = 0; trial < 10; ++trial) {
    NeuronRows rows(5, std::vector<double>(3));
    for (auto& row : rows) {
      for (auto& value : row) value = random.normal({}, torch::kDouble).item<double>();
    }
    auto teacher = teacher_of(rows);
    expect_bound_attained(teacher);
  }
}

TEST(Teacher, LowerBoundWithPositiveSignIsZero) {
  auto teacher = teacher_of(published_neurons("monomodal"), 1);
  EXPECT_EQ(*teacher.lower_bound(), 0);
  Random random(3, "teacher_test");
  EXPECT_GE(energy_at(teacher, Sphere(3).sample_base(10'000, random, torch::kDouble)).min().item<double>(),
            0);
}

// Across the kinks the rule errs by the square of its spacing, π/400, times the jump of the slope over a
// great circle.
TEST(Teacher, LogNormalizerIsTheIntegralOverS2) {
  const auto rule = *Sphere(3).quadrature(400);
  for (const char* name : {"bimodal", "monomodal"}) {
    for (const double sign : {-1.0, 1.0}) {
      auto teacher = teacher_of(published_neurons(name), sign);
      EXPECT_NEAR(*teacher.log_normalizer(), rule.log_integral(energy_at(teacher, rule.points)), 1e-5)
          << name;
    }
  }
}

TEST(Teacher, LogNormalizerOfOneNeuronIsElementary) {
  const auto teacher = teacher_of({{0, 1, 0}});
  EXPECT_NEAR(*teacher.log_normalizer(), std::log(0.5 + 0.5 * std::expm1(10) / 10), 1e-13);
}

// Twice the same neuron is one neuron; two opposite ones share their kinks. Both make sectors of no width.
TEST(Teacher, LogNormalizerOfParallelNeurons) {
  EXPECT_NEAR(*teacher_of({{0, 1, 0}, {0, 2, 0}}).log_normalizer(), *teacher_of({{0, 1, 0}}).log_normalizer(),
              1e-12);
  EXPECT_NEAR(*teacher_of({{0, 1, 0}, {0, -1, 0}}).log_normalizer(), std::log(std::expm1(5) / 5), 1e-12);
}

// log of a mean has the relative standard error of the mean.
TEST(Teacher, LogNormalizerInFifteenDimensionsAgreesWithMonteCarlo) {
  Random random(4, "teacher_test");
  const auto x = Sphere(15).sample_base(1'000'000, random, torch::kDouble);
  for (const char* name : {"old", "new"}) {
    auto teacher = teacher_of(published_neurons(name));
    const auto ratio = (-energy_at(teacher, x) - *teacher.log_normalizer()).exp();
    const double standard_error = ratio.std().item<double>() / 1e3;
    EXPECT_LT(standard_error, 0.01) << name;
    EXPECT_NEAR(ratio.mean().item<double>(), 1, 4 * standard_error) << name;
  }
}

TEST(Teacher, LogNormalizerOfThreeNeuronsIsUnknown) {
  EXPECT_FALSE(teacher_of({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}).log_normalizer().has_value());
}

TEST(Teacher, GradientAgreesWithAutograd) {
  const auto teacher = std::make_shared<Teacher>(teacher_of(published_neurons("new")));
  Random random(5, "teacher_test");
  const auto x = Sphere(15).sample_base(600, random, torch::kDouble);
  EXPECT_LT(distance(teacher->gradient(x), ByAutograd(teacher).gradient(x)), 1e-13);
}

TEST(Teacher, NeuronsAreNormalised) {
  const auto neurons = teacher_of({{3, 0, 4}}).neurons();
  EXPECT_LT(distance(neurons.positions, torch::tensor({{0.6, 0., 0.8}}, torch::kDouble)), 1e-15);
}

TEST(Teacher, HasNothingToTrain) { EXPECT_TRUE(teacher_of({{1, 0, 0}}).parameters().empty()); }

TEST(Teacher, BadOptionsAreErrors) {
  const auto message = [](const Teacher::Options& options) {
    return user_error([&] { Teacher(on_sphere(3, torch::kDouble), options); });
  };
  expect_contains(message({.neurons = {}}), "teacher.neurons: 1 to 16 neurons, got 0");
  expect_contains(message({.neurons = NeuronRows(17, {1, 0, 0})}), "1 to 16 neurons, got 17");
  expect_contains(message({.neurons = {{1, 0, 0}, {1, 0}}}), "teacher.neurons[1]: 3 numbers, got 2");
  expect_contains(message({.neurons = {{0, 0, 0}}}), "teacher.neurons[0]: the zero vector");
  expect_contains(message({.sign = 0.5}), "teacher.sign: -1 or 1, got 0.5");
}

}  // namespace
}  // namespace ebm::testing
