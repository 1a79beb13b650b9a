#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Points on a domain, in three parts that share no row.
struct Dataset {
  torch::Tensor train;       ///< [n, d]
  torch::Tensor validation;  ///< [v, d]; undefined if there is none
  torch::Tensor test;        ///< [t, d]; undefined if there is none
  /// The energy whose Gibbs measure the points come from, in double, if it is known: what KL and score error
  /// compare with.
  std::shared_ptr<Energy> teacher;
  /// {channels, height, width} where a row is an image, channel by channel and line by line; empty elsewhere.
  std::vector<std::int64_t> image;
  /// Whether the points lie in a file that is mapped into memory, of which only the rows drawn are read.
  bool mapped = false;
  /// What was read, in one line for whoever asked for it: 6120 rows, ";", decimal comma, header, columns lat,
  /// lon. Empty for points that come from no file.
  std::string origin;
  /// Names of the columns of the file that a row is made of; empty where it has none. On the globe they are
  /// two, latitude and longitude, and a row is three numbers.
  std::vector<std::string> columns;
  /// log |det ∂T/∂x| of the transform T that the points went through: likelihoods are given per unit of the
  /// raw x.
  double log_determinant = 0;
};

/// What a dataset may know when it is made.
struct DatasetContext {
  std::shared_ptr<const Domain> domain;  ///< where its points are to live
  /// Made from the section `teacher` of the dataset, if there is one; in double.
  std::shared_ptr<Energy> teacher;
  Random& random;  ///< draws and random splits
  /// Whether transforms follow: then rows are not yet coordinates of the domain.
  bool transformed = false;
};

}  // namespace ebm
