#include "dualebm/framework/sampling/row_transition.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/sampling/leapfrog_rows.hpp"

namespace ebm {
namespace {

// Numbers of rows that are worked on at a time, to stay in the first-level cache.
constexpr std::int64_t numbers_in_cache = 2048;
constexpr std::int64_t smallest_share = 256;  // rows
constexpr double far_too_steep = -1000;       // nats, as in hamiltonian.cpp

bool on_great_circles(const Domain& domain) { return dynamic_cast<const Sphere*>(&domain) != nullptr; }

struct Outcomes {
  double probability = 0;
  std::int64_t divergences = 0;
};

/// One transition of all rows. Positions, gradients and energies of the proposals are made where the next
/// state will have them; those of particles whose proposals are rejected are written over.
template <class Real>
class RowTransition {
 public:
  RowTransition(Energy& energy, const Leapfrog& leapfrog, const torch::Tensor& x, const torch::Tensor& value,
                const torch::Tensor& gradient, Random& random)
      : energy_(energy),
        x_(x.contiguous()),
        value_(value.contiguous()),
        gradient_(gradient.contiguous()),
        y_(torch::empty_like(x_)),
        end_value_(torch::empty_like(value_)),
        end_gradient_(torch::empty_like(x_)),
        steps_((leapfrog.step.to(torch::kDouble) * leapfrog.variances.to(torch::kDouble).sqrt())
                   .expand({x.size(1)})
                   .to(x.scalar_type())
                   .contiguous()),
        noise_(random.normals()),
        tests_(random.normals()),
        rule_{x.size(1), steps_.template data_ptr<Real>(), on_great_circles(leapfrog.domain)},
        counts_(static_cast<std::size_t>(shard_count(x.size(0), smallest_share))) {}

  void run() {
    const auto n = x_.size(0), d = rule_.dimension;
    if (const auto gradient_at = energy_.row_gradient(x_)) {
      const auto piece = std::clamp<std::int64_t>(numbers_in_cache / d / 64 * 64, 64, 1024);
      for_each_shard(
          n,
          [&](std::int64_t shard, std::int64_t first, std::int64_t last) {
            const auto most = std::min(piece, last - first);
            std::vector<Real> noise(static_cast<std::size_t>(most * d)), velocities(noise.size()),
                kinetic(static_cast<std::size_t>(most));
            for (auto begin = first; begin < last; begin += piece) {
              const auto count = std::min(piece, last - begin);
              propose(begin, count, noise.data(), velocities.data(), kinetic.data());
              gradient_at({row(y_, begin), count, d}, {row(end_gradient_, begin), count, d},
                          {end_value_.template data_ptr<Real>() + begin, count, 1});
              decide(begin, count, velocities.data(), kinetic.data(), counts_[std::size_t(shard)]);
            }
          },
          smallest_share);
      return;
    }
    const auto velocities = torch::empty_like(x_), kinetic = torch::empty_like(value_);
    Real *const v = velocities.template data_ptr<Real>(), *const k = kinetic.template data_ptr<Real>();
    const auto each = [&](auto body) {
      for_each_shard(
          n, [&](auto shard, auto first, auto last) { body(shard, first, last - first); }, smallest_share);
    };
    each([&](auto, auto first, auto count) {
      std::vector<Real> noise(static_cast<std::size_t>(count * d));
      propose(first, count, noise.data(), v + first * d, k + first);
    });
    const auto [there, slope] = energy_.value_and_gradient(y_);
    end_value_.copy_(there);
    end_gradient_.copy_(slope);
    each([&](auto shard, auto first, auto count) {
      decide(first, count, v + first * d, k + first, counts_[std::size_t(shard)]);
    });
  }

  /// The next state, once it has run, and what there is to say about it.
  void give(Sampler::State& state, Sampler::Info& info) const {
    state.positions = y_;
    state.keep(end_value_, end_gradient_);
    Outcomes all;
    for (const auto& part : counts_) {
      all.probability += part.probability;
      all.divergences += part.divergences;
    }
    info.acceptance = torch::full({}, all.probability / static_cast<double>(x_.size(0)), torch::kDouble);
    info.divergences = torch::full({}, all.divergences, torch::kLong);
  }

 private:
  Real* row(const torch::Tensor& matrix, std::int64_t number) const {
    return matrix.template data_ptr<Real>() + number * rule_.dimension;
  }

  void propose(std::int64_t begin, std::int64_t count, Real* noise, Real* velocities, Real* kinetic) const {
    noise_.fill(begin * rule_.dimension, count * rule_.dimension, noise);
    rule_.propose(row(x_, begin), row(gradient_, begin), noise, count, velocities, row(y_, begin), kinetic);
  }

  void decide(std::int64_t begin, std::int64_t count, const Real* velocities, const Real* kinetic,
              Outcomes& counts) const {
    const auto d = rule_.dimension;
    std::vector<double> ratios(static_cast<std::size_t>(count));
    std::vector<Real> pairs(static_cast<std::size_t>(2 * count));
    tests_.fill(2 * begin, 2 * count, pairs.data());
    const Real* const before = value_.template data_ptr<Real>() + begin;
    Real* const after = end_value_.template data_ptr<Real>() + begin;
    rule_.log_ratios(row(y_, begin), row(end_gradient_, begin), velocities, count, kinetic, before, after,
                     ratios.data());
    for (std::int64_t i = 0; i < count; ++i) {
      const double ratio = ratios[std::size_t(i)];
      const bool usable = std::isfinite(after[i]) && !std::isnan(ratio);
      const double a = pairs[std::size_t(2 * i)], b = pairs[std::size_t(2 * i + 1)];
      counts.divergences += !usable || ratio < far_too_steep;
      if (usable) counts.probability += ratio < 0 ? std::exp(ratio) : 1.0;
      if (usable && ratio > -(a * a + b * b) / 2) continue;
      std::copy_n(row(x_, begin + i), d, row(y_, begin + i));
      std::copy_n(row(gradient_, begin + i), d, row(end_gradient_, begin + i));
      after[i] = before[i];
    }
  }

  Energy& energy_;
  torch::Tensor x_, value_, gradient_, y_, end_value_, end_gradient_, steps_;
  Normals noise_, tests_;
  LeapfrogRows<Real> rule_;
  std::vector<Outcomes> counts_;
};

template <class Real>
Sampler::Info transition_of(Energy& energy, const Leapfrog& leapfrog, Sampler::State& state, Random& random) {
  Sampler::Info info;
  const auto [value, gradient] = energy_and_gradient(energy, state, info);
  RowTransition<Real> transition(energy, leapfrog, state.positions, value, gradient, random);
  transition.run();
  transition.give(state, info);
  info.gradient_evaluations += state.positions.size(0);
  return info;
}

}  // namespace

std::optional<Sampler::Info> row_transition(Energy& energy, const Leapfrog& leapfrog, Sampler::State& state,
                                            Random& random) {
  const auto& x = state.positions;
  const bool known = leapfrog.domain.is_flat() || on_great_circles(leapfrog.domain);
  const bool one_step = leapfrog.steps == 1 && leapfrog.step.numel() == 1 && leapfrog.step.dim() <= 1;
  if (!x.device().is_cpu() || !known || !one_step || x.dim() != 2) return std::nullopt;
  if (x.scalar_type() == torch::kFloat) return transition_of<float>(energy, leapfrog, state, random);
  if (x.scalar_type() == torch::kDouble) return transition_of<double>(energy, leapfrog, state, random);
  return std::nullopt;
}

}  // namespace ebm
