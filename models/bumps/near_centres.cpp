#include "dualebm/models/bumps/near_centres.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "dualebm/framework/compute/instruction_set.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_gridded = 3;  // dimensions

double reach_in_widths(BumpProfile profile) {
  return profile == BumpProfile::gaussian ? 8.5 : std::sqrt(2.0 * compact_end);
}

/// Adds (x - centre_i)² to each square.
EBM_FOR_EACH_WIDTH void add_squares(const double* centres, std::size_t count, double x, double* squares) {
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = x - centres[i];
    squares[i] += difference * difference;
  }
}

/// (x - a_i)² + (y - b_i)² + (z - c_i)², with the roundings of `add_squares`, in one pass: most bumps are in
/// space, and their squares a third of the work.
EBM_FOR_EACH_WIDTH void squares_in_space(const double* a, const double* b, const double* c, std::size_t count,
                                         const double* x, double* squares) {
  const double first = x[0], second = x[1], third = x[2];
  for (std::size_t i = 0; i < count; ++i) {
    const double u = first - a[i], v = second - b[i], w = third - c[i];
    squares[i] = u * u + v * v + w * w;
  }
}

/// Adds axis_i (x - centre_i) to each.
EBM_FOR_EACH_WIDTH void add_projections(const double* axes, const double* centres, std::size_t count,
                                        double x, double* along) {
  for (std::size_t i = 0; i < count; ++i) along[i] += axes[i] * (x - centres[i]);
}

/// Takes along_i² from each square.
EBM_FOR_EACH_WIDTH void subtract_squares(const double* along, std::size_t count, double* squares) {
  for (std::size_t i = 0; i < count; ++i) squares[i] -= along[i] * along[i];
}

/// s exp(-κ/2 square) in place, zero from `farthest` on. The exponential to two units in the last
/// place: x = n log 2 + r, Taylor's polynomial of r to degree 13, and n into the exponent's bits. A loop
/// without calls, so that it is vectors on every processor; the same bits on all, since nothing is
/// contracted (CMakeLists.txt).
EBM_FOR_EACH_WIDTH void gaussians_of_squares(const double* heights, std::size_t count,
                                             double half_concentration, double farthest, double* squares) {
  constexpr double log2e = 1.4426950408889634, high = 0.693147180369123816490,
                   low = 1.90821492927058770002e-10;
  constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer in the low bits
  for (std::size_t i = 0; i < count; ++i) {
    const double square = std::min(squares[i], farthest), x = -half_concentration * square;
    const double shifted = x * log2e + shift, n = shifted - shift;
    const double r = (x - n * high) - n * low;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const auto bits = std::bit_cast<std::uint64_t>(p) + (std::bit_cast<std::uint64_t>(shifted) << 52);
    const double value = heights[i] * std::bit_cast<double>(bits);
    squares[i] = square < farthest ? value : 0.0;
  }
}

/// s (1 - t/8)⁷ and s (1 - t/8)⁸, 0 beyond t = κ/2 square = 8: minus the slope in t, and the value in place.
EBM_FOR_EACH_WIDTH void compact_of_squares(const double* heights, std::size_t count,
                                           double half_concentration, double* squares, double* slopes) {
  const double factor = half_concentration / compact_end;
  for (std::size_t i = 0; i < count; ++i) {
    const double rest = std::max(1 - factor * squares[i], 0.0), second = rest * rest,
                 fourth = second * second;
    const double slope = heights[i] * (fourth * second * rest);
    slopes[i] = slope;
    squares[i] = slope * rest;
  }
}

}  // namespace

EBM_FOR_EACH_WIDTH double sum_of_products(const double* a, const double* b, std::size_t count) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) sums[lane] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

std::size_t NearCentres::Hash::operator()(const Key& key) const {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const auto number : key) hash = (hash ^ static_cast<std::uint32_t>(number)) * 1099511628211ULL;
  return hash;
}

NearCentres::Key NearCentres::cell_of(const double* x, double side) const {
  constexpr double farthest = 1e9;  // a point that far off is near nothing
  Key key{0, 0, 0};
  if (dimension_ > most_gridded) return key;
  for (std::size_t k = 0; k < static_cast<std::size_t>(dimension_); ++k)
    key[k] = static_cast<std::int32_t>(std::clamp(std::floor(x[k] / side), -farthest, farthest));
  return key;
}

std::vector<NearCentres::Key> NearCentres::cells_beside(const Key& cell) const {
  const auto most = [&](std::int64_t axis) {
    return dimension_ <= most_gridded && axis < dimension_ ? 1 : 0;
  };
  std::vector<Key> found;
  for (std::int32_t a = -most(0); a <= most(0); ++a) {
    for (std::int32_t b = -most(1); b <= most(1); ++b) {
      for (std::int32_t c = -most(2); c <= most(2); ++c)
        found.push_back({cell[0] + a, cell[1] + b, cell[2] + c});
    }
  }
  return found;
}

