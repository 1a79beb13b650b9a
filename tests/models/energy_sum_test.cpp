#include "dualebm/models/energy_sum.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/models/bumps.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A perceptron and bumps on S², and their sum, which shares them.
struct GlobalAndLocal {
  explicit GlobalAndLocal(torch::ScalarType type = torch::kDouble) {
    points = sphere->sample_base(200, random, type);
    const EnergyContext context{sphere, type, random, points};
    global = std::make_shared<Mlp>(context, Mlp::Options{.hidden = {8, 8}, .spectral_norm = true});
    local = std::make_shared<Bumps>(context, Bumps::Options{.concentrations = {4, 200}, .most_centres = 50});
    const torch::NoGradGuard no_grad;
    local->parameters()[0].copy_(random.normal({local->parameters()[0].size(0)}, type));
    sum = std::make_shared<EnergySum>(std::vector<EnergySum::Part>{{"global", global}, {"local", local}});
  }
  std::shared_ptr<Sphere> sphere = std::make_shared<Sphere>(3);
  Random random{3, "sum"};
  torch::Tensor points;
  std::shared_ptr<Energy> global, local;
  std::shared_ptr<EnergySum> sum;
};

/// A section of a configuration as the catalogue reads and makes it.
std::shared_ptr<Energy> made(const Json& section, std::uint64_t seed = 1) {
  const auto sphere = std::make_shared<Sphere>(3);
  Random random(seed, "parameters"), data(2, "data");
  return catalogue()
      .energies.read(section, "energy")
      .make({sphere, torch::kDouble, random, sphere->sample_base(50, data, torch::kDouble)});
}

const Json two_parts = {{"name", "sum"},
                        {"parts",
                         {{"global", {{"name", "mlp"}, {"hidden", {4}}}},
                          {"local", {{"name", "gaussian_bumps"}, {"concentrations", {2, 50}}}}}}};

// Everything that is asked of the sum is the sum of what the parts say.
TEST(EnergySum, IsTheSumOfItsParts) {
  GlobalAndLocal trial;
  const auto x = trial.points.narrow(0, 0, 40);
  const auto weight = trial.random.normal({40}, torch::kDouble);
  EXPECT_TRUE(torch::equal(trial.sum->forward(x), trial.global->forward(x) + trial.local->forward(x)));
  const auto first = trial.global->value_and_gradient(x), second = trial.local->value_and_gradient(x);
  const auto [value, gradient] = trial.sum->value_and_gradient(x);
  EXPECT_TRUE(torch::equal(value, first.first + second.first));
  EXPECT_TRUE(torch::equal(gradient, first.second + second.second));
  EXPECT_TRUE(torch::equal(trial.sum->gradient(x), gradient));
  EXPECT_GT(second.second.abs().max().item<double>(), 0.1) << "nothing of the second";

  trial.sum->accumulate_gradient(x, weight);
  std::vector<torch::Tensor> together;
  for (const auto& parameter : trial.sum->parameters()) together.push_back(parameter.grad().clone());
  trial.sum->zero_grad();
  ByAutograd(trial.sum).accumulate_gradient(x, weight);
  for (std::size_t i = 0; i < together.size(); ++i)
    EXPECT_LT(distance(together[i], trial.sum->parameters()[i].grad()), 1e-11) << i;
}

TEST(EnergySum, NamesOfParametersBeginWithThoseOfTheParts) {
  const auto energy = made(two_parts);
  const auto parameters = energy->named_parameters();
  EXPECT_TRUE(parameters.contains("global.layers.0.weight"));
  EXPECT_TRUE(parameters.contains("local.coefficients"));
  EXPECT_TRUE(energy->named_buffers().contains("local.centres"));
}

// A part draws from a stream of its own: another beside it, or another order, leaves
// its parameters as they are.
TEST(EnergySum, PartsDoNotDependOnOneAnother) {
  const Json alone = {{"name", "sum"}, {"parts", {{"global", two_parts["parts"]["global"]}}}};
  const Json turned = {
      {"name", "sum"},
      {"parts", {{"local", two_parts["parts"]["local"]}, {"global", two_parts["parts"]["global"]}}}};
  const auto of = [](const Json& section, std::uint64_t seed = 1) {
    return made(section, seed)->named_parameters()["global.layers.0.weight"].detach().clone();
  };
  const auto first = of(two_parts);
  EXPECT_TRUE(torch::equal(of(alone), first));
  EXPECT_TRUE(torch::equal(of(turned), first));
  EXPECT_FALSE(torch::equal(of(alone, 2), first));
}

