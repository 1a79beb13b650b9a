#include "dualebm/framework/sampling/ensemble.hpp"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/resampling.hpp"

namespace ebm {

void Ensemble::Options::describe(Fields& fields) {
  fields.number("resample_below", resample_below, Range::between(0, 1),
                "particles are drawn anew when their weights are worth a smaller part of them; 0: never");
  fields.number("normalizer_gain", normalizer_gain, Range{0, 1, false, true},
                "gain of the importance samples in the average that log Z is");
}

Ensemble::Ensemble(std::shared_ptr<const Sampler> sampler, const torch::Tensor& positions,
                   std::int64_t held_out, const Options& options)
    : sampler_(std::move(sampler)),
      options_(checked(options, "ensemble")),
      state_(sampler_->init(positions)),
      log_weights_(torch::zeros({positions.size(0)}, positions.options().dtype(torch::kDouble))),
      main_(positions.size(0) - held_out),
      log_normalizer_(options.normalizer_gain) {
  require(held_out >= 0 && main_ > 0, "ensemble: {} of {} particles cannot be held out", held_out,
          positions.size(0));
}

torch::Tensor Ensemble::group(const torch::Tensor& column, bool held_out) const {
  return held_out ? column.narrow(0, main_, column.size(0) - main_) : column.narrow(0, 0, main_);
}

Sampler::Info Ensemble::move(Energy& energy, const Domain& domain, Random& random, double scale) {
  auto info = sampler_->step(energy, domain, state_, random, scale);
  if (!state_.energy().defined()) {
    state_.keep(energies_at(energy, state_.positions), {});
    info.energy_evaluations += state_.positions.size(0);
  }
  if (info.log_importance.defined()) log_normalizer_.observe(info.log_importance);
  return info;
}

Ensemble::Change Ensemble::change(Energy& energy) const {
  const auto before = state_.energy();
  require(before.defined(), "ensemble: the particles have no energies yet; move them before the parameters");
  const torch::NoGradGuard no_grad;
  Change change;
  const auto n = state_.positions.size(0);
  if (state_.gradient().defined()) {
    std::tie(change.energy, change.gradient) = energy.value_and_gradient(state_.positions);
    change.gradient_evaluations = n;
  } else {
    change.energy = energies_at(energy, state_.positions);
    change.energy_evaluations = n;
  }
  change.difference = change.energy.to(torch::kDouble) - before.to(torch::kDouble);
  const auto w = group(log_weights_, false).softmax(0), difference = group(change.difference, false);
  change.variance = w.dot((difference - w.dot(difference)).square());
  return change;
}

bool Ensemble::follow(const Change& change, Random& random) {
  const torch::NoGradGuard no_grad;
  const bool any_held_out = main_ < state_.positions.size(0);
  const auto judges = group(log_weights_, any_held_out);
  log_normalizer_.carry_on((judges - group(change.difference, any_held_out)).logsumexp(0) -
                           judges.logsumexp(0));
  log_weights_ = log_weights_ - change.difference;
  ++state_.parameters_version;
  state_.keep(change.energy, change.gradient);
  bool any = false;
  std::vector<torch::Tensor> rows, weights;
  for (const bool held_out : {false, true}) {
    if (held_out && !any_held_out) continue;
    const auto log_weights = group(log_weights_, held_out);
    const bool uneven = ebm::effective_share(log_weights).item<double>() < options_.resample_below;
    const auto first = held_out ? main_ : 0;
    rows.push_back(first +
                   (uneven ? systematic_rows(log_weights, random)
                           : torch::arange(log_weights.size(0), log_weights.options().dtype(torch::kLong))));
    weights.push_back(uneven ? torch::zeros_like(log_weights) : log_weights - log_weights.max());
    any = any || uneven;
  }
  log_weights_ = torch::cat(weights);
  if (any) state_.select(torch::cat(rows));
  return any;
}

torch::Tensor Ensemble::held_out_positions() const { return group(state_.positions, true); }

torch::Tensor Ensemble::weights() const {
  return group(log_weights_, false).softmax(0).to(state_.positions.scalar_type());
}

double Ensemble::effective_share() const {
  return ebm::effective_share(group(log_weights_, false)).item<double>();
}

void Ensemble::set_positions(const torch::Tensor& positions) {
  require(positions.sizes() == state_.positions.sizes(),
          "ensemble: {} particles of {} coordinates, not {} of {}", state_.positions.size(0),
          state_.positions.size(1), positions.size(0), positions.size(-1));
  state_.positions = positions.to(state_.positions.options()).clone();
  state_.spare = torch::Tensor();
  log_weights_ = torch::zeros_like(log_weights_);
}

void Ensemble::save(ebm::State& saved) const {
  ebm::State state, normalizer;
  state_.save(state);
  saved.write("state", state);
  saved.write("log_weights", log_weights_.clone());
  log_normalizer_.save(normalizer);
  saved.write("normalizer", normalizer);
}

void Ensemble::load(const ebm::State& saved) {
  const auto log_weights = saved.tensor("log_weights");
  require(log_weights.sizes() == log_weights_.sizes(), "{} particles instead of {}", log_weights.numel(),
          log_weights_.numel());
  state_.load(saved.part("state"));
  log_weights_ = log_weights.to(log_weights_.options()).clone();
  log_normalizer_.load(saved.part("normalizer"));
}

}  // namespace ebm
