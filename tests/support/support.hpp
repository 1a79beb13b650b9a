#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "dualebm/framework/compute/instruction_set.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "tests/support/files.hpp"

namespace ebm::testing {

/// Runs the body with 1, 2 and 3 threads, and puts the number back.
template <class Body>
void with_each_number_of_threads(Body body) {
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    body(count);
  }
  set_threads(before);
}

/// Runs the body with every instruction set that this processor has, and puts the best back.
template <class Body>
void with_each_instruction_set(Body body) {
  for (const auto set : instruction_sets()) {
    set_instruction_set(set);
    body(set);
  }
}

/// ‖a - b‖_∞ in double.
inline double distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

/// Hides what a model knows better: gradients of the same forward by autograd.
class ByAutograd final : public Energy {
 public:
  explicit ByAutograd(std::shared_ptr<Energy> energy) : energy_(register_module("energy", energy)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return energy_->forward(x); }

 private:
  std::shared_ptr<Energy> energy_;
};

/// Real data, where the environment has it: EBM_DATA_DIR, or shared/data beside the checkout.
inline std::filesystem::path data_folder() {
  if (const char* folder = std::getenv("EBM_DATA_DIR")) return folder;
  return std::filesystem::path(EBM_SOURCE_DIR).parent_path() / "shared" / "data";
}

}  // namespace ebm::testing
