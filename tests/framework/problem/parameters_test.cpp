#include "dualebm/framework/problem/parameters.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include <atomic>

#include "dualebm/framework/compute/default_generator.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = 3 w·x²: one weight under three names, and a table of integers, a mask and a complex number beside.
class Tied final : public Energy {
 public:
  Tied() {
    w_ = register_parameter("w", torch::tensor({1.0, 2.0}, torch::kDouble));
    register_parameter("again", w_);
    register_module("inner", inner_)->register_parameter("same", w_);
    index_ = register_buffer("index", torch::tensor({1, 0}, torch::kLong));
    mask_ = register_buffer("mask", torch::tensor({true, false}));
    wave_ = register_buffer("wave", torch::full({1}, c10::complex<double>(0, 1), torch::kComplexDouble));
    scale_ = register_buffer("scale", torch::ones({1}, torch::kDouble));
  }
  torch::Tensor forward(const torch::Tensor& x) override {
    return 3 * x.square().index_select(1, index_).matmul(w_) * scale_;
  }
  std::shared_ptr<torch::nn::Module> inner_ = std::make_shared<torch::nn::Module>("inner");
  torch::Tensor w_, index_, mask_, wave_, scale_;
};

TEST(Parameters, TiedWeightsAreOne) {
  Tied energy;
  EXPECT_EQ(energy.parameters().size(), 3) << "LibTorch lists names";
  const auto named = named_distinct_parameters(energy);
  ASSERT_EQ(named.size(), 1);
  EXPECT_EQ(named[0].name, "w");
  EXPECT_TRUE(named[0].tensor.is_same(energy.w_));
}

// d/dw Σ E = 3 Σ x²: three times that if each name added it.
TEST(Parameters, TheGradientOfATiedWeightIsAddedOnce) {
  Tied energy;
  const auto x = torch::tensor({{1.0, 2.0}, {3.0, 4.0}}, torch::kDouble);
  energy.accumulate_gradient(x, torch::ones({2}, torch::kDouble));
  EXPECT_TRUE(torch::equal(energy.w_.grad(), torch::tensor({60.0, 30.0}, torch::kDouble)));
}

TEST(Parameters, OnlyFloatingPointNumbersAreCast) {
  Tied energy;
  energy.w_.mutable_grad() = torch::tensor({0.5, 0.25}, torch::kDouble);
  move_to(energy, torch::kCPU, torch::kFloat);
  EXPECT_EQ(energy.w_.scalar_type(), torch::kFloat);
  EXPECT_EQ(energy.w_.grad().scalar_type(), torch::kFloat);
  EXPECT_TRUE(energy.w_.requires_grad() && energy.w_.is_leaf());
  EXPECT_EQ(energy.scale_.scalar_type(), torch::kFloat);
  EXPECT_EQ(energy.index_.scalar_type(), torch::kLong);
  EXPECT_EQ(energy.mask_.scalar_type(), torch::kBool);
  EXPECT_EQ(energy.wave_.scalar_type(), torch::kComplexDouble);
  EXPECT_EQ(distinct_parameters(energy).size(), 1) << "still tied";
  EXPECT_FLOAT_EQ(energy.forward(torch::tensor({{1.f, 2.f}})).item<float>(), 18);
  EXPECT_EQ(tensor_options_of(energy, torch::kDouble).dtype(), torch::kFloat);
}

/// Dropout and batch normalisation in one; they ask for all rows in one call while they train.
class NormalisedAndDropped final : public Energy {
 public:
  explicit NormalisedAndDropped(bool declared) : declared_(declared) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    ++calls;
    return last_(dropout_(norm_(first_(x)))).squeeze(1);
  }
  bool row_parallel() const override { return !declared_ || !is_training(); }
  std::atomic<int> calls = 0;

 private:
  bool declared_;
  torch::nn::Linear first_ = register_module("first", torch::nn::Linear(2, 8));
  torch::nn::BatchNorm1d norm_ = register_module("norm", torch::nn::BatchNorm1d(8));
  torch::nn::Dropout dropout_ = register_module("dropout", torch::nn::Dropout(0.5));
  torch::nn::Linear last_ = register_module("last", torch::nn::Linear(8, 1));
};

// 2000 rows are more than a shard: cut up, batch normalisation would see some of them and dropout would draw
// on whatever thread comes first.
TEST(RowParallel, RowsThatGoTogetherGoInOneCallAndGiveTheSameBits) {
  const auto x = Random(1, "rows").normal({2000, 2}, torch::kFloat);
  const auto weight = torch::full({2000}, 1e-3F);
  NormalisedAndDropped energy(true);
  std::vector<std::vector<torch::Tensor>> results;
  const auto start = default_generator_state(torch::kCPU);
  with_each_number_of_threads([&](int) {
    energy.calls = 0;
    energy.zero_grad();
    set_default_generator_state(start, torch::kCPU);
    energy.accumulate_gradient(x, weight);
    EXPECT_EQ(energy.calls, 1);
    std::vector<torch::Tensor> gradients = {energy.gradient(x)};
    EXPECT_EQ(energy.calls, 2);
    for (const auto& parameter : energy.parameters()) gradients.push_back(parameter.grad().clone());
    results.push_back(gradients);
  });
  for (const auto& result : results) {
    for (std::size_t i = 0; i < result.size(); ++i) EXPECT_TRUE(result[i].equal(results[0][i])) << i;
  }
  energy.eval();
  energy.calls = 0;
  energy.gradient(x);
  EXPECT_GT(energy.calls, 1) << "each row is for itself in evaluation mode";
}

TEST(RowParallel, TheDefaultGeneratorGoesOnWhereItStood) {
  seed_default_generator(7, torch::kCPU);
  const auto before = default_generator_state(torch::kCPU);
  const auto drawn = torch::rand({5});
  EXPECT_FALSE(drawn.equal(torch::rand({5})));
  set_default_generator_state(before, torch::kCPU);
  EXPECT_TRUE(drawn.equal(torch::rand({5})));
  seed_default_generator(7, torch::kCPU);
  EXPECT_TRUE(drawn.equal(torch::rand({5})));
}

}  // namespace
}  // namespace ebm::testing
