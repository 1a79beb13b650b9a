#include "dualebm/framework/export/torchscript.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <nlohmann/json.hpp>

#include "dualebm/datasets/transforms/standardise.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/export_fixture.hpp"

namespace ebm::testing {
namespace {

/// Images of one channel, 4 × 4: convolution, batch norm, a tied weight, children with numbers for names.
class Images final : public Energy {
 public:
  Images() {
    convolution_ = register_module("0", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 3, 3).padding(1)));
    norm_ = register_module("1", torch::nn::BatchNorm2d(3));
    head_ = register_module("head", torch::nn::Linear(48, 1));
    tied_ = register_parameter("tied", head_->weight);
    norm_->running_mean.copy_(torch::tensor({0.1, -0.2, 0.3}));
  }
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto features = at::silu(norm_(convolution_(x.view({-1, 1, 4, 4})))).flatten(1);
    return head_(features).squeeze(1) + (features * tied_).sum(1).square();
  }

 private:
  torch::nn::Conv2d convolution_{nullptr};
  torch::nn::BatchNorm2d norm_{nullptr};
  torch::nn::Linear head_{nullptr};
  torch::Tensor tied_;
};

/// y = (x - mean) / scale.
class Shift final : public Transform {
 public:
  Shift() : mean_(register_buffer("mean", torch::tensor({1., -2., 3.}))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return (x - mean_) / 4; }
  torch::Tensor inverse(const torch::Tensor& y) override { return 4 * y + mean_; }
  double log_determinant() const override { return -static_cast<double>(exported_dimension) * std::log(4.0); }

 private:
  torch::Tensor mean_;
};

TEST_F(Export, EveryKindOfEnergyIsTheSameFunctionInTheFile) {
  Random random(1, "export_test");
  const Sphere sphere(exported_dimension);
  const Euclidean space(exported_dimension);
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const double tolerance = type == torch::kFloat ? 1e-6 : 1e-14;
    for (const char* activation : {"relu", "squared_relu", "softplus"}) {
      Shallow shallow(on_sphere(exported_dimension, type, random),
                      {.neurons = 20, .activation = activation, .bias = true});
      expect_faithful(shallow, sphere, tolerance);
    }
    LazyShallow lazy(on_sphere(exported_dimension, type, random), {.neurons = 20});
    {
      const torch::NoGradGuard no_grad;
      lazy.parameters()[0].normal_();
    }
    expect_faithful(lazy, sphere, tolerance);
    Teacher teacher(on_sphere(exported_dimension, type), {.neurons = {{1, 0, 0}, {0, 1, 1}}});
    expect_faithful(teacher, sphere, tolerance);
    Gaussian gaussian(on_euclidean(exported_dimension, type), {.mean = {0.5}, .deviation = {2}});
    expect_faithful(gaussian, space, tolerance);
    VonMisesFisherMixture mixture(on_sphere(exported_dimension, type, random), {.components = 3});
    expect_faithful(mixture, sphere, tolerance);
  }
  Images images;
  images.eval();
  expect_faithful(images, Euclidean(16), 1e-6);
}

// Its normaliser is a number read from the weights when live, and must be tensor operators in the file.
TEST_F(Export, ANormalizerFollowsItsWeights) {
  Random random(2, "export_test");
  using Case = std::pair<std::int64_t, double>;
  for (const auto& [d, concentration] : {Case{2, 1e-3}, {3, 5}, {15, 900}, {3, 2000}, {15, 2000}}) {
    VonMisesFisherMixture mixture(on_sphere(d, torch::kDouble, random),
                                  {.components = 2, .concentration = concentration});
    EXPECT_TRUE(write(mixture, Sphere(d)).trainable);
    const torch::NoGradGuard no_grad;
    auto copy = read();
    for (const auto& item : copy.named_parameters(true)) item.value.mul_(1.25);
    for (auto& parameter : mixture.parameters()) parameter.mul_(1.25);
    const auto x = Sphere(d).sample_base(9, random, torch::kDouble);
    EXPECT_LE(distance(copy.forward({x}).toTensor(), mixture.forward(x)), 1e-12 * (1 + concentration));
  }
}

