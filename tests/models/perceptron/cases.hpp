#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "dualebm/models/mlp.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {

struct PerceptronCase {
  std::int64_t dimension;
  std::vector<std::int64_t> hidden;
};

/// Widths that no block, vector or line divides, and those that they do.
inline std::vector<PerceptronCase> perceptron_cases() {
  return {{2, {64, 64, 64}}, {1, {1}},        {2, {8}},          {3, {5, 16, 33}}, {17, {7, 120}},
          {2, {128, 32}},    {40, {20, 128}}, {5, {9, 3, 2, 4}}, {16, {16, 16}}};
}

inline std::shared_ptr<Mlp> perceptron_of(const PerceptronCase& network, Mlp::Options options,
                                          const torch::TensorOptions& type = torch::kDouble) {
  Random random(4, "perceptron_test");
  options.hidden = network.hidden;
  return std::make_shared<Mlp>(on_euclidean(network.dimension, type, random), options);
}

/// `.grad` of every parameter, which is then cleared.
inline std::vector<torch::Tensor> gradients_taken_from(Energy& energy) {
  std::vector<torch::Tensor> gradients;
  for (auto& parameter : energy.parameters()) {
    gradients.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::Tensor());
    parameter.mutable_grad() = torch::Tensor();
  }
  return gradients;
}

inline double relative(const torch::Tensor& a, const torch::Tensor& reference) {
  if (reference.numel() == 0) return a.numel() == 0 ? 0 : 1;
  return distance(a, reference) / std::max(reference.abs().max().item<double>(), 1e-300);
}

/// All that the kernel computes in the dtype of `energy`, against autograd in double.
inline void expect_autograd(const std::shared_ptr<Mlp>& energy, const std::shared_ptr<Mlp>& exact,
                            const torch::Tensor& x, const torch::Tensor& weight, double tolerance) {
  const auto type = energy->parameters()[0].scalar_type();
  ByAutograd reference(exact);
  const auto [values, gradients] = reference.value_and_gradient(x);
  reference.accumulate_gradient(x, weight);
  const auto expected = gradients_taken_from(*exact);
  const auto points = x.to(type);
  const auto [value, gradient] = energy->value_and_gradient(points);
  ASSERT_EQ(gradient.scalar_type(), type);
  EXPECT_LT(relative(value, values), tolerance);
  EXPECT_LT(relative(gradient, gradients), tolerance);
  EXPECT_TRUE(torch::equal(energy->gradient(points), gradient));
  {
    const torch::NoGradGuard no_grad;
    EXPECT_TRUE(torch::equal(energy->forward(points), value));
  }
  energy->accumulate_gradient(points, weight.to(type));
  const auto found = gradients_taken_from(*energy);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LT(relative(found[i], expected[i]), tolerance) << "parameter " << i;
  }
}

}  // namespace ebm::testing
