#include "dualebm/trainers/boosted_likelihood.hpp"

#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "dualebm/datasets/rejection.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/trainers/exact_likelihood.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr std::int64_t latitudes = 24;

/// A training on points of S², and what L of its energy is by the trainer's own rule.
struct Boosting {
  Boosting(torch::Tensor points, const Shallow::Options& options, double gap, std::int64_t slides = 20,
           torch::ScalarType type = torch::kDouble)
      : wanted(gap) {
    Random random(3, "neurons");
    energy = std::make_shared<Shallow>(on_sphere(3, type, random), options);
    problem = std::make_shared<Problem>(std::make_shared<Sphere>(3), Dataset{.train = points.to(type)});
    trainer = std::make_shared<BoostedLikelihood>(
        context(energy),
        BoostedLikelihood::Options{
            .gap = gap, .slides = slides, .rule = {.resolution = latitudes, .most_nodes = 0}});
    training = std::make_shared<Training>(
        trainer, std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1)),
        Training::Options{});
  }
  TrainerContext context(std::shared_ptr<Energy> which) const {
    return {.energy = which, .problem = problem, .random = std::make_shared<Random>(1, "none")};
  }
  double likelihood(Energy& which) const {
    const torch::NoGradGuard no_grad;
    const auto rule = sphere_quadrature(latitudes, 2 * latitudes);
    const auto options = problem->data().train.options();
    return which.forward(problem->data().train).to(torch::kDouble).mean().item<double>() +
           rule.log_integral(which.forward(rule.points.to(options)));
  }
  double likelihood() const { return likelihood(*energy); }
  void step() { training->step(problem->data().train); }
  /// @return iterations until the gap was small enough
  int run(int most) {
    for (int i = 1; i <= most; ++i) {
      step();
      if (trainer->gap()->value <= wanted) return i;
    }
    ADD_FAILURE() << "after " << most << " iterations the gap is " << trainer->gap()->value;
    return most;
  }

  double wanted;
  std::shared_ptr<Shallow> energy;
  std::shared_ptr<const Problem> problem;
  std::shared_ptr<BoostedLikelihood> trainer;
  std::shared_ptr<Training> training;
};

torch::Tensor points_of_teacher(const std::vector<std::vector<double>>& neurons, std::int64_t count) {
  Random random(4, "data");
  Teacher teacher(on_sphere(3, torch::kDouble), {.neurons = neurons, .weight = 10});
  return sample_by_rejection(teacher, Sphere(3), count, random);
}

const std::vector<std::vector<double>> two_neurons = {{0, 0, 1}, {0.8, 0, -0.6}};

// The planted neurons, five nats each, and next to nothing elsewhere. With 4000 points the noise of the
// sample is worth a split of each in parts some 0.2 apart, and one part in twenty-five to neurons of its own.
TEST(BoostedLikelihood, FindsThePlantedNeurons) {
  Boosting boosting(points_of_teacher(two_neurons, 4000), {.neurons = 32, .total_variation_cap = 10}, 2e-3);
  boosting.run(20);
  const auto [z, w, signs] = boosting.energy->neurons();
  const auto masses = w.detach() / 32;
  EXPECT_LE(masses.sum().item<double>(), 10 * (1 + 1e-12));
  double near = 0;
  for (const auto& neuron : two_neurons) {
    const auto angle = z.detach().mv(torch::tensor(neuron, torch::kDouble)).clamp(-1, 1).acos();
    const double here = masses.index({angle < 0.25}).sum().item<double>();
    EXPECT_NEAR(here, 5, 0.5);
    near += here;
  }
  EXPECT_GT(near, 0.93 * masses.sum().item<double>());
}

// What the gap certifies: no energy of the ball is better by more. Exact likelihood with as many neurons,
// and the flow to move them, ends in the ball too; it may end lower by the gap at most. The excess is
// measured by the same rule.
TEST(BoostedLikelihood, TheGapBoundsTheExcessOverExactLikelihood) {
  for (const char* signs : {"negative", "positive", "balanced"}) {
    const Shallow::Options options{.neurons = 40, .signs = signs, .total_variation_cap = 6};
    Boosting boosting(points_of_teacher(two_neurons, 600), options, 1e-3);
    boosting.run(40);
    Random random(5, "neurons");
    const auto other = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), options);
    Training exact(
        std::make_shared<ExactLikelihood>(boosting.context(other),
                                          ExactLikelihood::Options{.resolution = latitudes, .most_nodes = 0}),
        std::make_shared<WassersteinFisherRao>(
            other->neurons(), WassersteinFisherRao::Options{.neuron_step = 0.3, .weight_step = 0.3}),
        Training::Options{});
    for (int i = 0; i < 500; ++i) exact.step(boosting.problem->data().train);
    const double excess = boosting.likelihood() - boosting.likelihood(*other);
    EXPECT_LE(excess, boosting.trainer->gap()->value) << signs;
    EXPECT_GE(boosting.trainer->gap()->value, 0) << signs;
    EXPECT_TRUE(boosting.trainer->gap()->proven) << signs;
    EXPECT_LT(boosting.likelihood(*other), -0.01) << signs << ": nothing was learnt";
  }
}

