#include "dualebm/framework/training/guards/deferred_guard.hpp"
#include "dualebm/framework/problem/parameters.hpp"

#include <ATen/ATen.h>

namespace ebm {

DeferredGuard::DeferredGuard(const Energy& energy) {
  const auto parameters = distinct_parameters(energy);
  const auto number = torch::TensorOptions(torch::kLong).device(parameters.front().device());
  iteration_ = torch::zeros({}, number);
  first_ = torch::full({2, static_cast<std::int64_t>(parameters.size())}, never, number);
  for (const auto& parameter : parameters) kept_.push_back(parameter.detach().clone());
}

void DeferredGuard::resume_at(std::int64_t iteration) {
  iteration_.fill_(iteration);
  first_.fill_(never);
}

void DeferredGuard::check_gradients(const Energy& energy, std::int64_t, const LikelyCause&) {
  const torch::NoGradGuard no_grad;
  iteration_.add_(1);
  note(energy, of_gradients);
  const auto parameters = distinct_parameters(energy);
  for (std::size_t i = 0; i < kept_.size(); ++i) kept_[i].copy_(parameters[i]);
}

void DeferredGuard::check_parameters(Energy& energy, std::int64_t, const LikelyCause&) {
  const torch::NoGradGuard no_grad;
  note(energy, of_parameters);
  const auto good = first_.min() == never;
  auto live = distinct_parameters(energy);
  for (std::size_t i = 0; i < kept_.size(); ++i) live[i].copy_(torch::where(good, live[i], kept_[i]));
}

// Every operator here is a launch of some two microseconds in every iteration: as few as there can be.
void DeferredGuard::note(const Energy& energy, Stage stage) {
  std::vector<torch::Tensor> sums;
  for (const auto& parameter : distinct_parameters(energy)) {
    const auto& tensor = stage == of_gradients ? parameter.grad() : parameter;
    sums.push_back(tensor.defined() ? tensor.sum(torch::kDouble)
                                    : torch::zeros({}, first_.options().dtype(torch::kDouble)));
  }
  const auto all = torch::stack(sums);
  const auto first = first_.select(0, stage);
  // What is not finite is no number once it is taken from itself.
  first.copy_(torch::where((all - all) == 0, first, torch::minimum(first, iteration_)));
}

void DeferredGuard::report(const Energy& energy, const LikelyCause& likely_cause) const {
  const auto first = first_.cpu();
  const auto iteration = first.min().item<std::int64_t>();
  if (iteration == never) return;
  const auto place = first.flatten().argmin().item<std::int64_t>();
  const auto named = named_distinct_parameters(energy);
  const auto count = static_cast<std::int64_t>(named.size());
  throw_non_finite(iteration, place / count == of_gradients,
                   named[static_cast<std::size_t>(place % count)].name, likely_cause);
}

}  // namespace ebm
