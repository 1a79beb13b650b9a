#include "dualebm/framework/evaluation/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {
namespace {

constexpr std::int64_t slice_rows = 16384;
constexpr std::int64_t most_rows = 100000;  // of one part that a mean is taken over

/// Calls body(begin, count) for slices of the rows.
template <class Body>
void for_each_slice(std::int64_t begin, std::int64_t end, Body body) {
  for (; begin < end; begin += slice_rows) body(begin, std::min(slice_rows, end - begin));
}

/// E_t |∇E_t - ∇E_s|² under weights that sum to one.
double score_distance(const torch::Tensor& teacher, const torch::Tensor& student,
                      const torch::Tensor& weights) {
  return (teacher - student).square().sum(1).dot(weights).item<double>();
}

}  // namespace

torch::Tensor energy_at(Energy& energy, const torch::Tensor& points) {
  const auto result = torch::empty({points.size(0)}, points.options().dtype(torch::kDouble));
  for_each_shard(
      points.size(0),
      [&](std::int64_t, std::int64_t first, std::int64_t last) {
        const torch::NoGradGuard no_grad;
        const auto body = [&](std::int64_t begin, std::int64_t count) {
          result.narrow(0, begin, count).copy_(energy.forward(points.narrow(0, begin, count)));
        };
        energy.row_parallel() ? for_each_slice(first, last, body) : body(first, last - first);
      },
      smallest_shard_for(energy, points));
  return result;
}

std::pair<torch::Tensor, torch::Tensor> energy_and_gradient_at(Energy& energy, const torch::Tensor& points) {
  const auto values = torch::empty({points.size(0)}, points.options().dtype(torch::kDouble));
  const auto gradients = torch::empty_like(points, values.options());
  const auto slices = [&](std::int64_t first, std::int64_t last, auto body) {
    energy.row_parallel() ? for_each_slice(first, last, body) : body(first, last - first);
  };
  slices(0, points.size(0), [&](std::int64_t begin, std::int64_t count) {
    const auto [value, gradient] = energy.value_and_gradient(points.narrow(0, begin, count));
    values.narrow(0, begin, count).copy_(value);
    gradients.narrow(0, begin, count).copy_(gradient);
  });
  return {values, gradients};
}

const Evaluation::AtPoints& Evaluation::at_points() const {
  const auto& reference = rule();
  if (at_points_) return *at_points_;
  const auto& points = reference.fine ? reference.nodes : problem_.data().test;
  if (reference.teacher_energy.defined()) {
    const auto [energy, gradient] = energy_and_gradient_at(energy_, points);
    at_points_ = {energy, problem_.domain().to_tangent(points.to(torch::kDouble), gradient)};
  } else {
    at_points_ = {energy_at(energy_, points), {}};
  }
  return *at_points_;
}

const torch::Tensor& Evaluation::at_coarse_nodes() const {
  const auto& reference = rule();
  if (!at_coarse_nodes_.defined()) at_coarse_nodes_ = energy_at(energy_, reference.coarse_nodes).cpu();
  return at_coarse_nodes_;
}

double Evaluation::log_ratio() const {
  const auto difference = at_points().energy - rule().teacher_energy;
  return (-difference).logsumexp(0).item<double>() - std::log(static_cast<double>(difference.size(0)));
}

std::optional<double> Evaluation::log_z() const {
  if (log_z_) return *log_z_;
  if (rule().fine) {
    const bool known = *quadrature_valid();
    log_z_.emplace(known ? std::optional(rule().fine->log_integral(at_points().energy.cpu())) : std::nullopt);
  } else if (by_test_set()) {
    const auto teacher = problem_.data().teacher->log_normalizer();
    log_z_.emplace(teacher ? std::optional(*teacher + log_ratio()) : std::nullopt);
  } else {
    log_z_.emplace(energy_.log_normalizer());
  }
  return *log_z_;
}

