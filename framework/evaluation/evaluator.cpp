#include "dualebm/framework/evaluation/evaluator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void Evaluator::Options::describe(Fields& fields) {
  quadrature.describe(fields);
  fields.boolean("duality_gap", duality_gap,
                 "at every evaluation, how far a shallow energy is from the best of its ball: some tenths of "
                 "a second each");
}

Evaluator::Evaluator(std::shared_ptr<const Problem> problem, Options options,
                     std::vector<std::shared_ptr<const Metric>> metrics)
    : problem_(std::move(problem)),
      metrics_(std::move(metrics)),
      reference_(*problem_, checked(options, "metrics").quadrature),
      duality_gap_(options.duality_gap) {
  for (const auto& metric : metrics_) {
    auto described = metric->description();
    const auto same = [&](const MetricDescription& other) { return other.name == described.name; };
    require(std::none_of(descriptions_.begin(), descriptions_.end(), same),
            "metrics: there are two named \"{}\"", described.name);
    descriptions_.push_back(std::move(described));
  }
}

Evaluator::Evaluator(std::shared_ptr<const Problem> problem) : Evaluator(std::move(problem), Options()) {}

MetricValues Evaluator::evaluate(Energy& energy) const {
  const torch::NoGradGuard no_grad;
  const Evaluation evaluation(energy, *problem_, reference_, duality_gap_);
  MetricValues values;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const auto value = metrics_[i]->value(evaluation);
    if (!value) continue;
    if (!std::isfinite(*value)) {
      throw NonFiniteError(fmt::format("metric {} is {}", descriptions_[i].name, *value));
    }
    values.emplace_back(descriptions_[i].name, *value);
  }
  return values;
}

std::string Evaluator::quadrature_verdict(Energy& energy) const {
  const torch::NoGradGuard no_grad;
  return Evaluation(energy, *problem_, reference_).verdict();
}

std::optional<Witness> Evaluator::witness(Energy& energy) const {
  const torch::NoGradGuard no_grad;
  const auto& data = problem_->data();
  if (data.mapped) return std::nullopt;
  const Evaluation evaluation(energy, *problem_, reference_);
  const auto model = evaluation.model();
  if (!model) return std::nullopt;
  const bool by_nodes = reference_.fine.has_value();
  // A test set that stands for the model itself cannot judge it.
  const auto& held_out = data.validation.defined() && data.validation.size(0) > 0 ? data.validation
                         : by_nodes                                               ? data.test
                                                                                  : data.validation;
  Random random(0, "witness");
  return find_witness(*model, data.train, held_out, random);
}

const MetricDescription& Evaluator::description(const std::string& name) const {
  return find_description(descriptions_, name);
}

const MetricDescription& find_description(const std::vector<MetricDescription>& descriptions,
                                          const std::string& name) {
  std::vector<std::string> names;
  for (const auto& description : descriptions) {
    if (description.name == name) return description;
    names.push_back(description.name);
  }
  const auto near = nearest_name(name, names);
  fail("unknown metric \"{}\"{}; known: {}", name, near ? fmt::format(" (did you mean \"{}\"?)", *near) : "",
       fmt::join(names, ", "));
}

const double* find_metric(const MetricValues& values, const std::string& name) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == name; });
  return found == values.end() ? nullptr : &found->second;
}

bool is_left_out(const MetricValues& values) {
  const double* valid = find_metric(values, "quadrature_valid");
  return valid != nullptr && *valid == 0;
}

}  // namespace ebm
