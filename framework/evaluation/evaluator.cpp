#include "dualebm/framework/evaluation/evaluator.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"

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
  for_each_slice(0, points.size(0), [&](std::int64_t begin, std::int64_t count) {
    const auto [value, gradient] = energy.value_and_gradient(points.narrow(0, begin, count));
    values.narrow(0, begin, count).copy_(value);
    gradients.narrow(0, begin, count).copy_(gradient);
  });
  return {values, gradients};
}

void require_finite(const MetricValues& values) {
  for (const auto& [name, value] : values) {
    if (!std::isfinite(value)) {
      throw NonFiniteError(fmt::format(
          "metric {} is {}; likely cause: the energy diverged, its steps are too large", name, value));
    }
  }
}

/// KL(teacher ‖ student) = log Z_s - log Z_t + E_t[E_s - E_t] by quadrature.
double divergence(const Quadrature& rule, const torch::Tensor& teacher, const torch::Tensor& student) {
  return rule.log_integral(student) - rule.log_integral(teacher) +
         rule.gibbs(teacher).dot(student - teacher).item<double>();
}

MetricValues in_listed_order(const MetricValues& values) {
  MetricValues ordered;
  for (const auto& entry : metrics()) {
    if (const double* value = find_metric(values, entry.name)) ordered.emplace_back(entry.name, *value);
  }
  return ordered;
}

}  // namespace

torch::Tensor energy_at(Energy& energy, const torch::Tensor& points) {
  const auto result = torch::empty({points.size(0)}, points.options().dtype(torch::kDouble));
  for_each_shard(
      points.size(0),
      [&](std::int64_t, std::int64_t first, std::int64_t last) {
        const torch::NoGradGuard no_grad;
        for_each_slice(first, last, [&](std::int64_t begin, std::int64_t count) {
          result.narrow(0, begin, count).copy_(energy.forward(points.narrow(0, begin, count)));
        });
      },
      smallest_shard_for(energy, points));
  return result;
}

void Evaluator::Options::describe(Fields& fields) {
  fields.integer("every", every, Range::at_least(0),
                 "iterations between evaluations; 0: only at start and end");
  fields.integer(
      "resolution", resolution, Range::between(4, 4000),
      "latitudes of the quadrature on S² (longitudes: twice as many), half the nodes along a side on R²");
}

Evaluator::Evaluator(std::shared_ptr<Domain> domain, Dataset dataset, Options options)
    : domain_(std::move(domain)), dataset_(std::move(dataset)), options_(options) {
  fine_ = domain_->quadrature(options_.resolution);
  if (fine_) {
    coarse_ = domain_->rough_quadrature(options_.resolution);
    nodes_ = fine_->points.to(dataset_.train.options());
    coarse_nodes_ = coarse_->points.to(dataset_.train.options());
    if (dataset_.teacher) {
      teacher_ = teacher_at(nodes_);
      coarse_teacher_ = energy_at(*dataset_.teacher, coarse_nodes_.to(torch::kDouble)).cpu();
    }
  } else if (dataset_.teacher && dataset_.test.defined()) {
    teacher_ = teacher_at(dataset_.test);
  }
}

MetricValues Evaluator::evaluate(Energy& energy) const {
  const torch::NoGradGuard no_grad;
  MetricValues values;
  if (const auto* shallow = as_neuron_energy(energy)) values.emplace_back("tv", shallow->norm());
  if (fine_) {
    by_quadrature(energy, values);
  } else if (teacher_) {
    by_test_set(energy, values);
  } else if (const auto log_z = energy.log_normalizer()) {
    values.emplace_back("log_z", *log_z);
    add_likelihoods(energy, *log_z, values);
  }
  if (!find_metric(values, "log_z")) add_mean_energies(energy, values);
  require_finite(values);
  return in_listed_order(values);
}

Evaluator::TeacherValues Evaluator::teacher_at(const torch::Tensor& points) const {
  auto& teacher = *dataset_.teacher;
  const auto exact = points.to(torch::kDouble);
  const auto [energy, gradient] = energy_and_gradient_at(teacher, exact);
  return {energy, domain_->to_tangent(exact, gradient)};
}

double Evaluator::score_error(const torch::Tensor& gradient, const torch::Tensor& points,
                              const torch::Tensor& weights) const {
  const auto student = domain_->to_tangent(points.to(torch::kDouble), gradient);
  return (teacher_->score - student).square().sum(1).dot(weights).item<double>();
}

void Evaluator::by_quadrature(Energy& energy, MetricValues& values) const {
  const auto [energies, gradient] = teacher_ ? energy_and_gradient_at(energy, nodes_)
                                             : std::pair{energy_at(energy, nodes_), torch::Tensor()};
  const auto student = energies.cpu();
  const double log_z = fine_->log_integral(student);
  const auto coarse_student = energy_at(energy, coarse_nodes_).cpu();
  double error = std::abs(log_z - coarse_->log_integral(coarse_student));
  if (teacher_) {
    const auto teacher = teacher_->energy.cpu();
    const double kl = divergence(*fine_, teacher, student);
    error = std::max(error, std::abs(kl - divergence(*coarse_, coarse_teacher_, coarse_student)));
    values.emplace_back("kl", kl);
    values.emplace_back("score_error",
                        score_error(gradient, nodes_, fine_->gibbs(teacher).to(nodes_.device())));
  }
  values.emplace_back("log_z", log_z);
  add_likelihoods(energy, log_z, values);
  values.emplace_back("quadrature_error", error);
}

void Evaluator::by_test_set(Energy& energy, MetricValues& values) const {
  const auto [energies, gradient] = energy_and_gradient_at(energy, dataset_.test);
  const auto difference = energies - teacher_->energy;
  const auto count = static_cast<double>(difference.size(0));
  const double log_ratio = (-difference).logsumexp(0).item<double>() - std::log(count);  // log Z_s / Z_t
  values.emplace_back("kl", log_ratio + difference.mean().item<double>());
  if (count > 1) {
    const auto influence = (-difference - log_ratio).exp() + difference;
    values.emplace_back("kl_standard_error", influence.std().item<double>() / std::sqrt(count));
  }
  const auto weights = torch::full_like(difference, 1 / count);
  values.emplace_back("score_error", score_error(gradient, dataset_.test, weights));
  if (const auto teacher_log_z = dataset_.teacher->log_normalizer()) {
    values.emplace_back("log_z", *teacher_log_z + log_ratio);
    add_likelihoods(energy, *teacher_log_z + log_ratio, values);
  }
}

void Evaluator::add_means(Energy& energy, const std::string& name, double offset,
                          MetricValues& values) const {
  const auto add = [&](const char* part, const torch::Tensor& points) {
    if (!points.defined() || points.size(0) == 0) return;
    const auto seen = points.narrow(0, 0, std::min(points.size(0), most_rows));
    values.emplace_back(name + part, energy_at(energy, seen).mean().item<double>() + offset);
  };
  add("_test", dataset_.test);
  add("_validation", dataset_.validation);
  if (!dataset_.teacher) add("_train", dataset_.train);
}

void Evaluator::add_likelihoods(Energy& energy, double log_z, MetricValues& values) const {
  add_means(energy, "nll", log_z + domain_->log_area() - dataset_.log_determinant, values);
}

void Evaluator::add_mean_energies(Energy& energy, MetricValues& values) const {
  add_means(energy, "energy", 0, values);
}

}  // namespace ebm
