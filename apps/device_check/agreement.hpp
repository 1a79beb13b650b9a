#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace ebm {

/// How far what a device computes is from the same in double precision on the CPU.
struct Agreement {
  std::string what;                           ///< "gradient, relu, float32"
  double error = 0;                           ///< the largest, as a share of what rounding allows
  bool agrees() const { return error <= 1; }  ///< also false where it is not a number
};

/// Energies, gradients and moments of ridge features against matrix products in double on the CPU: a sum of n
/// terms may err by (n + 20) units in the last place of the sum of their sizes. Normals and Langevin steps
/// against those of the CPU.
std::vector<Agreement> agreements_on(torch::Device device);

/// The larger of two errors; not a number if one of them is none.
double worse_of(double a, double b);

/// A training by CUDA graphs against one step by step, which have to give the same bits.
struct GraphAgreement {
  bool same_bits = false;
  std::int64_t replays = 0;  ///< iterations that the graph did
  std::string why_not;       ///< why no more than that; empty: nothing speaks against it
};
GraphAgreement graph_agreement_on(torch::Device device);

}  // namespace ebm
