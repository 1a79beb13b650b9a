#include "dualebm/framework/evaluation/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

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

/// E and ∇E at many points, as energy_at.
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

/// KL(teacher ‖ student) = log Z_s - log Z_t + E_t[E_s - E_t] by quadrature.
double gibbs_divergence(const Quadrature& rule, const torch::Tensor& teacher, const torch::Tensor& student) {
  return rule.log_integral(student) - rule.log_integral(teacher) +
         rule.gibbs(teacher).dot(student - teacher).item<double>();
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

Reference::Reference(const Problem& problem, std::int64_t resolution) {
  const auto& data = problem.data();
  const auto& domain = problem.domain();
  const auto teacher_at = [&](const torch::Tensor& points) {
    const auto exact = points.to(torch::kDouble);
    const auto [energy, gradient] = energy_and_gradient_at(*data.teacher, exact);
    teacher_energy = energy;
    teacher_score = domain.to_tangent(exact, gradient);
  };
  fine = domain.quadrature(resolution);
  if (fine) {
    coarse = domain.rough_quadrature(resolution);
    nodes = fine->points.to(data.train.options());
    coarse_nodes = coarse->points.to(data.train.options());
    if (!data.teacher) return;
    teacher_at(nodes);
    coarse_teacher_energy = energy_at(*data.teacher, coarse_nodes.to(torch::kDouble)).cpu();
  } else if (data.teacher && data.test.defined()) {
    teacher_at(data.test);
  }
}

const Evaluation::AtPoints& Evaluation::at_points() const {
  if (at_points_) return *at_points_;
  const auto& points = reference_.fine ? reference_.nodes : problem_.data().test;
  if (reference_.teacher_energy.defined()) {
    const auto [energy, gradient] = energy_and_gradient_at(energy_, points);
    at_points_ = {energy, problem_.domain().to_tangent(points.to(torch::kDouble), gradient)};
  } else {
    at_points_ = {energy_at(energy_, points), {}};
  }
  return *at_points_;
}

const torch::Tensor& Evaluation::at_coarse_nodes() const {
  if (!at_coarse_nodes_.defined()) at_coarse_nodes_ = energy_at(energy_, reference_.coarse_nodes).cpu();
  return at_coarse_nodes_;
}

double Evaluation::log_ratio() const {
  const auto difference = at_points().energy - reference_.teacher_energy;
  return (-difference).logsumexp(0).item<double>() - std::log(static_cast<double>(difference.size(0)));
}

std::optional<double> Evaluation::log_z() const {
  if (log_z_) return *log_z_;
  if (reference_.fine) {
    log_z_.emplace(reference_.fine->log_integral(at_points().energy.cpu()));
  } else if (by_test_set()) {
    const auto teacher = problem_.data().teacher->log_normalizer();
    log_z_.emplace(teacher ? std::optional(*teacher + log_ratio()) : std::nullopt);
  } else {
    log_z_.emplace(energy_.log_normalizer());
  }
  return *log_z_;
}

std::optional<double> Evaluation::quadrature_error() const {
  if (!reference_.fine) return std::nullopt;
  double error = std::abs(*log_z() - reference_.coarse->log_integral(at_coarse_nodes()));
  if (const auto kl = divergence()) {
    const double rough =
        gibbs_divergence(*reference_.coarse, reference_.coarse_teacher_energy, at_coarse_nodes());
    error = std::max(error, std::abs(kl->value - rough));
  }
  return error;
}

std::optional<Estimate> Evaluation::divergence() const {
  if (!reference_.teacher_energy.defined()) return std::nullopt;
  if (reference_.fine) {
    return Estimate{
        gibbs_divergence(*reference_.fine, reference_.teacher_energy.cpu(), at_points().energy.cpu()), {}};
  }
  const auto difference = at_points().energy - reference_.teacher_energy;
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
  if (!reference_.teacher_energy.defined()) return std::nullopt;
  const auto& student = at_points();
  const auto weights =
      reference_.fine ? reference_.fine->gibbs(reference_.teacher_energy.cpu()).to(student.energy.device())
                      : torch::full_like(student.energy, 1 / static_cast<double>(student.energy.size(0)));
  return score_distance(reference_.teacher_score, student.gradient, weights);
}

const std::optional<DualityGap>& Evaluation::duality_gap() const {
  if (duality_gap_) return *duality_gap_;
  duality_gap_.emplace();
  const auto* ball = as_neuron_energy(energy_);
  const auto& data = problem_.data();
  if (!with_duality_gap_ || ball == nullptr || data.mapped || !(reference_.fine || by_test_set()))
    return *duality_gap_;
  const torch::NoGradGuard no_grad;
  const auto& energies = at_points().energy;
  const auto train_energy = energy_at(energy_, data.train);
  if (reference_.fine) {
    *duality_gap_ = ebm::duality_gap(*ball, data.train, train_energy,
                                     {reference_.nodes, reference_.fine->gibbs(energies.cpu()), energies});
  } else {
    const auto probabilities = (reference_.teacher_energy - energies).softmax(0);
    *duality_gap_ =
        duality_gap_estimate(*ball, data.train, train_energy, {data.test, probabilities, energies});
  }
  return *duality_gap_;
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
