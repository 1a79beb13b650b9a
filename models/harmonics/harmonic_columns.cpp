#include "dualebm/models/harmonics/harmonic_columns.hpp"

#include <cmath>

#include "dualebm/framework/compute/instruction_set.hpp"

namespace ebm {
namespace {

constexpr std::size_t width = HarmonicColumns::width;
using Lanes = HarmonicColumns::Lanes;
using Points = HarmonicColumns::Points;

/// The tables of a class, and the numbers at one order.
struct Column {
  std::int64_t order, degree;
  double first;
  const double *ahead, *behind;  ///< by l
};

/// From (x + iy)^m to (x + iy)^{m+1}.
EBM_FOR_EACH_WIDTH void turn(const Points& points, Lanes& real, Lanes& imaginary) {
  for (std::size_t i = 0; i < width; ++i) {
    const double next = real[i] * points.x[i] - imaginary[i] * points.y[i];
    imaginary[i] = real[i] * points.y[i] + imaginary[i] * points.x[i];
    real[i] = next;
  }
}

/// Q_l^m and Q_{l-1}^m at points of one block.
struct Recurrence {
  Lanes before, q;
};

/// The next degree: Q_l = a_l z Q_{l-1} - b_l Q_{l-2}.
EBM_INLINE void advance(const Column& column, std::int64_t l, const Lanes& z, Recurrence& at) {
  const double a = column.ahead[l], b = column.behind[l];
  for (std::size_t i = 0; i < width; ++i) {
    const double next = a * z[i] * at.q[i] - b * at.before[i];
    at.before[i] = at.q[i];
    at.q[i] = next;
  }
}

EBM_INLINE Recurrence first_of(const Column& column) {
  Recurrence at{};
  at.q.fill(column.first);
  return at;
}

/// Σ_l c_{l,m} Q_l^m and Σ_l c_{l,-m} Q_l^m.
EBM_FOR_EACH_WIDTH void sum_column(const Column& column, const Lanes& z, const double* c, Lanes& cosine,
                                   Lanes& sine) {
  const auto m = column.order;
  auto at = first_of(column);
  cosine.fill(0);
  sine.fill(0);
  for (std::int64_t l = m; l <= column.degree; ++l) {
    if (l > m) advance(column, l, z, at);
    if (l == 0) continue;
    const double plus = c[HarmonicColumns::place(l, m)], minus = c[HarmonicColumns::place(l, -m)];
    for (std::size_t i = 0; i < width; ++i) {
      cosine[i] += plus * at.q[i];
      sine[i] += minus * at.q[i];
    }
  }
}

/// What `sum_column` gives, and the derivatives in z.
struct ColumnSums {
  Lanes cosine, sine, cosine_slope, sine_slope;
};

EBM_FOR_EACH_WIDTH void sum_column_with_slopes(const Column& column, const Lanes& z, const double* c,
                                               ColumnSums& sums) {
  const auto m = column.order;
  Lanes before{}, slope_before{}, q, slope{};
  q.fill(column.first);
  sums = {};
  for (std::int64_t l = m; l <= column.degree; ++l) {
    if (l > m) {
      const double a = column.ahead[l], b = column.behind[l];
      for (std::size_t i = 0; i < width; ++i) {
        const double next = a * z[i] * q[i] - b * before[i];
        const double slope_next = a * (q[i] + z[i] * slope[i]) - b * slope_before[i];
        before[i] = q[i];
        q[i] = next;
        slope_before[i] = slope[i];
        slope[i] = slope_next;
      }
    }
    if (l == 0) continue;
    const double plus = c[HarmonicColumns::place(l, m)], minus = c[HarmonicColumns::place(l, -m)];
    for (std::size_t i = 0; i < width; ++i) {
      sums.cosine[i] += plus * q[i];
      sums.sine[i] += minus * q[i];
      sums.cosine_slope[i] += plus * slope[i];
      sums.sine_slope[i] += minus * slope[i];
    }
  }
}

/// Σ_i a_i b_i by eight partial sums.
EBM_FOR_EACH_WIDTH double dot(const Lanes& a, const Lanes& b) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  for (std::size_t i = 0; i < width; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// Adds Σ_i real_i Q_l^m(z_i), and the same of imaginary, to the sums of the order.
EBM_FOR_EACH_WIDTH void add_column(const Column& column, const Lanes& z, const Lanes& real,
                                   const Lanes& imaginary, double* sums) {
  const auto m = column.order;
  auto at = first_of(column);
  for (std::int64_t l = m; l <= column.degree; ++l) {
    if (l > m) advance(column, l, z, at);
    if (l == 0) continue;
    sums[HarmonicColumns::place(l, m)] += dot(real, at.q);
    if (m > 0) sums[HarmonicColumns::place(l, -m)] += dot(imaginary, at.q);
  }
}

}  // namespace

HarmonicColumns::HarmonicColumns(std::int64_t degree)
    : degree_(degree), ahead_(static_cast<std::size_t>((degree + 1) * (degree + 1))), behind_(ahead_.size()) {
  double first = 1;
  for (std::int64_t m = 0; m <= degree; ++m) {
    const auto order = static_cast<double>(m);
    if (m > 0) first *= m == 1 ? std::sqrt(3.0) : std::sqrt((2 * order + 1) / (2 * order));
    first_.push_back(first);
    for (std::int64_t l = m + 1; l <= degree; ++l) {
      const auto k = static_cast<double>(l);
      const double inner = k * k - order * order, before = (k - 1) * (k - 1) - order * order;
      const auto at = static_cast<std::size_t>(m * (degree + 1) + l);
      ahead_[at] = std::sqrt((4 * k * k - 1) / inner);
      behind_[at] = l == m + 1 ? 0.0 : std::sqrt((2 * k + 1) * before / ((2 * k - 3) * inner));
    }
  }
}

void HarmonicColumns::values(const Points& points, const double* c, Lanes& values) const {
  Lanes real, imaginary{}, cosine, sine;
  real.fill(1);
  values.fill(0);
  for (std::int64_t m = 0; m <= degree_; ++m) {
    const auto at = static_cast<std::size_t>(m * (degree_ + 1));
    sum_column({m, degree_, first_[static_cast<std::size_t>(m)], &ahead_[at], &behind_[at]}, points.z, c,
               cosine, sine);
    for (std::size_t i = 0; i < width; ++i) values[i] += real[i] * cosine[i] + imaginary[i] * sine[i];
    turn(points, real, imaginary);
  }
}

void HarmonicColumns::values_and_gradients(const Points& points, const double* c, Lanes& values,
                                           Points& gradients) const {
  Lanes real, imaginary{}, real_before{}, imaginary_before{};
  ColumnSums sums;
  real.fill(1);
  values.fill(0);
  gradients = {};
  for (std::int64_t m = 0; m <= degree_; ++m) {
    const auto at = static_cast<std::size_t>(m * (degree_ + 1));
    sum_column_with_slopes({m, degree_, first_[static_cast<std::size_t>(m)], &ahead_[at], &behind_[at]},
                           points.z, c, sums);
    const auto order = static_cast<double>(m);
    for (std::size_t i = 0; i < width; ++i) {
      values[i] += real[i] * sums.cosine[i] + imaginary[i] * sums.sine[i];
      // d/dx (x + iy)^m = m (x + iy)^{m-1}, and i times that in y.
      gradients.x[i] += order * (real_before[i] * sums.cosine[i] + imaginary_before[i] * sums.sine[i]);
      gradients.y[i] += order * (real_before[i] * sums.sine[i] - imaginary_before[i] * sums.cosine[i]);
      gradients.z[i] += real[i] * sums.cosine_slope[i] + imaginary[i] * sums.sine_slope[i];
    }
    real_before = real;
    imaginary_before = imaginary;
    turn(points, real, imaginary);
  }
}

void HarmonicColumns::add_sums(const Points& points, const Lanes& weights, double* sums) const {
  Lanes real = weights, imaginary{};
  for (std::int64_t m = 0; m <= degree_; ++m) {
    const auto at = static_cast<std::size_t>(m * (degree_ + 1));
    add_column({m, degree_, first_[static_cast<std::size_t>(m)], &ahead_[at], &behind_[at]}, points.z, real,
               imaginary, sums);
    turn(points, real, imaginary);
  }
}

}  // namespace ebm
