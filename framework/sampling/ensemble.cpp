#include "dualebm/framework/sampling/ensemble.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

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
  const auto w = normalised_weights(), difference = group(change.difference, false);
  const auto centred = difference - w.dot(difference);
  change.variance = w.dot(centred * centred);
  return change;
}

/// From logarithms to weights and their effective share.
void Ensemble::weigh() {
  weights_ = group(log_weights_, false).softmax(0);
  share_ = 1 / (static_cast<double>(main_) * weights_.dot(weights_).item<double>());
  least_share_ = std::min(least_share_, share_);
}

void Ensemble::make_equal(const torch::Tensor& log_weights) {
  log_weights_ = log_weights;
  weights_ = torch::Tensor();
  share_ = 1;
}

torch::Tensor Ensemble::normalised_weights() const {
  return weights_.defined() ? weights_
                            : torch::full({main_}, 1 / static_cast<double>(main_), log_weights_.options());
}

bool Ensemble::follow(const Change& change, Random& random) {
  const torch::NoGradGuard no_grad;
  const auto judges = group(log_weights_, any_held_out());
  log_normalizer_.carry_on((judges - group(change.difference, any_held_out())).logsumexp(0) -
                           judges.logsumexp(0));
  log_weights_ = log_weights_ - change.difference;
  ++state_.parameters_version;
  state_.keep(change.energy, change.gradient);
  weigh();
  bool any = false;
  std::vector<torch::Tensor> rows, logarithms;
  for (const bool held_out : {false, true}) {
    if (held_out && !any_held_out()) continue;
    const auto mine = group(log_weights_, held_out);
    const bool uneven =
        (held_out ? ebm::effective_share(mine).item<double>() : share_) < options_.resample_below;
    const auto first = held_out ? main_ : 0;
    rows.push_back(first + (uneven ? systematic_rows(mine, random)
                                   : torch::arange(mine.size(0), mine.options().dtype(torch::kLong))));
    logarithms.push_back(uneven ? torch::zeros_like(mine) : mine - mine.max());
    any = any || uneven;
  }
  if (!any) return false;
  state_.select(torch::cat(rows));
  log_weights_ = torch::cat(logarithms);
  weigh();
  return true;
}

torch::Tensor Ensemble::weights() const { return normalised_weights().to(state_.positions.scalar_type()); }

void Ensemble::set_positions(const torch::Tensor& positions) {
  require(positions.sizes() == state_.positions.sizes() ||
              (!any_held_out() && positions.dim() == 2 && positions.size(1) == state_.positions.size(1)),
          "ensemble: {} particles of {} coordinates, not {} of {}", state_.positions.size(0),
          state_.positions.size(1), positions.size(0), positions.size(-1));
  main_ += positions.size(0) - state_.positions.size(0);
  auto fresh = sampler_->init(positions.to(state_.positions.options()));
  if (positions.size(0) == state_.positions.size(0)) {
    fresh.memory = state_.memory;
  } else {
    fresh.memory.take_values(state_.memory);
  }
  fresh.adapting = state_.adapting;
  fresh.parameters_version = state_.parameters_version;
  state_ = fresh;
  make_equal(torch::zeros({positions.size(0)}, log_weights_.options()));
}

void Ensemble::save(ebm::State& saved) const {
  ebm::State state, normalizer;
  state_.save(state);
  saved.write("state", state);
  saved.write("log_weights", log_weights_.clone());
  log_normalizer_.save(normalizer);
  saved.write("normalizer", normalizer);
  saved.write("least_share", least_share_);
  saved.write("weighted", std::int64_t{weights_.defined()});
}

void Ensemble::load(const ebm::State& saved) {
  const auto log_weights = saved.tensor("log_weights");
  require(log_weights.dim() == 1 && (log_weights.sizes() == log_weights_.sizes() || !any_held_out()),
          "{} particles instead of {}", log_weights.numel(), log_weights_.numel());
  state_.load(saved.part("state"));
  require(state_.positions.size(0) == log_weights.size(0), "{} particles with {} weights",
          state_.positions.size(0), log_weights.size(0));
  main_ += log_weights.size(0) - log_weights_.size(0);
  log_weights_ = log_weights.to(log_weights_.options()).clone();
  log_normalizer_.load(saved.part("normalizer"));
  make_equal(log_weights_);
  if (saved.integer("weighted") != 0) weigh();
  least_share_ = saved.number("least_share");
}

}  // namespace ebm
