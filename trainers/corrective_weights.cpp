#include "dualebm/trainers/corrective_weights.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ebm {
namespace {

double as_number(const torch::Tensor& tensor) { return tensor.item<double>(); }

/// <∇, w> - min over the vertices of <∇, v>.
double gap_at(const torch::Tensor& gradient, const torch::Tensor& w, double radius) {
  return as_number(gradient.dot(w)) - std::min(0.0, radius * as_number(gradient.min()));
}

/// argmin over the admissible w + d of <g, d> + ½ <d, H d>, in shares of the vertices: [K] shares of
/// radius e_j, and the last of 0.
/// @param gradient  of the model at the start, [K + 1], in shares
/// @param hessian [K + 1, K + 1], likewise
void descend_in_pairs(std::vector<double>& shares, std::vector<double> gradient, const double* hessian,
                      double tolerance) {
  const auto count = shares.size();
  for (std::size_t step = 0; step < 2000 * count; ++step) {
    const auto best =
        static_cast<std::size_t>(std::min_element(gradient.begin(), gradient.end()) - gradient.begin());
    std::size_t worst = best;
    for (std::size_t j = 0; j < count; ++j) {
      if (shares[j] > 0 && (worst == best || gradient[j] > gradient[worst])) worst = j;
    }
    const double slope = gradient[worst] - gradient[best];
    if (!(slope > tolerance)) return;
    const auto at = [&](std::size_t i, std::size_t j) { return hessian[i * count + j]; };
    const double curvature = at(best, best) - 2 * at(best, worst) + at(worst, worst);
    const double wanted = curvature > 0 ? slope / curvature : std::numeric_limits<double>::infinity();
    const double part = std::min(wanted, shares[worst]);
    shares[best] += part;
    // All of it, without what rounding would leave.
    shares[worst] = part < shares[worst] ? shares[worst] - part : 0.0;
    for (std::size_t j = 0; j < count; ++j) gradient[j] += part * (at(j, best) - at(j, worst));
  }
}

/// The admissible minimiser of the second-order model of f at w.
/// @param p  Gibbs probabilities of the nodes
/// @param mean of the features by them
torch::Tensor newton_target(const CorrectiveProblem& problem, const CorrectiveOptimum& at,
                            const torch::Tensor& p, const torch::Tensor& mean) {
  const auto& features = problem.on_nodes;
  const auto count = mean.size(0);
  const auto gradient = problem.on_data - mean;
  auto hessian = features.t().mm(features * p.unsqueeze(1)) - mean.outer(mean);
  // Features may repeat one another: a little curvature everywhere.
  hessian.diagonal().add_(1e-12 * std::max(1e-12, as_number(hessian.diagonal().max())));
  auto in_shares = torch::zeros({count + 1, count + 1}, torch::kDouble);
  in_shares.narrow(0, 0, count).narrow(1, 0, count).copy_(hessian * (problem.radius * problem.radius));
  std::vector<double> shares(static_cast<std::size_t>(count + 1)), slopes(shares.size());
  double rest = 1;
  for (std::int64_t j = 0; j < count; ++j) {
    const auto place = static_cast<std::size_t>(j);
    shares[place] = as_number(at.weights[j]) / problem.radius;
    slopes[place] = problem.radius * as_number(gradient[j]);
    rest -= shares[place];
  }
  shares.back() = std::max(0.0, rest);
  descend_in_pairs(shares, slopes, in_shares.contiguous().data_ptr<double>(), 1e-3 * at.gap);
  shares.pop_back();
  return torch::tensor(shares, torch::kDouble) * problem.radius;
}

/// The minimiser over [0, 1] of g(t) = t a + log Σ u exp(-(E + t δ)), which is convex; 1 where δ is so small
/// that g is its second-order model, whose minimiser that is, and its slopes are rounding.
double best_step(const torch::Tensor& log_density, const torch::Tensor& direction, double on_data,
                 std::int64_t& evaluations) {
  constexpr double small = 1e-5;
  if (as_number(direction.abs().max()) < small) return 1;
  double low = 0, high = 1, t = 1;
  for (int i = 0; i < 60; ++i) {
    const auto p = (log_density - t * direction).softmax(0);
    ++evaluations;
    const double mean = as_number(p.dot(direction)), slope = on_data - mean;
    if (t == 1 && slope <= 0) return 1;
    (slope > 0 ? high : low) = t;
    const double variance = as_number(p.dot((direction - mean).square()));
    const double newton = variance > 0 ? t - slope / variance : t;
    if (std::abs(newton - t) <= 1e-12 * std::max(t, 1e-3)) break;
    t = newton > low && newton < high ? newton : (low + high) / 2;
    if (high - low < 1e-14) break;
  }
  return t;
}

}  // namespace

double CorrectiveProblem::value(const torch::Tensor& energy_on_nodes, double energy_on_data) const {
  return energy_on_data + as_number((weights.log() - energy_on_nodes).logsumexp(0));
}

CorrectiveOptimum minimise(const CorrectiveProblem& problem, const torch::Tensor& start, double tolerance) {
  const auto &b = problem.on_data, &features = problem.on_nodes;
  const auto log_weights = problem.weights.log();
  CorrectiveOptimum best{.weights = start.clone()};
  auto energy = features.mv(best.weights);
  best.value = problem.value(energy, as_number(b.dot(best.weights)));
  if (start.numel() == 0) return best;  // no feature is in use
  // Near the optimum the gap falls where f is the same to rounding already, and not at every step.
  constexpr int most_idle = 5;
  int idle = 0;
  double last_gap = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 100; ++step) {
    const auto p = (log_weights - energy).softmax(0);
    ++best.evaluations;
    const auto mean = features.t().mv(p);
    best.gap = gap_at(b - mean, best.weights, problem.radius);
    if (best.gap <= tolerance || (idle >= most_idle && best.gap >= last_gap)) break;
    last_gap = best.gap;
    const auto move = newton_target(problem, best, p, mean) - best.weights;
    const auto direction = features.mv(move);
    const double t = best_step(log_weights - energy, direction, as_number(b.dot(move)), best.evaluations);
    const auto next = (best.weights + t * move).clamp_min(0);
    const auto there = features.mv(next);
    const double value = problem.value(there, as_number(b.dot(next)));
    idle = value < best.value ? 0 : idle + 1;
    if (!(value <= best.value + 1e-14 * (1 + std::abs(best.value)))) break;
    best.weights = next;
    best.value = value;
    energy = there;
  }
  return best;
}

}  // namespace ebm
