#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/evaluation/duality_gap.hpp"
#include "dualebm/framework/evaluation/integrator.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/problem.hpp"
#include "dualebm/framework/problem/quadrature.hpp"

namespace ebm {

/// A mean over points with its standard error, the sample deviation over the root of their number; both in
/// nats. The error is absent for a single point.
struct Estimate {
  double value = 0;                      ///< the mean
  std::optional<double> standard_error;  ///< none for a single point
};

/// What evaluations of one problem share, whatever the energy: quadrature rules, and the teacher at their
/// nodes or at the test points.
struct Reference {
  /// With the domain's fixed rule, if it has one. @param problem  outlives it
  Reference(const Problem& problem, const Integrator::Options& options);
  /// With a rule that was refined for one energy.
  Reference(const Problem& problem, const AdaptiveQuadrature& rule);

  /// Of the fixed rule; none of a refined one.
  std::shared_ptr<const Integrator> integrator;
  /// The rule, and the rougher one that tells its error; none without a rule.
  std::optional<Quadrature> fine, coarse;
  double least_error = 0;  ///< of log Z, that is known of the rule whatever the rougher one says, nats
  std::string verdict;     ///< of a refined rule: what it is worth, in words
  torch::Tensor nodes, coarse_nodes;  ///< in the dtype and on the device of the data
  /// E_t at the nodes, or at the test points where there are none, [P], double.
  torch::Tensor teacher_energy;
  /// Tangential ∇E_t there, [P, d], double.
  torch::Tensor teacher_score;
  torch::Tensor coarse_teacher_energy;  ///< E_t at the coarse nodes, [P'], double

 private:
  void look_at_teacher(const Problem& problem);
};

/// One look at an energy on a problem. What several metrics need is computed once, when the first asks.
///
/// Where there is a quadrature (spheres to S³, R^d to d = 3) KL, score error and log Z are integrals, exact
/// up to `quadrature_error`: by the domain's fixed rule, or where that will not do by cells refined for this
/// energy, see Integrator. What is not good to `largest_error` is not told. Elsewhere they are averages over
/// the teacher's test set; log Z is then known up to the teacher's own, so only where that has a closed form.
/// All sums are in double precision, means of parts over their first hundred thousand rows.
class Evaluation final {
 public:
  /// All three outlive it. @param with_duality_gap  else there is none: it takes longer than all else
  Evaluation(Energy& energy, const Problem& problem, const Reference& reference,
             bool with_duality_gap = false)
      : energy_(energy), problem_(problem), reference_(reference), with_duality_gap_(with_duality_gap) {}

  Energy& energy() const { return energy_; }           ///< the one that is looked at
  const Problem& problem() const { return problem_; }  ///< the one that it is measured on

  /// The largest quadrature error of a number that is told, in nats.
  static constexpr double largest_error = 0.1;

  /// log Z = log ∫ exp(-E) dτ in nats, where it is known to `largest_error`.
  std::optional<double> log_z() const;

  /// The larger of the differences of log Z and KL to a rougher rule, in nats; none without a rule.
  std::optional<double> quadrature_error() const;

  /// Whether the quadrature is good to `largest_error`; none without a rule.
  std::optional<bool> quadrature_valid() const;

  /// Why it is not, or how good it is, in words; empty without a rule.
  std::string verdict() const;

  /// KL(teacher ‖ student) = log Z_s - log Z_t + E_t[E_s - E_t] in nats, with the standard error of the
  /// test-set estimate (delta method); none without a teacher, and where its own quadrature error exceeds it.
  std::optional<Estimate> divergence() const;

  /// Fisher divergence E_t |∇E_t - ∇E_s|² of tangential gradients; none without a teacher.
  std::optional<double> score_error() const;

  /// How far the energy is from the best of its ball on the training points; none for an energy without a
  /// ball, for mapped points, where it was not asked for, and where neither a rule nor a teacher's test
  /// set stands for the model.
  const std::optional<DualityGap>& duality_gap() const;

  /// What stands for the model's Gibbs measure: the nodes of a rule that is good to `largest_error`, or a
  /// teacher's test points, weighted; none where there is neither.
  std::optional<WeightedPoints> model() const;

  /// E_points[E] in nats. @param points [n, d] @return none for no points
  std::optional<Estimate> mean_energy(const torch::Tensor& points) const;

  /// E_points[E] + log Z + log area - log |det ∂T/∂x|: the negative log-likelihood per area, or volume, of
  /// the raw data; none where log Z is not known. Its standard error is that of the mean over points.
  std::optional<Estimate> negative_log_likelihood(const torch::Tensor& points) const;

 private:
  /// E and, where there is a teacher, ∇E: at the nodes, or at the test points where there is no rule.
  struct AtPoints {
    torch::Tensor energy, gradient;
  };
  /// What is integrated with: the shared rule, or one refined for this energy.
  const Reference& rule() const;
  void refine_where_needed() const;
  const AtPoints& at_points() const;
  const torch::Tensor& at_coarse_nodes() const;
  bool by_test_set() const { return !rule().fine && rule().teacher_energy.defined(); }
  double log_ratio() const;  ///< log Z_s / Z_t over the test set
  double log_integral_error() const;
  /// KL by the rule and its difference to the rougher one; none without a rule or a teacher.
  std::optional<std::pair<double, double>> divergence_by_rule() const;

  Energy& energy_;
  const Problem& problem_;
  const Reference& reference_;
  bool with_duality_gap_;
  mutable bool settled_ = false;
  mutable std::unique_ptr<const Reference> refined_;
  mutable std::optional<AtPoints> at_points_;
  mutable torch::Tensor at_coarse_nodes_;
  mutable std::optional<double> log_integral_error_;
  mutable std::optional<std::pair<double, double>> divergence_by_rule_;
  mutable std::vector<std::pair<torch::Tensor, Estimate>> means_;  ///< by points
  mutable std::optional<std::optional<double>> log_z_;
  mutable std::optional<std::optional<DualityGap>> duality_gap_;
};

/// E at many points in slices, so that memory does not grow with their number; in double precision, [P].
torch::Tensor energy_at(Energy& energy, const torch::Tensor& points);

/// E and ∇E at many points, likewise: [P] and [P, d].
std::pair<torch::Tensor, torch::Tensor> energy_and_gradient_at(Energy& energy, const torch::Tensor& points);

}  // namespace ebm