TEST(EnergySum, TheResolvedSectionHasTheDefaultsOfTheParts) {
  const auto choice = catalogue().energies.read(two_parts, "energy");
  const auto& parts = choice.resolved()["parts"];
  EXPECT_EQ(parts["global"]["activation"], "silu");
  EXPECT_EQ(parts["local"]["most_centres"], 4096);
  EXPECT_EQ(parts.begin().key(), "global");
  EXPECT_FALSE(choice.foreign);
  EXPECT_EQ(catalogue().energies.read(choice.resolved(), "energy").resolved(), choice.resolved());
}

TEST(EnergySum, WhatAPartGetsWrongIsNamedByItsPath) {
  const std::pair<Json, const char*> cases[] = {
      {{{"name", "sum"}}, "energy.parts: a sum needs at least one part"},
      {{{"name", "sum"}, {"parts", Json::array()}}, "energy.parts: expected an object"},
      {{{"name", "sum"}, {"parts", {{"global", {{"name", "mpl"}}}}}},
       "energy.parts.global.name: unknown energy \"mpl\" (did you mean \"mlp\"?)"},
      {{{"name", "sum"}, {"parts", {{"global", {{"name", "mlp"}, {"widths", {3}}}}}}},
       "energy.parts.global.widths: unknown key"},
      {{{"name", "sum"}, {"parts", {{"a.b", {{"name", "mlp"}}}}}}, "energy.parts.a.b: the name of a part"},
      {{{"name", "sum"}, {"parts", {{"one", two_parts}}}},
       "energy.parts.one.name: a part of a sum is no sum"},
      {{{"name", "sum"}, {"part", 1}}, "energy.part: unknown key (did you mean \"parts\"?)"}};
  for (const auto& [section, part] : cases)
    expect_contains(user_error([&, &given = section] { made(given); }), part);
  const auto energy = std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{});
  expect_contains(user_error([&] {
                    EnergySum(std::vector<EnergySum::Part>{{"a", energy}, {"a", energy}});
                  }),
                  "two parts are called \"a\"");
  expect_contains(user_error([&] { EnergySum(std::vector<EnergySum::Part>{}); }), "at least one part");
  expect_contains(user_error([&] {
                    EnergySum(std::vector<EnergySum::Part>{{"a", nullptr}});
                  }),
                  "the part \"a\" is missing");
}

// Two Gaussians: exponents add, so precisions do; bounds add; a single part keeps its log Z.
TEST(EnergySum, AsksItsPartsWhatIsKnownInClosedForm) {
  const auto gaussian = [](double mean, double deviation) {
    return std::make_shared<Gaussian>(on_euclidean(1, torch::kDouble),
                                      Gaussian::Options{.mean = {mean}, .deviation = {deviation}});
  };
  EnergySum sum({{"left", gaussian(-1, 1)}, {"right", gaussian(1, 1)}});
  const auto x = torch::linspace(-2, 2, 9, torch::kDouble).unsqueeze(1);
  EXPECT_LT(distance(sum.forward(x).detach(), x.square().squeeze(1) + 1), 1e-14);
  EXPECT_EQ(sum.lower_bound(), 0.0);
  EXPECT_FALSE(sum.log_normalizer());
  EnergySum one({{"only", gaussian(0, 2)}});
  EXPECT_EQ(one.log_normalizer(), gaussian(0, 2)->log_normalizer());
  EXPECT_TRUE(sum.smooth());
  Random random(1, "kinks");
  EnergySum kinked(
      {{"ridge", std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{})}});
  EXPECT_FALSE(kinked.smooth());
  EXPECT_FALSE(kinked.lower_bound());
}

/// Rows that go together, as with batch normalisation.
class Coupled final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return (x - x.mean(0)).square().sum(1); }
  bool row_parallel() const override { return false; }
};