// A file with `self.in` would be written and never read again.
TEST_F(Export, NamesThatPythonKeepsForItselfGetAnUnderscore) {
  class Named final : public Energy {
   public:
    Named() {
      inner_ = register_module("in", torch::nn::Linear(exported_dimension, 1));
      is_ = register_parameter("is", torch::ones({1}));
      training_ = register_buffer("training", torch::full({1}, 2.f));
    }
    torch::Tensor forward(const torch::Tensor& x) override {
      return inner_(x).squeeze(1) * is_ + training_ * x.square().sum(1);
    }

   private:
    torch::nn::Linear inner_{nullptr};
    torch::Tensor is_, training_;
  } named;
  write(named, Euclidean(exported_dimension));
  const auto energy = read().attr("energy").toModule();
  EXPECT_TRUE(energy.attr("in_").toModule().attr("weight").toTensor().equal(named.parameters()[1]));
  EXPECT_EQ(energy.attr("is_").toTensor().item<double>(), 1);
  EXPECT_EQ(energy.attr("training_").toTensor().item<double>(), 2);
}

// log p of a raw point is that of its image plus log |det|: E + ... - log |det|, with T itself inside.
TEST_F(Export, TheTransformAndItsDeterminantAreInside) {
  Gaussian gaussian(on_euclidean(exported_dimension, torch::kFloat), {});
  const auto chain = std::make_shared<TransformChain>(
      std::vector<std::shared_ptr<Transform>>{std::make_shared<Shift>(), std::make_shared<Shift>()});
  write(gaussian, Euclidean(exported_dimension), chain);
  const auto x = torch::tensor({{3.f, 1.f, 4.f}});
  // y = ((x - m) / 4 - m) / 4
  const double y0 = ((3. - 1) / 4 - 1) / 4, y1 = ((1. + 2) / 4 + 2) / 4, y2 = ((4. - 3) / 4 - 3) / 4;
  auto copy = read();
  EXPECT_NEAR(copy.forward({x}).toTensor().item<double>(),
              0.5 * (y0 * y0 + y1 * y1 + y2 * y2) + 6 * std::log(4.0), 1e-5);
  EXPECT_NEAR(copy.get_method("score")({x}).toTensor()[0][1].item<double>(), -y1 / 16, 1e-7);
  EXPECT_TRUE(copy.attr("transform").toModule().hasattr("1"));
}

/// Julian dates: offset 2.5e6, spread 0.05, where float32 has a spacing of a quarter.
struct JulianDates {
  JulianDates() {
    Random random(5, "dates");
    points = 2.5e6 + 0.05 * random.normal({400, exported_dimension}, torch::kDouble);
    const auto standardise = std::make_shared<Standardise>(
        TransformContext{std::make_shared<Euclidean>(exported_dimension), torch::kDouble},
        Standardise::Options());
    chain = std::make_shared<TransformChain>(std::vector<std::shared_ptr<Transform>>{standardise});
    chain->fit(points);
  }
  /// E(T(x)) - log |det| for the standard normal energy, in double throughout.
  torch::Tensor energies() const {
    return chain->forward(points).square().sum(1) / 2 - chain->log_determinant();
  }
  torch::Tensor points;
  std::shared_ptr<TransformChain> chain;
};

// A mean in float32 is off by up to an eighth, which is 2.5 deviations.
TEST_F(Export, TheTransformKeepsItsPrecisionInAFileOfEither) {
  const JulianDates dates;
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    Gaussian gaussian(on_euclidean(exported_dimension, type), {});
    const auto result = write(gaussian, Euclidean(exported_dimension), dates.chain);
    auto copy = read();
    const auto found = copy.forward({dates.points}).toTensor();
    EXPECT_EQ(found.scalar_type(), type);
    EXPECT_LT(distance(found, dates.energies()), type == torch::kFloat ? 2e-5 : 1e-12);
    EXPECT_LT(result.fidelity.converted_error, 1e-5) << "no false blame of the energy";
    // Converted as the documents say, nothing is lost; as a whole to double neither.
    copy.attr("energy").toModule().to(torch::kFloat);
    EXPECT_LT(distance(copy.forward({dates.points}).toTensor(), dates.energies()), 2e-5);
    copy.to(torch::kDouble);
    EXPECT_LT(distance(copy.forward({dates.points}).toTensor(), dates.energies()), 1e-12);
    const auto slope = copy.get_method("score")({dates.points}).toTensor();
    EXPECT_LT(distance(slope, -(dates.points - dates.points.mean(0)) / dates.points.var(0, false)), 1e-4);
  }
}

