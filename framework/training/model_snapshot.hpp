#pragma once

#include <torch/types.h>

#include <vector>

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// A copy of the parameters and buffers of an energy, to be put back to the bit.
class ModelSnapshot final {
 public:
  explicit ModelSnapshot(const Energy& energy);
  void write_to(Energy& energy) const;

  void save(State& state) const;
  /// @throws UserError if shapes or dtypes are others
  void load(const State& state);

 private:
  std::vector<torch::Tensor> values_;  ///< parameters, then buffers, in the order of torch::nn::Module
};

}  // namespace ebm
