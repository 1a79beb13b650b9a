#include "dualebm/framework/sampling/tempering.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/hamiltonian.hpp"

namespace ebm {
namespace {

// Of the ladder's spacings, while rejections are being learnt.
constexpr double ladder_gain = 0.2, ladder_delay = 100, least_ladder_gain = 0.01;

/// β_0 ... β_{K-1} from the logarithms of the spacings: they sum to one. [K], double.
torch::Tensor ladder(const torch::Tensor& log_spacings) {
  const auto steps = log_spacings.softmax(0);
  return torch::cat({torch::ones({1}, steps.options()), 1 - steps.cumsum(0).narrow(0, 0, steps.size(0) - 1),
                     torch::zeros({1}, steps.options())});
}

std::shared_ptr<const BaseProposal> base_of(const SamplerContext& context) {
  require(context.data.defined() || context.domain->has_probability_base(),
          "tempering: the base on {} is fitted to data, and there are none here", context.domain->name());
  return std::make_shared<BaseProposal>(BaseProposal::around(context.domain, context.data));
}

}  // namespace

void Tempering::Options::describe(Fields& fields) {
  fields.integer("levels", levels, Range::at_least(2), "temperatures, with the model and the base");
  fields.number("step_size", step_size, Range::positive(),
                "step size h of MALA at the start; every level adapts its own");
  fields.number("target_acceptance", target_acceptance, Range{0, 1, false, false},
                "mean acceptance that h is adapted to");
}

Tempering::Tempering(const SamplerContext& context, const Options& options)
    : Tempering(base_of(context), options) {}

Tempering::Tempering(std::shared_ptr<const BaseProposal> base, const Options& options)
    : base_(std::move(base)),
      levels_(checked(options, "tempering").levels),
      adaptation_(options.step_size, options.target_acceptance, options.levels - 1) {}

std::optional<double> Tempering::step_size(const State& state) const {
  return adaptation_.value(state, state.memory);
}

Sampler::Info Tempering::step(Energy& energy, const Domain& domain, State& state, Random& random,
                              double scale) const {
  const torch::NoGradGuard no_grad;
  Info info;
  prepare(energy, state, random, info);
  move(energy, domain, state, random, scale, info);
  redraw(energy, state, random, info);
  exchange(state, random);
  return info;
}

/// Replicas [N, K - 1, d] with their energies [N, K - 1] and gradients [N, K - 1, d].
void Tempering::prepare(Energy& energy, State& state, Random& random, Info& info) const {
  auto& columns = state.memory.columns;
  auto& values = state.memory.values;
  const auto& x = state.positions;
  if (columns.find("replicas") == columns.end()) {
    values["version"] = torch::full({}, -1, torch::kLong);
    columns["replicas"] = x.unsqueeze(1).repeat({1, levels_ - 1, 1});
    columns["replicas"].select(1, levels_ - 2).copy_(base_->sample(x.size(0), random, x.options()));
  }
  if (values.find("log_spacings") == values.end()) {
    values["log_spacings"] = torch::zeros({levels_ - 1}, x.options().dtype(torch::kDouble));
    values["exchanges"] = torch::zeros({}, x.options().dtype(torch::kDouble));
    values["parity"] = torch::zeros({}, torch::kLong);
  }
  energy_and_gradient(energy, state, info);
  // A version of its own: the parameters may have moved since the replicas were looked at.
  if (values.at("version").item<std::int64_t>() == state.parameters_version) return;
  const auto& replicas = columns.at("replicas");
  const auto [e, g] = energy.value_and_gradient(replicas.reshape({-1, x.size(1)}));
  info.gradient_evaluations += e.size(0);
  columns["replica_energy"] = e.reshape({x.size(0), levels_ - 1});
  columns["replica_gradient"] = g.reshape(replicas.sizes());
  values["version"] = torch::full({}, state.parameters_version, torch::kLong);
}

/// MALA at all levels but the last, as one batch.
void Tempering::move(Energy& energy, const Domain& domain, State& state, Random& random, double scale,
                     Info& info) const {
  auto& columns = state.memory.columns;
  const auto n = state.positions.size(0), d = state.positions.size(1), k = levels_ - 1;
  const auto options = state.positions.options();
  // Level by level, so that a level is a block of rows.
  const auto stacked = [&](const torch::Tensor& first, const torch::Tensor& others) {
    const auto rest = others.narrow(1, 0, k - 1).transpose(0, 1);
    return torch::cat({first.unsqueeze(0), rest})
        .reshape(first.dim() == 1 ? std::vector<std::int64_t>{-1} : std::vector<std::int64_t>{-1, d});
  };
  const auto x = stacked(state.positions, columns.at("replicas"));
  const auto e = stacked(state.energy(), columns.at("replica_energy"));
  const auto g = stacked(state.gradient(), columns.at("replica_gradient"));
  const auto per_row = [&](const torch::Tensor& levels) { return levels.to(options).repeat_interleave(n); };
  const auto beta = per_row(ladder(state.memory.values.at("log_spacings")).narrow(0, 0, k));
  torch::Tensor last_e, last_g;
  const auto tempered = [&](const torch::Tensor& points, const torch::Tensor& value,
                            const torch::Tensor& slope) {
    const auto base = -base_->log_density(points).to(options);
    return std::pair(beta * value + (1 - beta) * base,
                     beta.unsqueeze(1) * slope + (1 - beta).unsqueeze(1) * base_->gradient(points));
  };
  const auto target = [&](const torch::Tensor& points) {
    std::tie(last_e, last_g) = energy.value_and_gradient(points);
    return tempered(points, last_e, last_g);
  };
  const auto steps = adaptation_.step(state, state.memory);
  const auto epsilon = per_row((2 * scale * steps).sqrt()).unsqueeze(1);
  const Leapfrog rule{domain, epsilon, 1, torch::ones({d}, options)};
  const auto [value, slope] = tempered(x, e, g);
  const auto there = trajectory(target, {x, draw_velocities(rule, x, random), value, slope}, rule);
  info.gradient_evaluations += x.size(0);
  const auto decision = decide(there.log_ratio, random);
  report(decision, there.log_ratio, info);
  const auto acceptance = decision.probability.reshape({k, n}).mean(1);
  info.acceptance = acceptance[0];
  adaptation_.learn(state, state.memory, acceptance);
  const auto& accepted = decision.accepted;
  const auto moved = chosen(accepted, there.end.positions, x).reshape({k, n, d});
  const auto moved_e = chosen(accepted, last_e, e).reshape({k, n});
  const auto moved_g = chosen(accepted, last_g, g).reshape({k, n, d});
  const auto with_last = [&](const torch::Tensor& levels, const torch::Tensor& old) {
    return torch::cat({levels.narrow(0, 1, k - 1).transpose(0, 1), old.narrow(1, k - 1, 1)}, 1);
  };
  columns["replicas"] = with_last(moved, columns.at("replicas"));
  columns["replica_energy"] = with_last(moved_e, columns.at("replica_energy"));
  columns["replica_gradient"] = with_last(moved_g, columns.at("replica_gradient"));
  state.positions = moved[0].contiguous();
  state.keep(moved_e[0].contiguous(), moved_g[0].contiguous());
}

/// Fresh replicas at β = 0.
void Tempering::redraw(Energy& energy, State& state, Random& random, Info& info) const {
  auto& columns = state.memory.columns;
  const auto n = state.positions.size(0);
  const auto y = base_->sample(n, random, state.positions.options());
  const auto [e, g] = energy.value_and_gradient(y);
  info.gradient_evaluations += n;
  info.log_importance = -e.to(torch::kDouble) - base_->log_density(y);
  columns.at("replicas").select(1, levels_ - 2).copy_(y);
  columns.at("replica_energy").select(1, levels_ - 2).copy_(e);
  columns.at("replica_gradient").select(1, levels_ - 2).copy_(g);
}

void Tempering::exchange(State& state, Random& random) const {
  auto& columns = state.memory.columns;
  auto& values = state.memory.values;
  const auto n = state.positions.size(0), d = state.positions.size(1),
             parity = values.at("parity").item<std::int64_t>();
  auto x = torch::cat({state.positions.unsqueeze(1), columns.at("replicas")}, 1);
  auto e = torch::cat({state.energy().unsqueeze(1), columns.at("replica_energy")}, 1);
  auto g = torch::cat({state.gradient().unsqueeze(1), columns.at("replica_gradient")}, 1);
  const auto base = -base_->log_density(x.reshape({-1, d})).reshape({n, levels_});
  const auto difference = e.to(torch::kDouble) - base;
  const auto beta = ladder(values.at("log_spacings"));
  const auto k = levels_ - 1;
  const auto log_ratio = (beta.narrow(0, 0, k) - beta.narrow(0, 1, k)) *
                         (difference.narrow(1, 0, k) - difference.narrow(1, 1, k));
  const auto usable = torch::isfinite(log_ratio);
  const auto decision =
      decide(torch::where(usable, log_ratio, torch::full_like(log_ratio, -HUGE_VAL)), random);
  // Pair k is (k, k + 1); of this turn every second one.
  const auto pairs = torch::arange(k, torch::TensorOptions(torch::kLong).device(x.device()));
  const auto swaps = decision.accepted.logical_and(pairs.remainder(2) == parity);
  const auto nobody = torch::zeros({n, 1}, swaps.options());
  const auto down = torch::cat({swaps, nobody}, 1).to(torch::kLong),
             up = torch::cat({nobody, swaps}, 1).to(torch::kLong);
  const auto levels = torch::arange(levels_, pairs.options()) + down - up;  // whose place each level takes
  const auto rows = levels.unsqueeze(2).expand({n, levels_, d});
  x = x.gather(1, rows);
  g = g.gather(1, rows);
  e = e.gather(1, levels);
  columns["replicas"] = x.narrow(1, 1, k).contiguous();
  columns["replica_energy"] = e.narrow(1, 1, k).contiguous();
  columns["replica_gradient"] = g.narrow(1, 1, k).contiguous();
  state.positions = x.select(1, 0).contiguous();
  state.keep(e.select(1, 0).contiguous(), g.select(1, 0).contiguous());
  values["parity"] = torch::full({}, 1 - parity, torch::kLong);
  if (!state.adapting) return;
  // Neighbours that are refused more often than others come closer.
  const auto rejection = 1 - decision.probability.mean(0);
  const auto count = values.at("exchanges") + 1;
  const auto gain = (ladder_gain * ladder_delay / (ladder_delay + count)).clamp_min(least_ladder_gain);
  values["log_spacings"] = values.at("log_spacings") - gain * (rejection - rejection.mean());
  values["exchanges"] = count;
}

}  // namespace ebm
