#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// What is to be learnt: points on a domain, in parts that share no row, and the energy they come
/// from where that is known. Trainers, evaluators and pictures are all handed one of these, so
/// that they cannot disagree.
class Problem final {
 public:
  /// @throws UserError in one line if the training part is empty, a part is no table of the domain's width or
  /// of another dtype or device than the training part, a number of it is not finite, or a row is no point of
  /// the domain (Domain::contains). Rows of memory-mapped files are read for walls alone; what is not finite
  /// in them shows when they are drawn.
  Problem(std::shared_ptr<const Domain> domain, Dataset data);

  const Domain& domain() const { return *domain_; }  ///< where the points live
  /// For who outlives the problem.
  const std::shared_ptr<const Domain>& shared_domain() const { return domain_; }
  const Dataset& data() const { return data_; }  ///< the points

  /// Sixteen digits that tell these points from others: a hash of all parts, their shapes and order. Of a
  /// mapped file only the shape and the first and last rows are read.
  const std::string& fingerprint() const;

 private:
  std::shared_ptr<const Domain> domain_;
  Dataset data_;
  mutable std::once_flag hashed_;
  mutable std::string fingerprint_;
};

}  // namespace ebm
