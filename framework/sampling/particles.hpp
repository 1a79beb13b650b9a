#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"

namespace ebm {

/// `copies` of the rows of `data`, one whole copy after the other: [copies * n, d]. How the published runs
/// start.
torch::Tensor copies_of(const torch::Tensor& data, std::int64_t copies);

/// `count` rows of `data`, as evenly as they go: whole copies, one after the other, as many as fit, then rows
/// drawn at random without repetition. Draws nothing where copies suffice, and then equals `copies_of`.
/// Only the rows taken are read, so `data` may be a memory map, in a dtype of its own.
/// @param options  dtype and device of the result @return [count, d]
torch::Tensor points_of(const torch::Tensor& data, std::int64_t count, Random& random,
                        const torch::TensorOptions& options);
/// The part of rows.all of them that a rank has. @return [rows.count(), d]
torch::Tensor points_of(const torch::Tensor& data, const RankRows& rows, Random& random,
                        const torch::TensorOptions& options);

/// When particles go back to the data. Both rules of the paper; at most one is on.
struct RestartRule {
  /// Every `every` iterations all particles restart as copies of the data (the authors' scripts), or, where
  /// their number is no multiple of n, at `points_of` the data; 0: never.
  std::int64_t every = 0;
  /// In every iteration each particle restarts at a random data point with this probability (the paper, §5).
  double probability = 0;

  /// The mean rate p_R of restarts per particle and iteration.
  double rate() const { return every > 0 ? 1.0 / static_cast<double>(every) : probability; }
};

/// Applies the rule before the particle step of an iteration.
/// @param particles  [N, d]; not modified
/// @param data       [n, d], of any dtype; what restarts takes that of the particles
/// @param iteration  counted from 1
/// @return the particles after restarts; the same tensor if none restarts.
torch::Tensor restarted(const torch::Tensor& particles, const torch::Tensor& data, const RestartRule& rule,
                        std::int64_t iteration, Random& random);
/// The same of the particles that a rank has. @param rows  which of all they are
torch::Tensor restarted(const torch::Tensor& particles, const RankRows& rows, const torch::Tensor& data,
                        const RestartRule& rule, std::int64_t iteration, Random& random);

}  // namespace ebm