NearCentres::NearCentres(BumpProfile profile, const torch::Tensor& centres,
                         const torch::Tensor& concentrations, const torch::Tensor& heights,
                         const torch::Tensor& axes)
    : profile_(profile), dimension_(centres.size(1)) {
  const auto dense = [](const torch::Tensor& tensor) {
    return tensor.detach().to(torch::kCPU, torch::kDouble).contiguous();
  };
  const auto c = dense(centres), kappa = dense(concentrations), s = dense(heights);
  const auto v = axes.defined() ? dense(axes) : axes;
  const auto longest = v.defined() ? dense((1 - v.square().sum(1)).rsqrt()) : torch::ones_like(kappa);
  const auto* place = c.data_ptr<double>();
  std::map<double, double> reaches;  // by κ
  for (std::int64_t j = 0; j < c.size(0); ++j) {
    const double concentration = kappa.data_ptr<double>()[j];
    auto& reach = reaches[concentration];
    reach = std::max(reach,
                     longest.data_ptr<double>()[j] * (reach_in_widths(profile) / std::sqrt(concentration)));
  }
  std::map<double, std::map<Key, std::vector<std::int64_t>>> cells;  // by κ
  for (std::int64_t j = 0; j < c.size(0); ++j) {
    const double concentration = kappa.data_ptr<double>()[j];
    if (s.data_ptr<double>()[j] == 0) continue;
    cells[concentration][cell_of(place + j * dimension_, reaches[concentration])].push_back(j);
  }
  std::vector<std::int64_t> order;
  for (const auto& [concentration, members_of] : cells) {
    const double widths = reach_in_widths(profile) / std::sqrt(concentration);
    Scale scale{.concentration = concentration,
                .reach = reaches[concentration],
                .farthest = widths * widths,
                .ranges = {}};
    for (const auto& [key, members] : members_of) {
      const Search::Range range{order.size(), order.size() + members.size(), key};
      for (const auto& beside : cells_beside(key)) scale.ranges[beside].push_back(range);
      order.insert(order.end(), members.begin(), members.end());
    }
    concentrations_.resize(order.size(), concentration);
    scales_.push_back(std::move(scale));
  }
  for (const auto j : order) heights_.push_back(s.data_ptr<double>()[j]);
  for (std::int64_t k = 0; k < dimension_; ++k) {
    for (const auto j : order) centres_.push_back(place[j * dimension_ + k]);
    if (!v.defined()) continue;
    for (const auto j : order) axes_.push_back(v.data_ptr<double>()[j * dimension_ + k]);
  }
  order_ = torch::tensor(order, torch::kLong);
}

bool NearCentres::misses(std::size_t scale, const Search::Range& range, const double* x) const {
  if (dimension_ > most_gridded) return false;
  const double side = scales_[scale].reach;
  double square = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(dimension_); ++k) {
    const double low = side * range.cell[k], beyond = std::max({low - x[k], x[k] - (low + side), 0.0});
    square += beyond * beyond;
  }
  // A little more than the reach, for what rounding does to a centre at the border of its cell.
  return square > 1.0001 * side * side;
}

void NearCentres::compute(std::size_t scale, const Search::Range& range, const double* x,
                          Search& search) const {
  const auto count = range.end - range.begin;
  auto& values = search.values_;
  values.resize(count);
  if (dimension_ == 3) {
    squares_in_space(centres(0) + range.begin, centres(1) + range.begin, centres(2) + range.begin, count, x,
                     values.data());
  } else {
    std::fill(values.begin(), values.end(), 0.0);
    for (std::int64_t k = 0; k < dimension_; ++k)
      add_squares(centres(k) + range.begin, count, x[k], values.data());
  }
  if (elliptic()) {
    search.along_.assign(count, 0);
    for (std::int64_t k = 0; k < dimension_; ++k)
      add_projections(axes(k) + range.begin, centres(k) + range.begin, count, x[k], search.along_.data());
    subtract_squares(search.along_.data(), count, values.data());
  }
  const auto& own = scales_[scale];
  const double* heights = heights_.data() + range.begin;
  if (profile_ == BumpProfile::gaussian) {
    gaussians_of_squares(heights, count, 0.5 * own.concentration, own.farthest, values.data());
  } else {
    search.slopes_.resize(count);
    compact_of_squares(heights, count, 0.5 * own.concentration, values.data(), search.slopes_.data());
  }
}

const std::vector<NearCentres::Search::Range>& NearCentres::Search::ranges(std::size_t scale,
                                                                           const double* x) {
  static const std::vector<Range> none;
  auto& last = last_[scale];
  const auto& own = near_.scales_[scale];
  const auto cell = near_.cell_of(x, own.reach);
  if (last.ranges != nullptr && last.cell == cell) return *last.ranges;
  const auto found = own.ranges.find(cell);
  last = {.cell = cell, .ranges = found == own.ranges.end() ? &none : &found->second};
  return *last.ranges;
}

}  // namespace ebm
