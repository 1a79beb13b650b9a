#include "dualebm/framework/sampling/sampler.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {

bool Sampler::State::known() const {
  return energy_.defined() && kept_for_ == parameters_version && kept_at_.is_same(positions) &&
         kept_at_change_ == positions._version();
}

void Sampler::State::keep(const torch::Tensor& energy, const torch::Tensor& gradient) {
  energy_ = energy;
  gradient_ = gradient;
  kept_at_ = positions;
  kept_at_change_ = static_cast<std::uint32_t>(positions._version());
  kept_for_ = parameters_version;
}

void Sampler::State::select(const torch::Tensor& rows) {
  const auto e = energy(), g = gradient();
  positions = positions.index_select(0, rows);
  spare = torch::Tensor();
  memory.select(rows);
  if (e.defined()) keep(e.index_select(0, rows), g.defined() ? g.index_select(0, rows) : g);
}

void Sampler::State::save(ebm::State& saved) const {
  saved.write("positions", positions.clone());
  if (energy().defined()) saved.write("energy", energy().clone());
  if (gradient().defined()) saved.write("gradient", gradient().clone());
  saved.write("parameters_version", parameters_version);
  saved.write("adapting", std::int64_t{adapting});
  ebm::State kept;
  memory.save(kept);
  saved.write("memory", kept);
}

void Sampler::State::load(const ebm::State& saved) {
  State read(saved.tensor("positions").clone());
  require(!positions.defined() || (read.positions.dim() == 2 && read.positions.size(1) == positions.size(1)),
          "particles of {} coordinates instead of {}", read.positions.size(-1),
          positions.defined() ? positions.size(1) : 0);
  if (positions.defined()) read.positions = read.positions.to(positions.options());
  torch::Tensor e, g;
  if (saved.has("energy")) e = saved.tensor("energy").to(read.positions.options()).clone();
  if (saved.has("gradient")) g = saved.tensor("gradient").to(read.positions.options()).clone();
  read.parameters_version = saved.integer("parameters_version");
  read.adapting = saved.integer("adapting") != 0;
  read.memory.load(saved.part("memory"));
  if (e.defined()) read.keep(e, g);
  *this = read;
}

torch::Tensor energies_at(Energy& energy, const torch::Tensor& x) {
  const torch::NoGradGuard no_grad_here;
  const auto values = torch::empty({x.size(0)}, x.options());
  for_each_shard(
      x.size(0),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard no_grad;
        values.narrow(0, begin, end - begin).copy_(energy.forward(x.narrow(0, begin, end - begin)));
      },
      smallest_shard_for(energy, x));
  return values;
}

std::pair<torch::Tensor, torch::Tensor> energy_and_gradient(Energy& energy, Sampler::State& state,
                                                            Sampler::Info& info) {
  if (!state.gradient().defined()) {
    const auto [value, gradient] = energy.value_and_gradient(state.positions);
    state.keep(value, gradient);
    info.gradient_evaluations += state.positions.size(0);
  }
  return {state.energy(), state.gradient()};
}

}  // namespace ebm
