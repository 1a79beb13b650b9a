#pragma once

#include <torch/types.h>

#include "dualebm/framework/compute/rank_rows.hpp"

namespace ebm {

class Energy;

/// Adds to `.grad` as autograd's backward would: makes it where it is undefined, skips frozen parameters.
inline void add_gradient(torch::Tensor& parameter, const torch::Tensor& gradient) {
  if (!parameter.requires_grad()) return;
  if (parameter.grad().defined()) {
    parameter.mutable_grad().add_(gradient);
  } else {
    parameter.mutable_grad() = gradient.clone();
  }
}

/// Energy::accumulate_gradient of the rows of all ranks, from those of this one, see OnRankRows.
/// @param x  [N, d], the rows of this rank
/// @param weight  [N]
/// @param rows  which they are
/// @throws UserError if the energy has added up those of this rank alone
void accumulate_over_ranks(Energy& energy, const torch::Tensor& x, const torch::Tensor& weight,
                           const RankRows& rows, Communicator& ranks);

}  // namespace ebm
