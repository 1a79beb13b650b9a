#include "dualebm/models/bumps/near_centres.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "dualebm/framework/compute/instruction_set.hpp"

namespace ebm {
namespace {

constexpr double reach_in_widths = 8.5;
constexpr std::int64_t most_gridded = 3;  // dimensions

/// Adds (x - centre_i)² to each square.
EBM_FOR_EACH_WIDTH void add_squares(const double* centres, std::size_t count, double x, double* squares) {
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = x - centres[i];
    squares[i] += difference * difference;
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

/// exp(log s - κ/2 square) in place, zero from `farthest` on. The exponential to two units in the last
/// place: x = n log 2 + r, Taylor's polynomial of r to degree 13, and n into the exponent's bits. A loop
/// without calls, so that it is vectors on every processor; the same bits on all, since nothing is
/// contracted (CMakeLists.txt).
EBM_FOR_EACH_WIDTH void bumps_of_squares(const double* log_heights, std::size_t count,
                                         double half_concentration, double farthest, double* squares) {
  constexpr double log2e = 1.4426950408889634, high = 0.693147180369123816490,
                   low = 1.90821492927058770002e-10;
  constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer in the low bits
  for (std::size_t i = 0; i < count; ++i) {
    const double square = std::min(squares[i], farthest), x = log_heights[i] - half_concentration * square;
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
    const double value = std::bit_cast<double>(bits);
    squares[i] = square < farthest ? value : 0.0;
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

NearCentres::NearCentres(const torch::Tensor& centres, const torch::Tensor& concentrations,
                         const torch::Tensor& heights, const torch::Tensor& axes)
    : dimension_(centres.size(1)) {
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
    reach = std::max(reach, longest.data_ptr<double>()[j] * (reach_in_widths / std::sqrt(concentration)));
  }
  std::map<double, std::map<Key, std::vector<std::int64_t>>> cells;  // by κ
  for (std::int64_t j = 0; j < c.size(0); ++j) {
    const double concentration = kappa.data_ptr<double>()[j];
    if (s.data_ptr<double>()[j] == 0) continue;
    cells[concentration][cell_of(place + j * dimension_, reaches[concentration])].push_back(j);
  }
  std::vector<std::int64_t> order;
  for (const auto& [concentration, members_of] : cells) {
    const double widths = reach_in_widths / std::sqrt(concentration);
    Scale scale{.concentration = concentration,
                .reach = reaches[concentration],
                .farthest = widths * widths,
                .cells = {}};
    for (const auto& [key, members] : members_of) {
      scale.cells[key] = {order.size(), order.size() + members.size(), key};
      order.insert(order.end(), members.begin(), members.end());
    }
    concentrations_.resize(order.size(), concentration);
    scales_.push_back(std::move(scale));
  }
  for (const auto j : order) log_heights_.push_back(std::log(s.data_ptr<double>()[j]));
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
                          std::vector<double>& values, std::vector<double>& along) const {
  const auto count = range.end - range.begin;
  values.assign(count, 0);
  for (std::int64_t k = 0; k < dimension_; ++k)
    add_squares(centres(k) + range.begin, count, x[k], values.data());
  if (elliptic()) {
    along.assign(count, 0);
    for (std::int64_t k = 0; k < dimension_; ++k)
      add_projections(axes(k) + range.begin, centres(k) + range.begin, count, x[k], along.data());
    subtract_squares(along.data(), count, values.data());
  }
  const auto& own = scales_[scale];
  bumps_of_squares(log_heights_.data() + range.begin, count, 0.5 * own.concentration, own.farthest,
                   values.data());
}

const std::vector<NearCentres::Search::Range>& NearCentres::Search::ranges(std::size_t scale,
                                                                           const double* x) {
  auto& last = last_[scale];
  const auto& cells = near_.scales_[scale].cells;
  const auto own = near_.cell_of(x, near_.scales_[scale].reach);
  if (last.known && last.cell == own) return last.ranges;
  last = {.cell = own, .ranges = {}, .known = true};
  const auto beside = [&](std::int64_t axis) {
    return near_.dimension_ <= most_gridded && axis < near_.dimension_ ? 1 : 0;
  };
  for (std::int32_t a = -beside(0); a <= beside(0); ++a) {
    for (std::int32_t b = -beside(1); b <= beside(1); ++b) {
      for (std::int32_t c = -beside(2); c <= beside(2); ++c) {
        const auto cell = cells.find({own[0] + a, own[1] + b, own[2] + c});
        if (cell != cells.end()) last.ranges.push_back(cell->second);
      }
    }
  }
  return last.ranges;
}

}  // namespace ebm
