#pragma once

#include <torch/types.h>

#include <vector>

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// A copy of the parameters and buffers of an energy, to be put back to the bit.
class ModelSnapshot final {
 public:
  /// Copies what the energy has now.
  explicit ModelSnapshot(const Energy& energy);
  /// Puts it back, into the tensors that are there.
  void write_to(Energy& energy) const;

  /// The copies, by their places "0", "1", ...
  void save(State& state) const;
  /// @throws UserError if shapes or dtypes are others
  void load(const State& state);

 private:
  std::vector<torch::Tensor> values_;  ///< parameters, then buffers, in the order of torch::nn::Module
};

}  // namespace ebm
