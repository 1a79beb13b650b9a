#include "dualebm/framework/training/optimizers/optimizer_state.hpp"

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <typeinfo>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/training/optimizers/libtorch_state_key.hpp"

namespace ebm {
namespace {

using torch::optim::OptimizerParamState;

/// Goes over what one kind of optimizer remembers of a parameter. `visit` is called with a name, a getter's
/// value and a setter for each.
template <class Kind, class Visit>
void walk(Kind& kind, Visit visit) {
  const auto step = [&](auto& counted) {
    visit("step", counted.step(), [&](std::int64_t value) { counted.step(value); });
  };
  if constexpr (std::is_same_v<Kind, torch::optim::AdamParamState> ||
                std::is_same_v<Kind, torch::optim::AdamWParamState>) {
    step(kind);
    visit("mean", kind.exp_avg(), [&](const torch::Tensor& value) { kind.exp_avg(value); });
    visit("mean_square", kind.exp_avg_sq(), [&](const torch::Tensor& value) { kind.exp_avg_sq(value); });
    visit("largest_mean_square", kind.max_exp_avg_sq(),
          [&](const torch::Tensor& value) { kind.max_exp_avg_sq(value); });
  } else if constexpr (std::is_same_v<Kind, torch::optim::SGDParamState>) {
    visit("momentum", kind.momentum_buffer(),
          [&](const torch::Tensor& value) { kind.momentum_buffer(value); });
  } else if constexpr (std::is_same_v<Kind, torch::optim::RMSpropParamState>) {
    step(kind);
    visit("mean_square", kind.square_avg(), [&](const torch::Tensor& value) { kind.square_avg(value); });
    visit("momentum", kind.momentum_buffer(),
          [&](const torch::Tensor& value) { kind.momentum_buffer(value); });
    visit("mean", kind.grad_avg(), [&](const torch::Tensor& value) { kind.grad_avg(value); });
  } else {
    step(kind);
    visit("sum_of_squares", kind.sum(), [&](const torch::Tensor& value) { kind.sum(value); });
  }
}

/// Calls body(kind) with the state as the one of the known kinds that it is. @return whether it is one
template <class Body>
bool with_known_kind(OptimizerParamState& state, Body body) {
  const auto attempt = [&]<class Kind>(Kind*) {
    auto* kind = dynamic_cast<Kind*>(&state);
    if (kind != nullptr) body(*kind);
    return kind != nullptr;
  };
  return attempt(static_cast<torch::optim::AdamParamState*>(nullptr)) ||
         attempt(static_cast<torch::optim::AdamWParamState*>(nullptr)) ||
         attempt(static_cast<torch::optim::SGDParamState*>(nullptr)) ||
         attempt(static_cast<torch::optim::RMSpropParamState*>(nullptr)) ||
         attempt(static_cast<torch::optim::AdagradParamState*>(nullptr));
}

/// An empty state of the kind that an optimizer makes at its first step; null for one that makes none here.
std::unique_ptr<OptimizerParamState> fresh_state(const torch::optim::Optimizer& optimizer) {
  using namespace torch::optim;
  if (dynamic_cast<const Adam*>(&optimizer)) return std::make_unique<AdamParamState>();
  if (dynamic_cast<const AdamW*>(&optimizer)) return std::make_unique<AdamWParamState>();
  if (dynamic_cast<const SGD*>(&optimizer)) return std::make_unique<SGDParamState>();
  if (dynamic_cast<const RMSprop*>(&optimizer)) return std::make_unique<RMSpropParamState>();
  if (dynamic_cast<const Adagrad*>(&optimizer)) return std::make_unique<AdagradParamState>();
  return nullptr;
}

template <class Body>
void for_each_parameter(const torch::optim::Optimizer& optimizer, Body body) {
  std::int64_t index = 0;
  for (const auto& group : optimizer.param_groups()) {
    for (const auto& parameter : group.params()) body(fmt::format("{}", index++), parameter);
  }
}

}  // namespace

State state_of(const torch::optim::Optimizer& optimizer) {
  State result;
  result.write("kind", std::string(typeid(optimizer).name()));
  if (const auto* own = dynamic_cast<const OptimizerWithState*>(&optimizer)) {
    own->save(result);
    return result;
  }
  const auto& states = optimizer.state();
  for_each_parameter(optimizer, [&](const std::string& index, const torch::Tensor& parameter) {
    const auto found = states.find(state_key(parameter));
    if (found == states.end()) return;
    State part;
    const bool known = with_known_kind(*found->second, [&](auto& kind) {
      walk(kind, [&](const char* name, const auto& value, auto) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, torch::Tensor>) {
          if (value.defined()) part.write(name, value);
        } else {
          part.write(name, std::int64_t{value});
        }
      });
    });
    require(known,
            "checkpoint: what the optimizer {} remembers is of a kind that this program cannot write; "
            "train without checkpoints (checkpoint_every 0 and no run directory)",
            typeid(optimizer).name());
    part.write("there", std::int64_t{1});
    result.write(index, part);
  });
  return result;
}

void restore(torch::optim::Optimizer& optimizer, const State& state) {
  require(state.text("kind") == typeid(optimizer).name(), "it is of another optimizer");
  if (auto* own = dynamic_cast<OptimizerWithState*>(&optimizer)) return own->load(state);
  for_each_parameter(optimizer, [&](const std::string& index, const torch::Tensor& parameter) {
    if (!state.has(index)) {
      optimizer.state().erase(state_key(parameter));
      return;
    }
    const auto part = state.part(index);
    auto fresh = fresh_state(optimizer);
    require(fresh != nullptr, "the optimizer remembers nothing, but the checkpoint does");
    with_known_kind(*fresh, [&](auto& kind) {
      walk(kind, [&](const char* name, const auto& value, auto set) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, torch::Tensor>) {
          if (part.has(name)) set(part.tensor_like(name, parameter.detach()).clone());
        } else {
          set(part.integer(name));
        }
      });
    });
    optimizer.state()[state_key(parameter)] = std::move(fresh);
  });
}

}  // namespace ebm
