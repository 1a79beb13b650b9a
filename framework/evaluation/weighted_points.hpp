#pragma once

#include <torch/types.h>

namespace ebm {

/// Points with probabilities: what stands for a model's Gibbs measure.
struct WeightedPoints {
  torch::Tensor points;         ///< [P, d], in the dtype of the energy
  torch::Tensor probabilities;  ///< [P], double, of sum one
  torch::Tensor energies;       ///< E there, [P], double
};

}  // namespace ebm