// L never grows, begins at that of the base measure, and with the gap small enough an
// iteration changes nothing.
TEST(BoostedLikelihood, DescendsAndThenStands) {
  Boosting boosting(points_of_teacher(two_neurons, 500), {.neurons = 24, .total_variation_cap = 10}, 2e-3);
  double before = 0;
  for (int i = 0; i < 6; ++i) {
    boosting.step();
    const double now = boosting.likelihood();
    EXPECT_LE(now, before + 1e-12) << i;
    EXPECT_LE(before - boosting.trainer->gap()->value, now + 1e-9)
        << "the gap of before bounds what can be had";
    before = now;
  }
  EXPECT_LT(before, -0.3);
  boosting.run(30);
  const auto kept = boosting.energy->parameters()[0].detach().clone();
  boosting.step();
  EXPECT_LT(distance(kept, boosting.energy->parameters()[0]), 1e-14)
      << "but for lengths, which are set to 1 again";
}

// Steps on the directions are what makes few neurons do: of two, which were found one after the other.
TEST(BoostedLikelihood, NeuronsThatSlideAreWorthMore) {
  const auto points = points_of_teacher(two_neurons, 1000);
  const auto after_two = [&](std::int64_t slides) {
    Boosting boosting(points, {.neurons = 64, .total_variation_cap = 10}, 2e-3, slides);
    boosting.step();
    boosting.step();
    return boosting.likelihood();
  };
  EXPECT_LT(after_two(20), after_two(0) - 0.1);
}

// Where all places are in use it still improves, or changes nothing: it never gets worse.
TEST(BoostedLikelihood, NeedsNoMorePlacesThanThereAre) {
  Boosting boosting(points_of_teacher({{0, 0, 1}, {1, 0, 0}, {0, -1, 0}}, 800),
                    {.neurons = 2, .total_variation_cap = 10}, 1e-4);
  double before = 0;
  for (int i = 0; i < 6; ++i) {
    boosting.step();
    const double now = boosting.likelihood();
    EXPECT_LE(now, before + 1e-12) << i;
    before = now;
  }
  EXPECT_GT(boosting.trainer->gap()->value, 1e-3) << "two neurons are not three";
}

TEST(BoostedLikelihood, GoesOnWithTheSameBitsByAnyNumberOfThreads) {
  const auto points = points_of_teacher(two_neurons, 300);
  const auto make = [&](torch::ScalarType type) {
    return std::make_unique<Boosting>(points, Shallow::Options{.neurons = 12, .total_variation_cap = 8}, 1e-4,
                                      5, type);
  };
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    std::vector<torch::Tensor> first;
    with_each_number_of_threads([&](int count) {
      const auto whole = make(type), begun = make(type), resumed = make(type);
      for (int i = 0; i < 4; ++i) whole->step();
      for (int i = 0; i < 2; ++i) begun->step();
      resumed->training->load(begun->training->save());
      for (int i = 0; i < 2; ++i) resumed->step();
      for (std::size_t i = 0; i < 2; ++i) {
        const auto numbers = whole->energy->parameters()[i].detach();
        EXPECT_TRUE(torch::equal(numbers, resumed->energy->parameters()[i])) << count;
        if (count == 1) first.push_back(numbers.clone());
        EXPECT_TRUE(torch::equal(numbers, first[i])) << count;
      }
    });
  }
}

TEST(BoostedLikelihood, RefusesWhatHasNoNeuronsThatMove) {
  const auto points = points_of_teacher(two_neurons, 20);
  const Boosting boosting(points, {.neurons = 2}, 1e-2);
  Random random(1, "neurons");
  const auto lazy =
      std::make_shared<LazyShallow>(on_sphere(3, torch::kDouble, random), LazyShallow::Options{});
  const auto mlp = std::make_shared<Mlp>(on_sphere(3, torch::kDouble, random), Mlp::Options{});
  const auto frozen = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{});
  frozen->parameters()[0].set_requires_grad(false);
  for (const std::shared_ptr<Energy>& energy :
       std::initializer_list<std::shared_ptr<Energy>>{lazy, mlp, frozen})
    expect_contains(user_error([&] { BoostedLikelihood(boosting.context(energy), {}); }),
                    "none that move in a ball");
}

}  // namespace
}  // namespace ebm::testing