// The file has to give the numbers that somebody had before, or there is none.
TEST_F(Export, IsComparedWithNumbersHadBefore) {
  const JulianDates dates;
  Gaussian gaussian(on_euclidean(exported_dimension, torch::kFloat), {});
  const auto exported = [&](const torch::Tensor& energies) {
    return export_torchscript(file(), {.energy = gaussian,
                                       .domain = Euclidean(exported_dimension),
                                       .transform = dates.chain,
                                       .known_points = dates.points,
                                       .known_energies = energies});
  };
  expect_contains(user_error([&] { exported(dates.energies() + 0.01); }), "differ by");
  EXPECT_FALSE(std::filesystem::exists(file()));
  const auto result = exported(dates.energies());
  EXPECT_EQ(result.fidelity.known_points, 400);
  EXPECT_LT(result.fidelity.known_error, 1e-6);
}

TEST_F(Export, TheFileSaysWhatItIs) {
  Gaussian gaussian(on_euclidean(exported_dimension, torch::kDouble), {});
  export_torchscript(file(), {.energy = gaussian,
                              .domain = Euclidean(exported_dimension),
                              .description = std::make_shared<const Json>(
                                  Json{{"log_z", 1.5}, {"configuration", {{"title", "né"}}}})});
  torch::jit::ExtraFilesMap extra = {{description_name, ""}};
  torch::jit::load(file().string(), torch::kCPU, extra);
  const auto description = Json::parse(extra[description_name]);
  EXPECT_EQ(description["dtype"], "float64");
  EXPECT_EQ(description["domain"], "euclidean");
  EXPECT_EQ(description["dimension"], exported_dimension);
  EXPECT_EQ(description["base_measure"], "Lebesgue measure on R^3");
  EXPECT_EQ(description["log_z"], 1.5);
  EXPECT_EQ(description["configuration"]["title"], "né");
  EXPECT_EQ(description["trainable"], true);
}

TEST_F(Export, TheLiveModelIsUntouched) {
  Images energy;
  energy.train();
  energy.named_children()["head"]->eval();
  energy.parameters()[0].set_requires_grad(false);
  energy.accumulate_gradient(torch::ones({2, 16}), torch::ones({2}));
  energy.named_parameters()["head.bias"].mutable_grad() = torch::Tensor();
  struct State {
    std::string name;
    torch::Tensor live, value, gradient;
    bool requires_grad;
  };
  std::vector<State> before;
  const auto note = [&](const auto& items) {
    for (const auto& item : items) {
      const auto& t = item.value();
      before.push_back({item.key(), t, t.detach().clone(),
                        t.grad().defined() ? t.grad().clone() : torch::Tensor(), t.requires_grad()});
    }
  };
  note(energy.named_parameters());
  note(energy.named_buffers());
  write(energy, Euclidean(16));
  for (const auto& [name, live, value, gradient, requires_grad] : before) {
    EXPECT_EQ(live.scalar_type(), value.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(live, value)) << name;
    EXPECT_EQ(live.requires_grad(), requires_grad) << name;
    ASSERT_EQ(live.grad().defined(), gradient.defined()) << name;
    if (gradient.defined()) {
      EXPECT_TRUE(torch::equal(live.grad(), gradient)) << name;
    }
  }
  EXPECT_TRUE(energy.is_training());
  EXPECT_TRUE(energy.named_children()["1"]->is_training());
  EXPECT_FALSE(energy.named_children()["head"]->is_training());
}

}  // namespace
}  // namespace ebm::testing
