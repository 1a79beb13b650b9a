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

void Sampler::State::save(torch::serialize::OutputArchive& archive) const {
  archive.write("positions", positions, /*is_buffer=*/true);
  if (energy().defined()) archive.write("energy", energy(), /*is_buffer=*/true);
  if (gradient().defined()) archive.write("gradient", gradient(), /*is_buffer=*/true);
  archive.write("parameters_version", c10::IValue(parameters_version));
  archive.write("adapting", c10::IValue(adapting));
  torch::serialize::OutputArchive kept;
  memory.save(kept);
  archive.write("memory", kept);
}

void Sampler::State::load(torch::serialize::InputArchive& archive) {
  State read(positions);
  torch::Tensor e, g;
  c10::IValue value;
  archive.read("positions", read.positions, /*is_buffer=*/true);
  require(!positions.defined() || (read.positions.dim() == 2 && read.positions.size(1) == positions.size(1)),
          "particles of {} coordinates instead of {}", read.positions.size(-1),
          positions.defined() ? positions.size(1) : 0);
  if (positions.defined()) read.positions = read.positions.to(positions.options());
  if (archive.try_read("energy", e, true)) e = e.to(read.positions.options());
  if (archive.try_read("gradient", g, true)) g = g.to(read.positions.options());
  archive.read("parameters_version", value);
  read.parameters_version = value.toInt();
  archive.read("adapting", value);
  read.adapting = value.toBool();
  torch::serialize::InputArchive kept;
  archive.read("memory", kept);
  read.memory.load(kept);
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
      smallest_shard_for(x));
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
