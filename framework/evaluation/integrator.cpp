#include "dualebm/framework/evaluation/integrator.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluation.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_probes = 300;
/// By which E may be lower at a data point than at the node next to it: within half a spacing of a Gaussian
/// that the rule resolves it changes by less.
constexpr double gap_of_a_peak = 3.0;

torch::Tensor some_rows(const torch::Tensor& points) {
  const auto stride = (points.size(0) + most_probes - 1) / most_probes;
  return points.slice(0, 0, points.size(0), std::max<std::int64_t>(1, stride));
}

torch::Tensor nearest(const torch::Tensor& points, const torch::Tensor& nodes) {
  // |x - y|² less |x|², without the whole matrix of differences.
  const auto x = points.to(torch::kCPU, torch::kDouble);
  std::vector<torch::Tensor> rows;
  for (const auto& part : x.split(64)) {
    rows.push_back((nodes.square().sum(1).unsqueeze(0) - 2 * part.matmul(nodes.t())).argmin(1));
  }
  return torch::cat(rows);
}

}  // namespace

void Integrator::Options::describe(Fields& fields) {
  fields.integer(
      "resolution", resolution, Range::between(4, 4000),
      "latitudes of the quadrature on S² (longitudes: twice as many), half the nodes along a side on R²");
  fields.number("tolerance", tolerance, Range::positive(),
                "of log Z, in nats: beyond it the cells of the quadrature are refined");
  fields.integer("most_nodes", most_nodes, Range::at_least(0),
                 "at which the energy is computed while cells are refined; 0: they never are");
}

Integrator::Integrator(const Problem& problem, const Options& options)
    : problem_(problem), options_(checked(options, "quadrature")) {
  const torch::NoGradGuard no_grad;
  const auto& domain = problem.domain();
  const auto& train = problem.data().train;
  fine_ = domain.quadrature(options_.resolution);
  if (fine_) coarse_ = domain.rough_quadrature(options_.resolution);
  if (options_.most_nodes > 0) atlas_ = domain.atlas(train);
  if (!fine_ && !atlas_) return;
  probes_ = some_rows(train);
  if (!fine_) return;
  nearest_node_ = nearest(probes_, fine_->points);
  if (!domain.is_flat()) return;
  const auto low = fine_->points.amin(0), high = fine_->points.amax(0);
  const auto inside = [&](const torch::Tensor& part) {
    if (!part.defined()) return true;
    const auto rows = some_rows(part).to(torch::kCPU, torch::kDouble);
    return rows.ge(low).logical_and(rows.le(high)).all().item<bool>();
  };
  covers_ = inside(train) && inside(problem.data().validation) && inside(problem.data().test);
}

bool Integrator::sees(Energy& energy, const torch::Tensor& at_nodes) const {
  if (!covers_) return false;
  const auto at_probes = energy_at(energy, probes_).cpu();
  const auto beside = at_nodes.index_select(0, nearest_node_);
  const auto log_share =
      -at_probes + fine_->weights.index_select(0, nearest_node_).log() - fine_->log_integral(at_nodes);
  const auto hidden =
      (beside - at_probes).gt(gap_of_a_peak).logical_and(log_share.gt(std::log(options_.tolerance)));
  return !hidden.any().item<bool>();
}

AdaptiveQuadrature Integrator::refined(Energy& energy, double tolerance) const {
  const auto& data = problem_.data();
  const auto densities = [&](const torch::Tensor& points) {
    const auto own = points.to(data.train.options());
    const auto student = -energy_at(energy, own).cpu();
    if (!data.teacher) return student.unsqueeze(1);
    return torch::stack({student, -energy_at(*data.teacher, own.to(torch::kDouble)).cpu()}, 1);
  };
  return integrate(*atlas_, densities, {.tolerance = tolerance, .most_nodes = options_.most_nodes},
                   probes_.to(torch::kCPU, torch::kDouble));
}

Integrator::Choice Integrator::choose(Energy& energy) const {
  require(fine_ || refines(), "quadrature: there is none on the domain {} of dimension {}",
          problem_.domain().name(), problem_.domain().dimension());
  Choice fixed{.rule = {}, .fixed = true};
  if (fine_) {
    const auto options = problem_.data().train.options();
    const auto at_nodes = energy_at(energy, fine_->points.to(options)).cpu();
    const double rough = coarse_->log_integral(energy_at(energy, coarse_->points.to(options)).cpu());
    const double error = std::abs(fine_->log_integral(at_nodes) - rough);
    fixed.rule = {.fine = *fine_,
                  .coarse = *coarse_,
                  .error = error,
                  .reached = error <= options_.tolerance && sees(energy, at_nodes),
                  .evaluated = at_nodes.size(0) + coarse_->points.size(0)};
    // A number that is none is for whoever looks at the parameters, not for more nodes.
    if (fixed.rule.reached || !refines() || std::isnan(error)) return fixed;
  }
  return {.rule = refined(energy, options_.tolerance), .fixed = false};
}

}  // namespace ebm
