#pragma once

#include <torch/types.h>

#include <memory>

#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// A shallow energy on the sphere or a Gaussian in R^d, with points of its base, on a device:
/// the same numbers on each.
struct SmallProblem {
  /// @param d  ambient coordinates @param neurons  m of the energy @param data  n training points
  SmallProblem(torch::Device device, torch::ScalarType type, bool spherical, std::int64_t d = 15,
               std::int64_t neurons = 64, std::int64_t data = 1000);

  /// Of the base of the domain, [count, d].
  torch::Tensor points(std::int64_t count) const;

  /// Dual GDA as published, 2 particles a point. @param graph  whether iterations may be captured
  std::unique_ptr<Training> training(bool graph) const;

  torch::Device device;
  torch::ScalarType type;
  std::shared_ptr<const Domain> domain;
  std::shared_ptr<Energy> energy;
  std::int64_t count_of_data;
};

}  // namespace ebm