std::optional<double> Evaluation::quadrature_error() const {
  if (!rule().fine) return std::nullopt;
  const auto kl = divergence_by_rule();
  const double error = std::max(log_integral_error(), kl ? kl->second : 0.0);
  // An integral without bound has an error without bound, which is no number for a file.
  return std::isinf(error) ? std::numeric_limits<double>::max() : error;
}

std::optional<bool> Evaluation::quadrature_valid() const {
  // What is no number at all is told, so that a training that diverged ends.
  return rule().fine ? std::optional(!(log_integral_error() > largest_error)) : std::nullopt;
}

std::optional<Estimate> Evaluation::divergence() const {
  if (!rule().teacher_energy.defined()) return std::nullopt;
  if (rule().fine) {
    constexpr double nothing = 1e-6;  // nats that nobody asks about
    const auto [kl, error] = *divergence_by_rule();
    if (!*quadrature_valid() || error > std::max(std::abs(kl), nothing)) return std::nullopt;
    return Estimate{kl, {}};
  }
  const auto difference = at_points().energy - rule().teacher_energy;
  const auto count = static_cast<double>(difference.size(0));
  const double ratio = log_ratio();
  Estimate kl{ratio + difference.mean().item<double>(), {}};
  if (count > 1) {
    const auto influence = (-difference - ratio).exp() + difference;
    kl.standard_error = influence.std().item<double>() / std::sqrt(count);
  }
  return kl;
}

std::optional<double> Evaluation::score_error() const {
  const auto& reference = rule();
  if (!reference.teacher_energy.defined() || !quadrature_valid().value_or(true)) return std::nullopt;
  const auto& student = at_points();
  const auto weights =
      reference.fine ? reference.fine->gibbs(reference.teacher_energy.cpu()).to(student.energy.device())
                     : torch::full_like(student.energy, 1 / static_cast<double>(student.energy.size(0)));
  return score_distance(reference.teacher_score, student.gradient, weights);
}

const std::optional<DualityGap>& Evaluation::duality_gap() const {
  if (duality_gap_) return *duality_gap_;
  duality_gap_.emplace();
  const auto* ball = as_neuron_energy(energy_);
  const auto& data = problem_.data();
  if (!with_duality_gap_ || ball == nullptr || data.mapped) return *duality_gap_;
  const torch::NoGradGuard no_grad;
  const auto sample = model();
  if (!sample) return *duality_gap_;
  const auto train_energy = energy_at(energy_, data.train);
  *duality_gap_ = rule().fine ? ebm::duality_gap(*ball, data.train, train_energy, *sample)
                              : duality_gap_estimate(*ball, data.train, train_energy, *sample);
  return *duality_gap_;
}

std::optional<WeightedPoints> Evaluation::model() const {
  if (rule().fine) {
    if (!*quadrature_valid()) return std::nullopt;
    const auto& energies = at_points().energy;
    return WeightedPoints{rule().nodes, rule().fine->gibbs(energies.cpu()), energies};
  }
  if (!by_test_set()) return std::nullopt;
  const auto& energies = at_points().energy;
  return WeightedPoints{problem_.data().test, (rule().teacher_energy - energies).softmax(0), energies};
}

std::optional<Estimate> Evaluation::mean_energy(const torch::Tensor& points) const {
  if (!points.defined() || points.size(0) == 0) return std::nullopt;
  for (const auto& [seen, mean] : means_) {
    if (seen.is_same(points)) return mean;
  }
  const auto count = std::min(points.size(0), most_rows);
  const auto values = energy_at(energy_, points.narrow(0, 0, count));
  Estimate mean{values.mean().item<double>(), {}};
  if (count > 1) mean.standard_error = values.std().item<double>() / std::sqrt(static_cast<double>(count));
  means_.emplace_back(points, mean);
  return mean;
}

std::optional<Estimate> Evaluation::negative_log_likelihood(const torch::Tensor& points) const {
  const auto normalizer = log_z();
  if (!normalizer) return std::nullopt;
  auto mean = mean_energy(points);
  if (mean) mean->value += *normalizer + problem_.domain().log_area() - problem_.data().log_determinant;
  return mean;
}

}  // namespace ebm
