#include <torch/types.h>

#include <cstdio>

#include "dualebm/framework/experiment/plugin.hpp"
#include "dualebm/framework/problem/energy.hpp"

struct Bowl final : ebm::Energy {
  torch::Tensor forward(const torch::Tensor& x) override { return x.square().sum(1) / 2; }
};

int main() {
  Bowl bowl;
  const auto energy = bowl.forward(torch::tensor({{3.0, 4.0}})).item<double>();
  std::printf("|x|^2/2 at (3, 4): %g\n", energy);
}
