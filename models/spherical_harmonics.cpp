#include "dualebm/models/spherical_harmonics.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/gradients.hpp"

namespace ebm {
namespace {

using Points = HarmonicColumns::Points;
constexpr auto block_width = static_cast<std::int64_t>(HarmonicColumns::width);
constexpr std::int64_t smallest_share = 4 * block_width;

/// Calls body(shard, begin, count, points) for blocks of rows. What lies beyond the last row is the pole.
/// @param x [N, 3], double, contiguous
template <class Body>
void for_each_block(const torch::Tensor& x, Body body) {
  const auto* rows = x.data_ptr<double>();
  for_each_shard(
      x.size(0),
      [&](std::int64_t shard, std::int64_t first, std::int64_t last) {
        Points points;
        for (auto begin = first; begin < last; begin += block_width) {
          const auto count = std::min(block_width, last - begin);
          for (std::int64_t i = 0; i < block_width; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const double* row = rows + 3 * (begin + i);
            points.x[at] = i < count ? row[0] : 0.0;
            points.y[at] = i < count ? row[1] : 0.0;
            points.z[at] = i < count ? row[2] : 1.0;
          }
          body(shard, begin, count, points);
        }
      },
      smallest_share);
}

torch::Tensor in_double(const torch::Tensor& x) { return x.detach().to(torch::kDouble).contiguous(); }

}  // namespace

void SphericalHarmonics::Options::describe(Fields& fields) {
  fields.integer("degree", degree, Range::between(1, 512),
                 "L, the highest; L (L + 2) coefficients, features of π/L");
  fields.number("smoothness", smoothness, Range::between(0, 10),
                "t of the norm: 0 for that of E, 1 for that of its gradient, 2 for that of its Laplacian");
  fields.number("norm_cap", norm_cap, Range::positive(), "β, bound on (Σ a²)^½, in nats; null: none");
}

SphericalHarmonics::SphericalHarmonics(const EnergyContext& context, const Options& options)
    : columns_(checked(options, "spherical_harmonics").degree),
      smoothness_(options.smoothness),
      cap_(options.norm_cap) {
  const auto dimension = expect_domain<Sphere>(*context.domain, "spherical_harmonics").dimension();
  require(dimension == 3, "domain.dimension: spherical_harmonics are those of S², dimension 3, found {}",
          dimension);
  std::vector<double> scales;
  for (std::int64_t l = 1; l <= options.degree; ++l)
    scales.insert(scales.end(), static_cast<std::size_t>(2 * l + 1), scale(l));
  scales_ = torch::tensor(scales, torch::kDouble);
  orders_ = register_buffer("orders", torch::arange(options.degree + 1, context.tensor_options));
  coefficients_ =
      register_parameter("coefficients", torch::zeros({columns_.count()}, context.tensor_options));
}

double SphericalHarmonics::scale(std::int64_t degree) const {
  const auto l = static_cast<double>(degree);
  return std::pow(l * (l + 1) / 2, -smoothness_ / 2);
}

torch::Tensor SphericalHarmonics::scaled_coefficients() const { return in_double(coefficients_) * scales_; }

bool SphericalHarmonics::has_kernel(const torch::Tensor& x) const {
  return x.device().is_cpu() && coefficients_.device().is_cpu() && x.dim() == 2 && x.size(1) == 3;
}

torch::Tensor SphericalHarmonics::by_operators(const torch::Tensor& points) const {
  TORCH_CHECK(points.dim() == 2 && points.size(1) == 3, "spherical_harmonics: points of shape ",
              points.sizes(), ", not [N, 3]");
  const auto p = points.to(torch::kDouble);
  const auto x = p.narrow(1, 0, 1), y = p.narrow(1, 1, 1), z = p.narrow(1, 2, 1);
  const auto degree = columns_.degree();
  // (x + iy)^m for m = 0 ... L, twice as many at a time. [N, L + 1]
  auto real = torch::ones_like(x), imaginary = torch::zeros_like(x), step = x, turn = y;
  for (std::int64_t count = 1; count <= degree; count *= 2) {
    const auto next = torch::cat({real, real * step - imaginary * turn}, 1);
    imaginary = torch::cat({imaginary, real * turn + imaginary * step}, 1);
    real = next;
    const auto square = step * step - turn * turn;
    turn = 2 * step * turn;
    step = square;
  }
  real = real.narrow(1, 0, degree + 1);
  imaginary = imaginary.narrow(1, 0, degree + 1);
  // Columns of all orders side by side, see HarmonicColumns; those with m > l are zero.
  const auto none = static_cast<double>(columns_.count());
  const auto m = orders_.to(torch::kDouble), square = m * m;
  const auto a = torch::cat({coefficients_.to(torch::kDouble), torch::zeros_like(m.narrow(0, 0, 1))});
  auto before = torch::zeros_like(m), q = m.eq(0).to(torch::kDouble), cosine = before, sine = before;
  double first = 1;
  for (std::int64_t l = 1; l <= degree; ++l) {
    const auto k = static_cast<double>(l);
    first *= l == 1 ? std::sqrt(3.0) : std::sqrt((2 * k + 1) / (2 * k));
    const auto inner = (k * k - square).clamp_min(1), inside = m.lt(k).to(torch::kDouble);
    const auto ahead = inside * ((4 * k * k - 1) / inner).sqrt();
    const auto behind =
        (((k - 1) * (k - 1) - square).clamp_min(0) * ((2 * k + 1) / std::max(1.0, 2 * k - 3)) / inner).sqrt();
    const auto next = z * (ahead * q) - behind * before + m.eq(k).to(torch::kDouble) * first;
    before = q;
    q = next;
    const auto centre = static_cast<double>(HarmonicColumns::place(l, 0));
    const auto exists = m.le(k), beyond = torch::full_like(m, none);
    const auto plus = torch::where(exists, m + centre, beyond);
    const auto minus = torch::where(exists.logical_and(m.gt(0)), centre - m, beyond);
    cosine = cosine + q * (a.index_select(0, plus.to(torch::kLong)) * scale(l));
    sine = sine + q * (a.index_select(0, minus.to(torch::kLong)) * scale(l));
  }
  return (real * cosine + imaginary * sine).sum(1).to(points.scalar_type());
}

torch::Tensor SphericalHarmonics::forward(const torch::Tensor& x) {
  const bool graph = torch::GradMode::is_enabled() && (x.requires_grad() || coefficients_.requires_grad());
  if (graph || torch::jit::tracer::isTracing() || !has_kernel(x)) return by_operators(x);
  const auto c = scaled_coefficients(), values = torch::empty({x.size(0)}, torch::kDouble);
  for_each_block(in_double(x),
                 [&](std::int64_t, std::int64_t begin, std::int64_t count, const Points& points) {
                   HarmonicColumns::Lanes lanes;
                   columns_.values(points, c.data_ptr<double>(), lanes);
                   std::copy_n(lanes.begin(), count, values.data_ptr<double>() + begin);
                 });
  return values.to(x.scalar_type());
}

std::pair<torch::Tensor, torch::Tensor> SphericalHarmonics::value_and_gradient(const torch::Tensor& x) {
  if (!has_kernel(x)) return Energy::value_and_gradient(x);
  const torch::NoGradGuard no_grad;
  const auto c = scaled_coefficients(), values = torch::empty({x.size(0)}, torch::kDouble),
             gradients = torch::empty({x.size(0), 3}, torch::kDouble);
  for_each_block(in_double(x),
                 [&](std::int64_t, std::int64_t begin, std::int64_t count, const Points& points) {
                   HarmonicColumns::Lanes lanes;
                   Points slopes;
                   columns_.values_and_gradients(points, c.data_ptr<double>(), lanes, slopes);
                   std::copy_n(lanes.begin(), count, values.data_ptr<double>() + begin);
                   auto* row = gradients.data_ptr<double>() + 3 * begin;
                   for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i, row += 3) {
                     row[0] = slopes.x[i];
                     row[1] = slopes.y[i];
                     row[2] = slopes.z[i];
                   }
                 });
  return {values.to(x.scalar_type()), gradients.to(x.scalar_type())};
}

