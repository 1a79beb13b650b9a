#include "dualebm/models/perceptron/passes.hpp"

#include <cmath>

#include "tests/models/perceptron/cases.hpp"

namespace ebm::testing {
namespace {

class Perceptron : public ::testing::TestWithParam<std::string> {};

// Rows: none, fewer than a block, one tile, one more, several shards. A wrong neighbour, a dropped remainder
// or a slope of another layer are of order 1.
TEST_P(Perceptron, AgreesWithAutogradOnEveryShapeAndInstructionSet) {
  Random random(1, "points");
  with_each_instruction_set([&](InstructionSet set) {
    for (const auto& network : perceptron_cases()) {
      const Mlp::Options options{.activation = GetParam(), .confinement = 1.5};
      const auto exact = perceptron_of(network, options);
      const auto single = perceptron_of(network, options, torch::kFloat);
      {
        const torch::NoGradGuard no_grad;
        for (std::size_t i = 0; i < exact->parameters().size(); ++i)
          exact->parameters()[i].copy_(single->parameters()[i]);
      }
      for (const std::int64_t rows : {0, 1, 11, 48, 49, 300}) {
        SCOPED_TRACE(fmt::format("{}: {} hidden layers, the first of {}, {} rows", to_string(set),
                                 network.hidden.size(), network.hidden[0], rows));
        const auto x = random.normal({rows, network.dimension}, torch::kFloat).to(torch::kDouble) * 2;
        // Of both signs, and not of sum zero: what cancels in single precision is no error of a kernel.
        const auto weight = random.normal({rows}, torch::kFloat).to(torch::kDouble) + 0.5;
        expect_autograd(exact, exact, x, weight, 1e-12);
        expect_autograd(single, exact, x, weight, 1e-5);
        if (HasFailure()) return;
      }
    }
  });
}

// Autograd shares `forward`; differences of the kernel's own energies do not.
TEST_P(Perceptron, GradientsAreCentralDifferencesOfItsEnergies) {
  const torch::NoGradGuard no_grad;
  const double h = 1e-6;
  const auto energy = perceptron_of({3, {6, 5}}, {.activation = GetParam()});
  Random random(2, "points");
  const auto x = random.normal({7, 3}, torch::kDouble), v = random.normal({7, 3}, torch::kDouble),
             weight = random.normal({7}, torch::kDouble);
  const auto slope = (energy->forward(x + h * v) - energy->forward(x - h * v)) / (2 * h);
  EXPECT_LT(distance((energy->gradient(x) * v).sum(1), slope), 1e-8);
  energy->accumulate_gradient(x, weight);
  for (auto& parameter : energy->parameters()) {
    const auto direction = random.normal(parameter.sizes(), torch::kDouble), start = parameter.clone();
    parameter.copy_(start + h * direction);
    const auto above = energy->forward(x).dot(weight);
    parameter.copy_(start - h * direction);
    const auto below = energy->forward(x).dot(weight);
    parameter.copy_(start);
    EXPECT_LT(distance((parameter.grad() * direction).sum(), (above - below) / (2 * h)), 1e-8);
  }
}

// The division by the spectral norm is part of the gradient.
TEST_P(Perceptron, AgreesWithAutogradUnderSpectralNormalisation) {
  const auto energy = perceptron_of({2, {16, 16}}, {.activation = GetParam(), .spectral_norm = true});
  Random random(3, "points");
  expect_autograd(energy, energy, random.normal({70, 2}, torch::kDouble), random.normal({70}, torch::kDouble),
                  1e-12);
}

TEST_P(Perceptron, ReadsPointsThatAreNotContiguous) {
  Random random(7, "strides");
  const auto energy = perceptron_of({3, {8, 8}}, {.activation = GetParam()});
  const auto turned = random.normal({3, 70}, torch::kDouble).t();
  expect_autograd(energy, energy, turned, random.normal({70, 3}, torch::kDouble).select(1, 1), 1e-12);
  const auto wide = random.normal({140, 9}, torch::kDouble);
  expect_autograd(energy, energy, wide.slice(0, 1, 140, 2).narrow(1, 4, 3),
                  torch::ones({1}, torch::kDouble).expand({70}), 1e-12);
}

// A lost particle must show, and in its own row alone.
TEST_P(Perceptron, KeepsWhatIsNotANumberInItsRow) {
  Random random(8, "points");
  with_each_instruction_set([&](InstructionSet) {
    const auto energy = perceptron_of({2, {64, 64}}, {.activation = GetParam()}, torch::kFloat);
    auto x = random.normal({60, 2}, torch::kFloat);
    x[37][1] = std::nanf("");
    const auto [value, gradient] = energy->value_and_gradient(x);
    EXPECT_TRUE(value[37].isnan().item<bool>() && gradient[37].isnan().all().item<bool>());
    EXPECT_EQ(value.isfinite().sum().item<std::int64_t>(), 59);
    EXPECT_EQ(gradient.isfinite().all(1).sum().item<std::int64_t>(), 59);
    energy->accumulate_gradient(x, torch::zeros({60}));
    for (const auto& part : gradients_taken_from(*energy)) {
      if (part.numel() > 1) {
        EXPECT_TRUE(part.isnan().any().item<bool>());
      }
    }
  });
}

// Far out e^u overflows or vanishes; energies and slopes must not. Autograd's 1 - tanh² is
// what rounding leaves of it.
TEST_P(Perceptron, HoldsForLargePreActivations) {
  const auto energy = perceptron_of({1, {1}}, {.activation = GetParam(), .confinement = std::nullopt});
  const auto single =
      perceptron_of({1, {1}}, {.activation = GetParam(), .confinement = std::nullopt}, torch::kFloat);
  const torch::NoGradGuard no_grad;
  for (const auto& one : {energy, single}) {
    for (auto& parameter : one->parameters()) parameter.fill_(parameter.dim() == 2 ? 1 : 0);
  }
  const auto x =
      torch::tensor({-1e30, -1e4, -700.0, -80.0, -20.0, 20.0, 80.0, 700.0, 1e4, 1e30}, torch::kDouble)
          .view({10, 1});
  const auto [values, gradients] = ByAutograd(energy).value_and_gradient(x);
  for (const auto& one : {energy, single}) {
    const auto type = one->parameters()[0].scalar_type();
    const auto [value, gradient] = one->value_and_gradient(x.to(type));
    const double precision = type == torch::kDouble ? 1e-14 : 1e-6;
    EXPECT_TRUE(at::allclose(value.to(torch::kDouble), values, precision, 1e-30));
    EXPECT_TRUE(at::allclose(gradient.to(torch::kDouble), gradients, precision, 1e-16));
  }
}

// Trainers add the particles' gradient to the data's, and what is frozen stays without one.
TEST_P(Perceptron, AddsToTheGradientsOfWhatIsTrained) {
  const auto energy = perceptron_of({2, {8, 8}}, {.activation = GetParam()});
  Random random(9, "points");
  const auto x = random.normal({20, 2}, torch::kDouble), weight = random.normal({20}, torch::kDouble);
  energy->accumulate_gradient(x, weight);
  const auto once = gradients_taken_from(*energy);
  energy->named_parameters()["layers.1.weight"].requires_grad_(false);
  energy->accumulate_gradient(x, weight);
  energy->accumulate_gradient(x, weight);
  const auto twice = gradients_taken_from(*energy);
  for (std::size_t i = 0; i < once.size(); ++i) {
    if (i == 2) {
      EXPECT_FALSE(twice[i].defined());
    } else {
      EXPECT_TRUE(torch::equal(twice[i], 2 * once[i]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, Perceptron, ::testing::ValuesIn(smooth_activation_names()),
                         [](const auto& parameters) { return parameters.param; });

// A graph and a trace follow operators alone; a kernel would leave a constant behind.
TEST(PerceptronKernel, LeavesAGraphToLibTorch) {
  const auto energy = perceptron_of({2, {8}}, {});
  const auto x = torch::ones({4, 2}, torch::kDouble);
  EXPECT_TRUE(energy->forward(x).requires_grad());
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(energy->forward(x).requires_grad());
}

// Where there is none, autograd must still be there: too wide, no hidden layer, another dtype.
TEST(PerceptronKernel, LeavesWhatItHasNoCodeForToAutograd) {
  Random random(10, "points");
  const auto x = random.normal({30, 2}, torch::kDouble), weight = random.normal({30}, torch::kDouble);
  for (const auto& hidden : {std::vector<std::int64_t>{}, {300}, {8, 129}}) {
    const auto energy = perceptron_of({2, hidden}, {});
    EXPECT_FALSE(energy->row_gradient(x));
    expect_autograd(energy, energy, x, weight, 1e-12);
  }
  const auto energy = perceptron_of({2, {8}}, {});
  EXPECT_TRUE(energy->row_gradient(x));
  EXPECT_FALSE(energy->row_gradient(x.to(torch::kFloat)));
  EXPECT_FALSE(energy->row_gradient(torch::ones({4, 3}, torch::kDouble)));
  EXPECT_THROW(energy->gradient(torch::ones({4, 3}, torch::kDouble)), c10::Error);
  EXPECT_THROW(energy->accumulate_gradient(x, torch::ones({29}, torch::kDouble)), c10::Error);
}

}  // namespace
}  // namespace ebm::testing
