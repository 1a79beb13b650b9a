#include "dualebm/framework/training/spread_state.hpp"

#include "dualebm/framework/base/fingerprint.hpp"

namespace ebm {
namespace {

/// Everywhere in a state of a training where a part of `trainer` may be: now, and in its good states.
constexpr const char* places_of_trainer[] = {"trainer", "good_0.trainer", "good_1.trainer"};

}  // namespace

void gather_particles(State& state, const Trainer& trainer) {
  if (trainer.ranks().size() == 1 || trainer.why_one_rank()) return;
  for (const std::string place : places_of_trainer) {
    if (!state.has(place)) continue;
    const auto rows = rank_rows(state.integer(place + ".count"), trainer.ranks());
    for (const auto& name : trainer.spread_tensors()) {
      const auto path = place + "." + name;
      if (const auto all = gather_rows(state.tensor(path), rows, trainer.ranks()); all.defined())
        state.write(path, all);
    }
  }
}

State with_own_particles(const State& whole, const Trainer& trainer) {
  State state = whole;
  if (trainer.ranks().size() == 1 || trainer.why_one_rank()) return state;
  for (const std::string place : places_of_trainer) {
    if (!state.has(place)) continue;
    for (const auto& name : trainer.spread_tensors()) {
      const auto path = place + "." + name;
      const auto all = state.tensor(path);
      state.write(path, rank_rows(all.size(0), trainer.ranks()).of(all).clone());
      state.write(place + ".count", all.size(0));
    }
  }
  return state;
}

void require_same_parameters(const Trainer& trainer) {
  if (trainer.ranks().size() == 1) return;
  Fingerprint fingerprint;
  for (const auto& parameter : trainer.energy().parameters()) {
    const auto dense = parameter.detach().contiguous();
    fingerprint.add(dense.data_ptr(), dense.nbytes());
  }
  require_same(trainer.ranks(), "parameters: are their machines of one kind?", fingerprint.text());
}

}  // namespace ebm
