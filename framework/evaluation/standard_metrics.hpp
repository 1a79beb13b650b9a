#pragma once

#include <memory>
#include <vector>

#include "dualebm/framework/evaluation/metric.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// The metrics of this library, each of which applies where what it needs is known: kl, kl_standard_error,
/// score_error, tv, log_z, the likelihoods and mean energies of the parts with their standard errors,
/// quadrature_error.
std::vector<std::shared_ptr<const Metric>> standard_metrics();

/// Registers them, by their names.
void add_standard_metrics(Registry<Metric, MetricContext>& metrics);

}  // namespace ebm
