#pragma once

#include "dualebm/apps/comparison/planned_run.hpp"

namespace ebm {

/// The problem of a training whose evaluator has no test points: nothing that is measured in a search, and no
/// callback of one, can look at them. The training itself has the whole problem, so that it is that of
/// `dualebm train`.
PreparedProblem make_validation_problem(const Experiment& experiment, torch::Device device);

/// Refuses data without validation points, in the words that get some, and an energy whose metric is not
/// known.
/// @param planned a training of the search
void require_metric(const PlannedTraining& planned, const PreparedProblem& prepared, torch::Device device);

/// A metric with its error.
struct Measured {
  double value = 0;
  std::optional<double> error = std::nullopt;
};

/// The metric of the validation points, at the test points in their place; none where there are no test
/// points, or it is not known there.
std::optional<Measured> measure_on_test(const Experiment& experiment, const PreparedProblem& prepared,
                                        Energy& energy);

}  // namespace ebm
