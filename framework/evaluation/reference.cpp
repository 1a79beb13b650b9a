#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dualebm/framework/evaluation/evaluation.hpp"

/// The rules that evaluations integrate with, and when one is refined for a single energy.
namespace ebm {
namespace {

/// KL(teacher ‖ student) = log Z_s - log Z_t + E_t[E_s - E_t] by quadrature.
double gibbs_divergence(const Quadrature& rule, const torch::Tensor& teacher, const torch::Tensor& student) {
  return rule.log_integral(student) - rule.log_integral(teacher) +
         rule.gibbs(teacher).dot(student - teacher).item<double>();
}

}  // namespace

Reference::Reference(const Problem& problem, const Integrator::Options& options)
    : integrator(std::make_shared<Integrator>(problem, options)),
      fine(integrator->fine()),
      coarse(integrator->coarse()) {
  look_at_teacher(problem);
}

Reference::Reference(const Problem& problem, const AdaptiveQuadrature& rule)
    : fine(rule.fine), coarse(rule.coarse), least_error(rule.error), verdict(rule.verdict()) {
  look_at_teacher(problem);
}

void Reference::look_at_teacher(const Problem& problem) {
  const auto& data = problem.data();
  const auto teacher_at = [&](const torch::Tensor& points) {
    const auto exact = points.to(torch::kDouble);
    const auto [energy, gradient] = energy_and_gradient_at(*data.teacher, exact);
    teacher_energy = energy;
    teacher_score = problem.domain().to_tangent(exact, gradient);
  };
  if (fine) {
    nodes = fine->points.to(data.train.options());
    coarse_nodes = coarse->points.to(data.train.options());
    if (!data.teacher) return;
    teacher_at(nodes);
    coarse_teacher_energy = energy_at(*data.teacher, coarse_nodes.to(torch::kDouble)).cpu();
  } else if (data.teacher && data.test.defined()) {
    teacher_at(data.test);
  }
}

const Reference& Evaluation::rule() const {
  if (!settled_) {
    settled_ = true;  // the fixed rule is asked while it is decided whether it will do
    refine_where_needed();
  }
  return refined_ ? *refined_ : reference_;
}

void Evaluation::refine_where_needed() const {
  const auto& integrator = reference_.integrator;
  if (!integrator || !integrator->refines()) return;
  double tolerance = integrator->options().tolerance, fixed_error = std::numeric_limits<double>::infinity();
  if (reference_.fine) {
    fixed_error = log_integral_error();
    if (std::isnan(fixed_error)) return;
    const auto kl = divergence_by_rule();
    const bool kl_known = !kl || kl->second <= std::max(std::abs(kl->first), 1e-6);
    const bool seen = integrator->sees(energy_, at_points().energy.cpu());
    if (fixed_error <= tolerance && kl_known && seen) return;
    if (!kl_known) tolerance = std::min(tolerance, std::max(0.3 * std::abs(kl->first), 1e-6));
    if (!seen) fixed_error = std::numeric_limits<double>::infinity();
  }
  const auto rule = integrator->refined(energy_, tolerance);
  if (!rule.reached && fixed_error <= rule.error) return;
  refined_ = std::make_unique<const Reference>(problem_, rule);
  at_points_.reset();
  at_coarse_nodes_ = torch::Tensor();
  log_integral_error_.reset();
  divergence_by_rule_.reset();
}

double Evaluation::log_integral_error() const {
  const auto& reference = rule();
  if (!log_integral_error_) {
    const double difference = std::abs(reference.fine->log_integral(at_points().energy.cpu()) -
                                       reference.coarse->log_integral(at_coarse_nodes()));
    log_integral_error_ = std::isnan(difference) ? difference : std::max(difference, reference.least_error);
  }
  return *log_integral_error_;
}

std::optional<std::pair<double, double>> Evaluation::divergence_by_rule() const {
  const auto& reference = rule();
  if (!reference.fine || !reference.teacher_energy.defined()) return std::nullopt;
  if (!divergence_by_rule_) {
    const double fine =
        gibbs_divergence(*reference.fine, reference.teacher_energy.cpu(), at_points().energy.cpu());
    const double rough =
        gibbs_divergence(*reference.coarse, reference.coarse_teacher_energy, at_coarse_nodes());
    divergence_by_rule_.emplace(fine, std::abs(fine - rough));
  }
  return divergence_by_rule_;
}

std::string Evaluation::verdict() const {
  const auto error = quadrature_error();
  if (!error) return {};
  const auto& refined = rule().verdict;
  if (!refined.empty()) return "quadrature: " + refined;
  return fmt::format("quadrature: the error of the fixed rule is {:.2g} nats", *error);
}

}  // namespace ebm
