#include "dualebm/framework/sampling/composition.hpp"

#include <algorithm>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

Composition::Composition(std::vector<std::shared_ptr<const Sampler>> parts) : parts_(std::move(parts)) {
  require(!parts_.empty(), "composition: there must be at least one kernel");
}

Sampler::State Composition::init(const torch::Tensor& positions) const {
  auto state = Sampler::init(positions);
  for (const auto& part : parts_) state.memory.parts.push_back(part->init(positions).memory);
  return state;
}

Sampler::Info Composition::step(Energy& energy, const Domain& domain, State& state, Random& random,
                                double scale) const {
  Info whole;
  // The state goes from hand to hand with the memory of him who has it.
  auto memories = std::move(state.memory.parts);
  memories.resize(parts_.size());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    state.memory = std::move(memories[i]);
    auto info = parts_[i]->step(energy, domain, state, random, scale);
    memories[i] = std::move(state.memory);
    whole.gradient_evaluations += info.gradient_evaluations;
    whole.energy_evaluations += info.energy_evaluations;
    if (!whole.acceptance.defined()) whole.acceptance = info.acceptance;
    if (!whole.divergences.defined()) whole.divergences = info.divergences;
    if (info.log_importance.defined()) whole.log_importance = info.log_importance;
    whole.parts.push_back(std::move(info));
  }
  state.memory = {};
  state.memory.parts = std::move(memories);
  return whole;
}

bool Composition::exact() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part->exact(); });
}

std::optional<double> Composition::step_size(const State& state) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    State part(state.positions);
    part.adapting = state.adapting;
    if (i < state.memory.parts.size()) part.memory = state.memory.parts[i];
    if (const auto step = parts_[i]->step_size(part)) return step;
  }
  return std::nullopt;
}

}  // namespace ebm
