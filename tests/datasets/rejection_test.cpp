#include "dualebm/datasets/rejection.hpp"

#include <array>
#include <cmath>

#include "dualebm/datasets/teacher_student.hpp"
#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Teacher published(const std::string& name, double weight = 10) {
  const std::vector<double> first = {-0.1581, -0.1232, -0.1913, 0.4161,  0.4344,  0.1045,  0.3137, 0.2839,
                                     0.1072,  0.1849,  -0.2719, -0.1624, -0.0897, -0.2070, 0.4179};
  Teacher::Options options{.weight = weight};
  if (name == "bimodal") options.neurons = {{-0.4907, 0.7621, 0.4224}, {0.4253, -0.3558, -0.8321}};
  if (name == "monomodal") options.neurons = {{-0.1685, 0.9065, -0.3871}, {-0.3475, 0.3090, 0.8853}};
  if (name == "old") {
    options.neurons = {first,
                       {0.5860, 0.1702, -0.1274, 0.0954, 0.1495, 0.1055, 0.2156, 0.1797, -0.1128, 0.0606,
                        -0.1669, 0.0621, -0.4499, 0.4556, 0.1786}};
  }
  if (name == "new") {
    options.neurons = {first,
                       {0.1901, 0.0444, 0.1050, -0.4427, -0.4244, -0.0265, -0.2217, -0.2021, 0.0412, -0.2631,
                        0.3599, 0.1848, 0.0721, 0.2579, -0.4216}};
  }
  return Teacher(on_sphere(static_cast<std::int64_t>(options.neurons[0].size()), torch::kDouble), options);
}

torch::Tensor samples_of(Energy& energy, std::int64_t dimension, std::int64_t count, std::uint64_t seed = 1) {
  Random random(seed, "rejection_test");
  return sample_by_rejection(energy, Sphere(dimension), count, random);
}

/// The mean is within 4 standard errors of the truth.
void expect_mean(const torch::Tensor& values, double truth) {
  const double error = values.std().item<double>() / std::sqrt(static_cast<double>(values.size(0)));
  EXPECT_NEAR(values.mean().item<double>(), truth, 4 * error);
}

/// Energy <x, e_0>, with whatever bound it is said to have.
class Linear final : public Energy {
 public:
  explicit Linear(std::optional<double> bound) : bound_(bound) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x.select(1, 0); }
  std::optional<double> lower_bound() const override { return bound_; }

 private:
  std::optional<double> bound_;
};

