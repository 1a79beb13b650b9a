#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dualebm/framework/evaluation/metric.hpp"
#include "dualebm/framework/evaluation/standard_metrics.hpp"
#include "dualebm/framework/evaluation/witness.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Computes every metric that applies to a problem; what depends on the problem alone is computed once, so
/// that one evaluator may serve many trainings.
class Evaluator final {
 public:
  struct Options {
    Integrator::Options quadrature;  ///< for log Z and what is integrated with it
    bool duality_gap = false;        ///< too, of energies that have a ball: some tenths of a second each time
    void describe(Fields& fields);
  };

  /// @param metrics  in the order of tables
  /// @throws UserError if two have one name, or an option is outside its range
  Evaluator(std::shared_ptr<const Problem> problem, Options options,
            std::vector<std::shared_ptr<const Metric>> metrics = standard_metrics());
  /// With the standard metrics and the options' defaults.
  explicit Evaluator(std::shared_ptr<const Problem> problem);

  /// @throws NonFiniteError naming the first metric that is not finite.
  MetricValues evaluate(Energy& energy) const;

  /// What the quadrature of an energy is worth, and what it would take where it is not good enough;
  /// empty where there is none.
  std::string quadrature_verdict(Energy& energy) const;

  /// Where the energy and the points differ most, judged by the validation points, or the test points
  /// where there are none; see find_witness. None for mapped points and where nothing stands for the
  /// model (Evaluation::model).
  std::optional<Witness> witness(Energy& energy) const;

  /// What energies are measured on.
  const Problem& problem() const { return *problem_; }

  /// What the metrics mean, whether they apply or not.
  const std::vector<MetricDescription>& descriptions() const { return descriptions_; }

  /// @throws UserError listing the known names
  const MetricDescription& description(const std::string& name) const;

 private:
  std::shared_ptr<const Problem> problem_;
  std::vector<std::shared_ptr<const Metric>> metrics_;
  std::vector<MetricDescription> descriptions_;
  Reference reference_;
  bool duality_gap_;
};

/// Of the name, with the nearest one in the message if there is none. @throws UserError
const MetricDescription& find_description(const std::vector<MetricDescription>& descriptions,
                                          const std::string& name);

}  // namespace ebm
