#include "dualebm/framework/evaluation/witness.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dualebm/framework/problem/quadrature.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A density on S²: a broad cap about the pole, and a share of a narrow one elsewhere.
class Caps {
 public:
  explicit Caps(double share) {
    const auto rule = sphere_quadrature(120, 240);
    const auto cap = [&](const torch::Tensor& at, double concentration) {
      return (rule.weights.log() + concentration * rule.points.matmul(at)).softmax(0);
    };
    nodes_ = rule.points;
    probabilities_ = (1 - share) * cap(pole, 2) + share * cap(aside, 60);
  }

  WeightedPoints model() const { return {nodes_, probabilities_, {}}; }

  torch::Tensor draw(std::int64_t count, Random& random) const {
    const auto uniform = random.uniform({count}, torch::kDouble);
    return nodes_.index_select(
        0, torch::searchsorted(probabilities_.cumsum(0), uniform).clamp_max(nodes_.size(0) - 1));
  }

  const torch::Tensor pole = torch::tensor({0.0, 0.0, 1.0}, torch::kDouble);
  const torch::Tensor aside = torch::tensor({1.0, 0.0, 0.0}, torch::kDouble);

 private:
  torch::Tensor nodes_, probabilities_;
};

torch::Tensor bump(const Witness& witness, const torch::Tensor& x) {
  return (-(x - witness.centre).square().sum(1) / (2 * witness.width * witness.width)).exp();
}

TEST(Witness, FindsTheCapThatAModelLacksAndTheOneThatItHasTooMuch) {
  const Caps with(0.1), without(0);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Random random(seed);
    const auto lacks =
        find_witness(without.model(), with.draw(2000, random), with.draw(1000, random), random);
    ASSERT_TRUE(lacks && lacks->held_out);
    EXPECT_GT(lacks->centre.dot(with.aside).item<double>(), 0.95) << seed;
    EXPECT_GT(lacks->coefficient, 0) << seed;
    EXPECT_GT(lacks->data_mean, lacks->model_mean) << seed;
    // A tenth of the points in a cap where the model has a hundredth: KL is about 0.13 nats.
    EXPECT_GT(lacks->held_out->gain, 0.05) << seed;
    EXPECT_EQ(lacks->held_out->p_value, 1.0 / 2000) << seed;

    const auto has =
        find_witness(with.model(), without.draw(2000, random), without.draw(1000, random), random);
    ASSERT_TRUE(has && has->held_out);
    EXPECT_GT(has->centre.dot(with.aside).item<double>(), 0.95) << seed;
    EXPECT_LT(has->coefficient, 0) << seed;
    EXPECT_LT(has->held_out->p_value, 0.01) << seed;
  }
}

// What the docstring promises: log Z moves along, so that the gain is that of the likelihood
// itself, and the best of a.
TEST(Witness, TheGainIsThatOfTheLikelihood) {
  const Caps with(0.1), without(0);
  Random random(3);
  const auto train = with.draw(2000, random);
  const auto model = without.model();
  const auto witness = find_witness(model, train, {}, random);
  ASSERT_TRUE(witness);
  EXPECT_FALSE(witness->held_out);
  const auto gain_of = [&](double a) {
    // -E = log p, so that log Z is 0 before, and log Σ p exp(a φ) after.
    const double log_z =
        (model.probabilities.log() + a * bump(*witness, model.points)).logsumexp(0).item<double>();
    return a * bump(*witness, train).mean().item<double>() - log_z;
  };
  EXPECT_NEAR(witness->gain, gain_of(witness->coefficient), 1e-12);
  EXPECT_GT(witness->gain, gain_of(0.98 * witness->coefficient));
  EXPECT_GT(witness->gain, gain_of(1.02 * witness->coefficient));
}

// The p-value does not profit from the search: where the model is right it is uniform. Of 50, the number
// below 0.1 is binomial: more than 12 have a probability of 0.001, none one of 0.005. The mean of all has the
// deviation 0.041.
TEST(Witness, ThePValueIsUniformWhereTheModelIsRight) {
  const Caps truth(0.1);
  int small = 0;
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed, "right");
    const auto witness =
        find_witness(truth.model(), truth.draw(300, random), truth.draw(200, random), random);
    ASSERT_TRUE(witness && witness->held_out);
    small += witness->held_out->p_value < 0.1;
    sum += witness->held_out->p_value;
  }
  EXPECT_LE(small, 12);
  EXPECT_GE(small, 1);
  EXPECT_NEAR(sum / 50, 0.5, 3.5 * 0.041);
}

TEST(Witness, IsTheSameForEveryNumberOfThreads) {
  const Caps with(0.1), without(0);
  using Numbers = std::tuple<double, double, double, double, double>;
  std::vector<Numbers> found;
  with_each_number_of_threads([&](int) {
    Random random(1);
    const auto w = find_witness(without.model(), with.draw(500, random), with.draw(500, random), random);
    found.emplace_back(w->centre[0].item<double>(), w->width, w->gain, w->held_out->gain,
                       w->held_out->p_value);
  });
  EXPECT_EQ(found, std::vector<Numbers>(3, found.front()));
}

TEST(Witness, NothingIsSaidOfFourPoints) {
  const Caps model(0);
  Random random(0);
  EXPECT_FALSE(find_witness(model.model(), model.draw(4, random), {}, random));
}

}  // namespace
}  // namespace ebm::testing