// Proposals as the sampler makes them: drawn in single precision, points of the sphere in double. A proposal
// below the bound would be kept with a probability above one, which nobody sees in the samples.
TEST(Rejection, EnvelopeHoldsOnTenMillionProposals) {
  Random random(2, "rejection_test");
  for (const auto& [d, names] :
       {std::pair{3, std::array{"bimodal", "monomodal"}}, {15, std::array{"old", "new"}}}) {
    const Sphere sphere(d);
    auto first = published(names[0]), second = published(names[1]);
    double lowest_first = 0, lowest_second = 0;
    for (int slice = 0; slice < 100; ++slice) {
      const auto x = sphere.retract(sphere.sample_base(100'000, random, torch::kFloat).to(torch::kDouble));
      lowest_first = std::min(lowest_first, energy_at(first, x).min().item<double>());
      lowest_second = std::min(lowest_second, energy_at(second, x).min().item<double>());
    }
    EXPECT_GE(lowest_first, *first.lower_bound()) << names[0];
    EXPECT_GE(lowest_second, *second.lower_bound()) << names[1];
  }
}

class RejectionFromTeacher : public ::testing::TestWithParam<const char*> {};

// E_p[E] = -d log Z(w) / d log w, since E is proportional to the weight w.
TEST_P(RejectionFromTeacher, MeanEnergyIsTheSlopeOfLogZ) {
  const double h = 1e-4;
  auto teacher = published(GetParam());
  const auto d = teacher.neurons().positions.size(1);
  const double above = *published(GetParam(), 10 * (1 + h)).log_normalizer();
  const double below = *published(GetParam(), 10 * (1 - h)).log_normalizer();
  expect_mean(energy_at(teacher, samples_of(teacher, d, d == 3 ? 100'000 : 20'000)),
              -(above - below) / (2 * h));
}

INSTANTIATE_TEST_SUITE_P(Names, RejectionFromTeacher,
                         ::testing::Values("bimodal", "monomodal", "old", "new"));

// All first and second moments, which the mean energy alone does not fix.
TEST(Rejection, MomentsAgreeWithQuadratureOnS2) {
  auto teacher = published("monomodal");
  const auto rule = *Sphere(3).quadrature(200);
  const auto law = rule.gibbs(energy_at(teacher, rule.points));
  const auto x = samples_of(teacher, 3, 100'000);
  for (std::int64_t i = 0; i < 3; ++i) {
    expect_mean(x.select(1, i), law.dot(rule.points.select(1, i)).item<double>());
    for (std::int64_t j = 0; j <= i; ++j) {
      const auto product = [&](const torch::Tensor& points) {
        return points.select(1, i) * points.select(1, j);
      };
      expect_mean(product(x), law.dot(product(rule.points)).item<double>());
    }
  }
}

TEST(Rejection, MeanOfAVonMisesFisherDensity) {
  for (const std::int64_t d : {2, 3, 15}) {
    Random random(3, "parameters");
    VonMisesFisherMixture energy(on_sphere(d, torch::kDouble, random), {.concentration = 4});
    const auto mean = energy.named_parameters()["directions"].detach()[0] / 4;
    expect_mean(samples_of(energy, d, 50'000).matmul(mean), von_mises_fisher_mean_length(d, 4));
  }
}

TEST(Rejection, SamplesAreOnTheSphereAndAsManyAsAsked) {
  auto teacher = published("bimodal");
  for (const std::int64_t count : {1, 1000, 20'000}) {
    const auto x = samples_of(teacher, 3, count);
    EXPECT_EQ(x.sizes(), (std::vector<std::int64_t>{count, 3}));
    EXPECT_EQ(x.scalar_type(), torch::kDouble);
    EXPECT_LT(distance(x.norm(2, 1), torch::ones({count}, torch::kDouble)), 1e-15);
  }
}

TEST(Rejection, DependsOnTheSeedAlone) {
  auto teacher = published("bimodal");
  EXPECT_TRUE(torch::equal(samples_of(teacher, 3, 1000, 5), samples_of(teacher, 3, 1000, 5)));
  EXPECT_FALSE(torch::equal(samples_of(teacher, 3, 1000, 5), samples_of(teacher, 3, 1000, 6)));
}

TEST(Rejection, EnergyWithoutABoundIsAnError) {
  Linear energy(std::nullopt);
  expect_contains(user_error([&] { samples_of(energy, 3, 10); }), "no proven lower bound");
}

TEST(Rejection, WrongBoundIsAnError) {
  Linear energy(-0.9);
  expect_contains(user_error([&] { samples_of(energy, 3, 10); }), "falls below its bound -0.9");
}

// exp(-31) of the proposals would be kept.
TEST(Rejection, HopelessBoundIsAnErrorAndNoEndlessLoop) {
  Linear energy(-32);
  expect_contains(user_error([&] { samples_of(energy, 3, 10); }), "too concentrated for this sampler");
}

Dataset teacher_student(std::shared_ptr<Energy> energy, const TeacherStudentOptions& options) {
  Random random(4, "rejection_test");
  return draw_from_teacher(
      {.domain = std::make_shared<Sphere>(3), .teacher = std::move(energy), .random = random}, options);
}

TEST(TeacherStudent, PartsAreOfTheSizesAskedAndShareNoRow) {
  const auto teacher = std::make_shared<Teacher>(published("bimodal"));
  const auto parts = teacher_student(teacher, {.train = 300, .validation = 200, .test = 100});
  EXPECT_EQ(parts.train.size(0), 300);
  EXPECT_EQ(parts.validation.size(0), 200);
  EXPECT_EQ(parts.test.size(0), 100);
  EXPECT_EQ(parts.teacher, teacher);
  const auto together = torch::cat({parts.train, parts.validation, parts.test});
  const auto apart =
      (together.unsqueeze(0) - together.unsqueeze(1)).abs().sum(2) + torch::eye(600, torch::kDouble);
  EXPECT_GT(apart.min().item<double>(), 0);
}

TEST(TeacherStudent, PartsOfNoPointsAreUndefined) {
  const auto parts = teacher_student(std::make_shared<Teacher>(published("bimodal")),
                                     {.train = 10, .validation = 0, .test = 0});
  EXPECT_FALSE(parts.validation.defined());
  EXPECT_FALSE(parts.test.defined());
}

TEST(TeacherStudent, MissingTeacherIsAnError) {
  expect_contains(user_error([] { teacher_student(nullptr, {}); }), "dataset.teacher: missing");
}

// On R^d `sample_base` is no draw from τ, so what is kept would follow another law without a word.
TEST(Rejection, NeedsABaseMeasureThatIsAProbability) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(1, "rejection");
  expect_contains(user_error([&] { sample_by_rejection(energy, Euclidean(2), 10, random); }),
                  "is no probability");
}

}  // namespace
}  // namespace ebm::testing
