#include "dualebm/apps/tuning/validation_problem.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/apps/table.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// How the dataset of a configuration comes by validation points.
std::string advice_for(const Json& dataset) {
  if (dataset.contains("validation_share")) {
    const bool by_file = dataset.value("split", Json("")) != "";
    return by_file ? "name rows \"val\" in dataset.split" : "set dataset.validation_share=0.1";
  }
  if (dataset.contains("validation")) return "set dataset.validation=1000";
  return "the dataset has to hold some out";
}

}  // namespace

PreparedProblem make_validation_problem(const Experiment& experiment, torch::Device device) {
  auto prepared = make_problem(experiment, device);
  auto data = prepared.problem->data();
  data.test = torch::Tensor();
  prepared.evaluator = make_evaluator(
      experiment, std::make_shared<Problem>(prepared.problem->shared_domain(), std::move(data)));
  return prepared;
}

void require_metric(const PlannedTraining& planned, const PreparedProblem& prepared, torch::Device device) {
  const auto& experiment = planned.experiment;
  const auto& validation = prepared.problem->data().validation;
  require(validation.defined() && validation.size(0) > 0,
          "tune: the data have no validation points to choose by; {}",
          advice_for(experiment.dataset.resolved()));
  const auto& name = experiment.tuning.metric;
  const auto& described = find_description(prepared.evaluator->descriptions(), name);
  require(!described.better.empty(), "tune.metric: neither direction of {} is better", name);
  MetricValues metrics;
  try {
    metrics = make_training(experiment, prepared, device)->evaluate(*prepared.evaluator);
  } catch (const std::exception&) {
    return;  // Said when its turn comes.
  }
  require(find_metric(metrics, name) != nullptr || is_left_out(metrics),
          "tune.metric: {} is not known here{}", name,
          name == "nll_validation"
              ? ": log Z is out of reach of the quadrature; take nll_validation_annealed, and "
                "metrics.options={\"nll_validation_annealed\": {\"walkers\": 1000}}"
              : "; see dualebm list metric for what it takes");
}

std::optional<Measured> measure_on_test(const Experiment& experiment, const PreparedProblem& prepared,
                                        Energy& energy) {
  auto data = prepared.problem->data();
  if (!data.test.defined() || data.test.size(0) == 0) return std::nullopt;
  data.validation = data.test;
  data.test = torch::Tensor();
  const auto evaluator = make_evaluator(
      experiment, std::make_shared<Problem>(prepared.problem->shared_domain(), std::move(data)));
  const auto metrics = evaluator->evaluate(energy);
  const double* value = find_metric(metrics, experiment.tuning.metric);
  if (value == nullptr) return std::nullopt;
  return Measured{.value = *value, .error = error_of(metrics, experiment.tuning.metric)};
}

}  // namespace ebm
