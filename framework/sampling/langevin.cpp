#include "dualebm/framework/sampling/langevin.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/framework/compute/row_kernels.hpp"
#include "dualebm/framework/sampling/cuda/device_langevin.hpp"

namespace ebm {
namespace {

// Of rows that are worked on at a time, to stay in the first-level cache.
constexpr std::int64_t piece_numbers = 2048;
constexpr std::int64_t smallest_shard = 256;  // rows, or pairs of rows

torch::Tensor draw_noise(const torch::Tensor& positions, bool antithetic, Random& random) {
  if (!antithetic) return random.normal(positions.sizes(), positions.options());
  auto half_sizes = positions.sizes().vec();
  half_sizes[0] /= 2;
  const auto half = random.normal(half_sizes, positions.options());
  return torch::cat({half, -half});
}

bool nobody_else_has(const torch::Tensor& tensor) {
  return tensor.defined() && tensor.is_contiguous() && tensor.use_count() == 1 &&
         tensor.storage().use_count() == 1;
}

/// Gradients no longer than `limit`. The norm is taken in double, where the square of a float is finite: an
/// overflow would read as a factor of zero.
torch::Tensor clipped(const torch::Tensor& gradient, double limit) {
  const auto norm = torch::norm(gradient, 2, {1}, /*keepdim=*/true, torch::kDouble);
  return gradient * (limit / norm.clamp_min(limit)).to(gradient.scalar_type());
}

}  // namespace

void Langevin::Options::describe(Fields& fields) {
  fields.number("step_size", step_size, Range::positive(), "step size h");
  fields.boolean("antithetic", antithetic,
                 "give the second half of the particles the negative noise of the first");
  fields.number("noise", noise, Range::at_least(0),
                "standard deviation of a step's noise; null: sqrt(2 h), which samples the model itself");
  fields.number("gradient_clip", gradient_clip, Range::at_least(0),
                "largest norm of a particle's gradient; 0: any");
  fields.choice(
      "drift", drift, {"ambient", "balanced", "tangent"},
      "on a curved domain: the whole gradient, as published; with half of its normal part, which takes the "
      "step's bias away where the density is narrow; or with none");
}

Langevin::Langevin(Options options) : options_(options) {
  require(options.step_size > 0, "Langevin: step_size must be positive, got {}", options.step_size);
  require(options.noise.value_or(0) >= 0, "Langevin: noise must not be negative, got {}",
          options.noise.value_or(0));
  require(options.drift == "ambient" || options.drift == "balanced" || options.drift == "tangent",
          "Langevin: drift must be ambient, balanced or tangent, got \"{}\"", options.drift);
  require(options.gradient_clip >= 0, "Langevin: gradient_clip must not be negative, got {}",
          options.gradient_clip);
}

std::optional<double> Langevin::unadjusted_step(const State& state, const Domain& domain) const {
  const bool as_published = options_.drift == "ambient" || domain.is_flat();
  if (options_.noise || !as_published) return std::nullopt;
  return step_size(state);
}

Sampler::State Langevin::init(const torch::Tensor& positions) const {
  const auto all = OnRankRows::rows_of(positions.size(0)).all;
  require(!options_.antithetic || all % 2 == 0, "antithetic noise needs an even number of particles, got {}",
          all);
  return Sampler::init(positions);
}

Sampler::Info Langevin::step(Energy& energy, const Domain& domain, State& state, Random& random,
                             double scale) const {
  const torch::NoGradGuard no_grad;
  const double h = options_.step_size * scale;
  const double noise = options_.noise ? *options_.noise * std::sqrt(scale) : std::sqrt(2 * h);
  const auto x = state.positions.contiguous();
  if (x.device().is_cpu() && (x.scalar_type() == torch::kDouble || x.scalar_type() == torch::kFloat)) {
    const auto y = nobody_else_has(state.spare) ? state.spare : torch::empty_like(x);
    x.scalar_type() == torch::kDouble ? move_rows<double>(energy, domain, random.normals(), h, noise, x, y)
                                      : move_rows<float>(energy, domain, random.normals(), h, noise, x, y);
    state.spare = state.positions;
    state.positions = y;
  } else {
    const auto gradient = drift_of(domain, x, clipped_gradient(energy, x));
    if (auto y = cuda::langevin_step(x, gradient, h, noise, options_.antithetic, domain, random)) {
      state.positions = *y;
    } else {
      y = torch::add(x, gradient, -h).add_(draw_noise(x, options_.antithetic, random), noise);
      state.positions = domain.retract(*y);
    }
  }
  return {.gradient_evaluations = OnRankRows::rows_of(state.positions.size(0)).all};
}

torch::Tensor Langevin::drift_of(const Domain& domain, const torch::Tensor& x,
                                 const torch::Tensor& gradient) const {
  if (options_.drift == "ambient" || domain.is_flat()) return gradient;
  const auto tangent = domain.to_tangent(x, gradient);
  return options_.drift == "tangent" ? tangent : (tangent + gradient) / 2;
}

torch::Tensor Langevin::clipped_gradient(Energy& energy, const torch::Tensor& x) const {
  const auto gradient = energy.gradient(x).contiguous();
  return options_.gradient_clip > 0 ? clipped(gradient, options_.gradient_clip) : gradient;
}

template <class Real>
void Langevin::move_rows(Energy& energy, const Domain& domain, const Normals& normals, double h, double noise,
                         const torch::Tensor& x, const torch::Tensor& y) const {
  const auto d = x.size(1);
  // One vector of noise serves a row of the first half and, turned about, its partner in the second.
  const auto own = OnRankRows::rows_of(x.size(0));
  const std::int64_t halves = options_.antithetic ? 2 : 1, rows = own.all / halves;
  const auto gradient_at = energy.row_gradient(x);
  const auto whole_gradient =
      gradient_at ? torch::Tensor() : drift_of(domain, x, clipped_gradient(energy, x)).contiguous();
  const bool as_it_is = options_.drift == "ambient" || domain.is_flat();
  const auto piece = std::clamp<std::int64_t>(piece_numbers / d / 64 * 64, 64, 1024);
  // Of both halves, also where a rank has rows of one: its blocks of the table are whole shards of a half.
  const OnRankRows shards_of_the_whole_table;
  for_each_shard(
      rows,
      [&](std::int64_t, std::int64_t first, std::int64_t last) {
        std::vector<Real> xi(static_cast<std::size_t>(std::min(piece, last - first) * d)),
            gradient(xi.size());
        for (auto begin = first; begin < last; begin += piece) {
          const auto count = std::min(piece, last - begin);
          if (!own.has(begin) && !own.has((halves - 1) * rows + begin)) break;
          normals.fill(begin * d, count * d, xi.data());
          for (std::int64_t half = 0; half < halves; ++half) {
            const auto row = half * rows + begin;
            if (!own.has(row)) continue;
            const auto offset = (row - own.begin) * d;
            const Real* from = x.data_ptr<Real>() + offset;
            Real* to = y.data_ptr<Real>() + offset;
            const Real* drift = gradient.data();
            if (gradient_at) {
              gradient_at({from, count, d}, {gradient.data(), count, d}, {});
              if (options_.gradient_clip > 0) shorten_rows(gradient.data(), count, d, options_.gradient_clip);
              if (!as_it_is) {
                constexpr auto type = c10::CppTypeToScalarType<Real>::value;
                const auto slope = torch::from_blob(gradient.data(), {count, d}, type);
                const auto at = torch::from_blob(const_cast<Real*>(from), {count, d}, type);
                slope.copy_(drift_of(domain, at, slope));
              }
            } else {
              drift = whole_gradient.data_ptr<Real>() + offset;
            }
            drift_and_diffuse(from, drift, xi.data(), count * d, static_cast<Real>(h),
                              static_cast<Real>(half == 0 ? noise : -noise), to);
            domain.retract_rows({to, count, d});
          }
        }
      },
      smallest_shard);
}

}  // namespace ebm