torch::Tensor SphericalHarmonics::gradient(const torch::Tensor& x) { return value_and_gradient(x).second; }

void SphericalHarmonics::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  if (!has_kernel(x)) return Energy::accumulate_gradient(x, weight);
  TORCH_CHECK(weight.dim() == 1 && weight.size(0) == x.size(0), "spherical_harmonics: weights of shape ",
              weight.sizes(), " for ", x.size(0), " points");
  if (!coefficients_.requires_grad()) return;
  const torch::NoGradGuard no_grad;
  const auto w = in_double(weight);
  const auto sums = torch::zeros({shard_count(x.size(0), smallest_share), columns_.count()}, torch::kDouble);
  for_each_block(in_double(x),
                 [&](std::int64_t shard, std::int64_t begin, std::int64_t count, const Points& points) {
                   HarmonicColumns::Lanes weights{};
                   std::copy_n(w.data_ptr<double>() + begin, count, weights.begin());
                   columns_.add_sums(points, weights, sums.data_ptr<double>() + shard * columns_.count());
                 });
  complete_shards(x.size(0), {sums});
  add_gradient(coefficients_, (sums.sum(0) * scales_).to(coefficients_.scalar_type()));
}

void SphericalHarmonics::project_parameters() {
  if (!cap_) return;
  const torch::NoGradGuard no_grad;
  coefficients_.mul_(ball_factor(coefficients_.norm(), *cap_));
}

double SphericalHarmonics::norm() const { return coefficients_.detach().norm().item<double>(); }

}  // namespace ebm
