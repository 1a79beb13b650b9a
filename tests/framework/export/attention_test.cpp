#include <ATen/ATen.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/modules/transformercoder.h>
#include <torch/nn/modules/transformerlayer.h>

#include <nlohmann/json.hpp>

#include "tests/support/export_fixture.hpp"

// Modules of LibTorch that read the size of the batch in C++, so that a trace holds numbers of it: the sizes
// alone, and times the heads of an attention.

namespace ebm::testing::attention {
namespace {

constexpr std::int64_t tokens = 4, width = 6;

/// Each coordinate of x is a token.
class Sequence : public Energy {
 protected:
  torch::Tensor embedded(const torch::Tensor& x) { return embedding_(x.unsqueeze(2)).transpose(0, 1).tanh(); }
  torch::Tensor read_out(const torch::Tensor& hidden) { return last_(hidden.mean(0)).squeeze(1); }

 private:
  torch::nn::Linear embedding_ = register_module("embedding", torch::nn::Linear(1, width));
  torch::nn::Linear last_ = register_module("last", torch::nn::Linear(width, 1));
};

class Attentive final : public Sequence {
 public:
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto h = embedded(x);
    return read_out(std::get<0>(attention_(h, h, h)));
  }

 private:
  torch::nn::MultiheadAttention attention_ = register_module(
      "attention", torch::nn::MultiheadAttention(torch::nn::MultiheadAttentionOptions(width, 2)));
};

class Encoding final : public Sequence {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return read_out(encoder_(embedded(x))); }

 private:
  torch::nn::TransformerEncoder encoder_ = register_module(
      "encoder", torch::nn::TransformerEncoder(torch::nn::TransformerEncoderOptions(
                     torch::nn::TransformerEncoderLayer(
                         torch::nn::TransformerEncoderLayerOptions(width, 3).dim_feedforward(8).dropout(0.1)),
                     2)));
};

class Recurrent final : public Sequence {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return read_out(std::get<0>(lstm_(embedded(x)))); }

 private:
  torch::nn::LSTM lstm_ = register_module("lstm", torch::nn::LSTM(torch::nn::LSTMOptions(width, width)));
};

/// Views, expanded tensors and ranges of the size of the batch, and one more of it.
class Viewing final : public Sequence {
 public:
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto n = x.size(0);
    const auto longer =
        torch::cat({x, at::zeros_like(x.narrow(0, 0, 1))}).view({n + 1, 2, 2}).narrow(0, 0, n);
    const auto weights = weight_.expand({n, 2, 2});
    return (longer * weights).reshape({2 * n, 2}).square().sum(1).view({n, 2}).sum(1) + read_out(embedded(x));
  }

 private:
  torch::Tensor weight_ = register_parameter("weight", torch::ones({1, 2, 2}));
};

template <class Kind>
class AttentionExport : public Export {};
using Kinds = ::testing::Types<Attentive, Encoding, Recurrent, Viewing>;
TYPED_TEST_SUITE(AttentionExport, Kinds);

TYPED_TEST(AttentionExport, IsTheSameFunctionAtEverySizeOfTheBatch) {
  torch::manual_seed(2);
  TypeParam energy;
  energy.eval();
  this->expect_faithful(energy, Euclidean(tokens), 1e-5);
  auto copy = this->read();
  Random random(3, "attention_test");
  for (const std::int64_t count : {1, 2, 7, 33}) {
    const auto x = random.normal({count, tokens}, torch::kFloat);
    EXPECT_LT(distance(copy.forward({x}).toTensor(), energy.forward(x)), 1e-5) << count;
  }
}

}  // namespace
}  // namespace ebm::testing::attention
