#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dualebm/framework/evaluation/metric.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Computes every metric that applies to a problem; what depends on the problem alone is computed once.
///
/// With a quadrature rule (S², R²) KL, score error and log Z are integrals against it, exact up to
/// `quadrature_error`. Elsewhere they are averages over the teacher's test set; log Z is then known up to the
/// teacher's own, so it and the NLL appear only where that has a closed form. Where log Z is out of reach the
/// mean energies of the parts stand in for the NLL: their differences need no log Z. All sums are in double
/// precision, means of parts over their first hundred thousand rows.
class Evaluator {
 public:
  struct Options {
    std::int64_t every = 10;        ///< iterations between evaluations; 0: at start and end only
    std::int64_t resolution = 100;  ///< latitudes of the quadrature on S²; longitudes are twice as many
    void describe(Fields& fields);
  };

  /// @param dataset  whose parts the metrics are taken over
  Evaluator(std::shared_ptr<Domain> domain, Dataset dataset, Options options);

  /// @throws NonFiniteError naming the first metric that is not finite.
  MetricValues evaluate(Energy& energy) const;

  /// As given.
  const Options& options() const { return options_; }

 private:
  struct TeacherValues {
    torch::Tensor energy;  ///< E_t at the points, [P], double
    torch::Tensor score;   ///< tangential ∇E_t at the points, [P, d], double
  };

  void by_quadrature(Energy& energy, MetricValues& values) const;
  void by_test_set(Energy& energy, MetricValues& values) const;
  void add_likelihoods(Energy& energy, double log_z, MetricValues& values) const;
  void add_mean_energies(Energy& energy, MetricValues& values) const;
  /// E_part[E] + offset for every part there is, as name_test, name_validation, name_train.
  void add_means(Energy& energy, const std::string& name, double offset, MetricValues& values) const;
  TeacherValues teacher_at(const torch::Tensor& points) const;
  double score_error(const torch::Tensor& gradient, const torch::Tensor& points,
                     const torch::Tensor& weights) const;

  std::shared_ptr<Domain> domain_;
  Dataset dataset_;
  Options options_;
  std::optional<Quadrature> fine_, coarse_;
  torch::Tensor nodes_, coarse_nodes_;  ///< the nodes in the dtype and on the device of the data
  std::optional<TeacherValues> teacher_;
  torch::Tensor coarse_teacher_;  ///< E_t at the coarse nodes
};

/// E at many points in slices, so that memory does not grow with their number; in double precision, [P].
torch::Tensor energy_at(Energy& energy, const torch::Tensor& points);

}  // namespace ebm
