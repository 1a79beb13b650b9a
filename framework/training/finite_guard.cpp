#include "dualebm/framework/training/finite_guard.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

[[noreturn]] void throw_non_finite(std::int64_t iteration, bool gradient, const std::string& parameter,
                                   const std::string& likely_cause) {
  throw NonFiniteError(fmt::format("iteration {}: the {} \"{}\" is not finite; likely cause: {}", iteration,
                                   gradient ? "gradient of" : "parameter", parameter, likely_cause));
}

}  // namespace

FiniteGuard::FiniteGuard(const Energy& energy, bool deferred) : deferred_(deferred) {
  const auto parameters = energy.parameters();
  if (parameters.empty()) deferred_ = false;
  if (!deferred_) return;
  const auto number = torch::TensorOptions(torch::kLong).device(parameters.front().device());
  iteration_ = torch::zeros({}, number);
  first_ = torch::zeros({}, number);
  for (const auto& parameter : parameters) kept_.push_back(parameter.detach().clone());
}

void FiniteGuard::resume_at(std::int64_t iteration) {
  if (!deferred_) return;
  iteration_.fill_(iteration);
  first_.zero_();  // what was found belongs to the run before
}

void FiniteGuard::check_gradients(const Energy& energy, std::int64_t iteration,
                                  const std::string& likely_cause) {
  if (!deferred_) return throw_at_once(energy, of_gradients, iteration, likely_cause);
  const torch::NoGradGuard no_grad;
  iteration_.add_(1);
  note(energy, of_gradients);
  const auto parameters = energy.parameters();
  for (std::size_t i = 0; i < kept_.size(); ++i) kept_[i].copy_(parameters[i]);
}

void FiniteGuard::check_parameters(Energy& energy, std::int64_t iteration, const std::string& likely_cause) {
  if (!deferred_) return throw_at_once(energy, of_parameters, iteration, likely_cause);
  const torch::NoGradGuard no_grad;
  note(energy, of_parameters);
  const auto good = first_ == 0;
  auto live = energy.parameters();
  for (std::size_t i = 0; i < kept_.size(); ++i) live[i].copy_(torch::where(good, live[i], kept_[i]));
}

void FiniteGuard::throw_at_once(const Energy& energy, Stage stage, std::int64_t iteration,
                                const std::string& likely_cause) const {
  for (const auto& parameter : energy.named_parameters()) {
    const auto& tensor = stage == of_gradients ? parameter.value().grad() : parameter.value();
    if (!tensor.defined() || std::isfinite(tensor.sum().item<double>())) continue;
    throw_non_finite(iteration, stage == of_gradients, parameter.key(), likely_cause);
  }
}

void FiniteGuard::note(const Energy& energy, Stage stage) {
  std::vector<torch::Tensor> sums;
  for (const auto& parameter : energy.parameters()) {
    const auto& tensor = stage == of_gradients ? parameter.grad() : parameter;
    sums.push_back(tensor.defined() ? tensor.sum().to(torch::kDouble)
                                    : torch::zeros({}, first_.options().dtype(torch::kDouble)));
  }
  const auto bad = torch::stack(sums).isfinite().logical_not().to(torch::kInt);
  const auto count = static_cast<std::int64_t>(sums.size());
  const auto found = (iteration_ * 2 + stage) * count + bad.argmax() + 1;
  first_.copy_(torch::where((first_ == 0).logical_and(bad.any()), found, first_));
}

void FiniteGuard::report(const Energy& energy, const std::string& likely_cause) const {
  if (!deferred_) return;
  const auto code = first_.item<std::int64_t>() - 1;
  if (code < 0) return;
  const auto named = energy.named_parameters();
  const auto count = static_cast<std::int64_t>(named.size());
  throw_non_finite(code / count / 2, code / count % 2 == of_gradients,
                   named[static_cast<std::size_t>(code % count)].key(), likely_cause);
}

}  // namespace ebm