TEST(EnergySum, RowsGoTogetherWhereThoseOfAPartDo) {
  const auto gaussian = std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{});
  EXPECT_TRUE(EnergySum({{"one", gaussian}}).row_parallel());
  EXPECT_FALSE(EnergySum({{"one", gaussian}, {"two", std::make_shared<Coupled>()}}).row_parallel());
}

// Projections reach the parts: a ball of shallow networks stays one.
TEST(EnergySum, ProjectsEveryPart) {
  Random random(4, "sum");
  const auto shallow = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random),
                                                 Shallow::Options{.total_variation_cap = 2});
  const auto lazy = std::make_shared<LazyShallow>(on_sphere(3, torch::kDouble, random),
                                                  LazyShallow::Options{.norm_cap = 3});
  EnergySum sum({{"first", shallow}, {"second", lazy}});
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : sum.parameters()) parameter.mul_(50).add_(7);
  }
  sum.project_parameters();
  EXPECT_LE(shallow->norm(), 2 + 1e-12);
  EXPECT_LE(lazy->norm(), 3 + 1e-12);
}

// The kernel that samplers call on rows in the cache, and what it may not be made of.
TEST(EnergySum, RowsInMemoryGetTheSumToo) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    Random random(5, "sum");
    const auto part = [&](const char* signs) {
      return std::make_shared<Shallow>(on_sphere(3, type, random),
                                       Shallow::Options{.neurons = 9, .signs = signs});
    };
    EnergySum sum({{"a", part("negative")}, {"b", part("positive")}, {"c", part("balanced")}});
    const auto x = Sphere(3).sample_base(37, random, type);
    auto gradients = torch::empty_like(x), energies = torch::empty({37, 1}, type);
    const auto kernel = sum.row_gradient(x);
    ASSERT_TRUE(kernel);
    if (type == torch::kFloat) {
      kernel({x.data_ptr<float>(), 37, 3}, {gradients.data_ptr<float>(), 37, 3},
             {energies.data_ptr<float>(), 37, 1});
    } else {
      kernel({x.data_ptr<double>(), 37, 3}, {gradients.data_ptr<double>(), 37, 3},
             {energies.data_ptr<double>(), 37, 1});
    }
    const torch::NoGradGuard no_grad;
    const double rounding = type == torch::kFloat ? 1e-5 : 1e-13;
    EXPECT_LT(distance(gradients, sum.gradient(x)), rounding);
    EXPECT_LT(distance(energies.squeeze(1), sum.forward(x)), rounding);
    if (type == torch::kDouble) {
      kernel({x.data_ptr<double>(), 37, 3}, {gradients.data_ptr<double>(), 37, 3}, {});
      EXPECT_LT(distance(gradients, sum.gradient(x)), rounding) << "without energies";
    }
  }
  GlobalAndLocal trial;
  EXPECT_FALSE(trial.sum->row_gradient(trial.points)) << "bumps have no such kernel";
}

TEST(EnergySum, IsTheSameBitsForEveryNumberOfThreads) {
  GlobalAndLocal trial(torch::kFloat);
  const auto x = trial.sphere->sample_base(1500, trial.random, torch::kFloat);
  const auto weight = trial.random.normal({1500}, torch::kFloat);
  std::vector<torch::Tensor> first;
  with_each_number_of_threads([&](int count) {
    trial.sum->zero_grad();
    trial.sum->accumulate_gradient(x, weight);
    const auto [value, gradient] = trial.sum->value_and_gradient(x);
    std::vector<torch::Tensor> now{value, gradient};
    for (const auto& parameter : trial.sum->parameters()) now.push_back(parameter.grad().clone());
    if (count == 1) first = now;
    for (std::size_t i = 0; i < now.size(); ++i) EXPECT_TRUE(torch::equal(now[i], first[i])) << i;
  });
}

TEST(EnergySum, RaisesNoAlarm) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    GlobalAndLocal trial(type);
    Random random(1, "conformance");
    const auto found = check(*trial.sum, *trial.sphere, random);
    EXPECT_TRUE(found.holds()) << found.message();
  }
}

}  // namespace
}  // namespace ebm::testing
