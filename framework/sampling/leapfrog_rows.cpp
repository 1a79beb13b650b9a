#include "dualebm/framework/sampling/leapfrog_rows.hpp"

#include <limits>

#include "dualebm/framework/compute/columns.hpp"

namespace ebm {
namespace {

template <class Real>
struct Turn;  // 2π in two parts, the first with few digits; what rounds to an integer

template <>
struct Turn<float> {
  static constexpr float high = 6.28125f, low = 1.935307179586232e-3f, inverse = 0.15915494309189535f,
                         shift = 0x1.8p23f;
  static constexpr int terms = 4;
};

template <>
struct Turn<double> {
  static constexpr double high = 0x1.921fb5p2, low = 6.357301884918343e-8, inverse = 0.15915494309189535,
                          shift = 0x1.8p52;
  static constexpr int terms = 7;
};

/// sin and cos of angles of less than a thousand turns, to a few units in the last place of 1: by their
/// series at an eighth of the angle, doubled three times.
template <class V>
EBM_INLINE void sine_and_cosine(typename V::Vector angle, typename V::Vector& sine,
                                typename V::Vector& cosine) {
  using Real = typename V::Real;
  const auto turns = (angle * Turn<Real>::inverse + Turn<Real>::shift) - Turn<Real>::shift;
  const auto r = ((angle - turns * Turn<Real>::high) - turns * Turn<Real>::low) * Real{0.125};
  const auto square = r * r;
  auto odd = V::broadcast(1), even = V::broadcast(1);
#pragma GCC unroll 8
  for (int k = Turn<Real>::terms; k > 0; --k) {
    odd = V::broadcast(1) - odd * square * (Real{1} / ((2 * k) * (2 * k + 1)));
    even = V::broadcast(1) - even * square * (Real{1} / ((2 * k - 1) * (2 * k)));
  }
  sine = odd * r;
  cosine = even;
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const auto doubled = sine * cosine;
    cosine = V::broadcast(1) - (sine + sine) * sine;
    sine = doubled + doubled;
  }
}

/// y = x cos + (w / |w|) sin with the angle ε |w|, and the velocity there, tangent and as fast: both in
/// place.
template <class V>
EBM_INLINE void along_great_circles(typename V::Vector* x, typename V::Vector* w, typename V::Vector speed,
                                    typename V::Real step, std::int64_t d) {
  using Vector = typename V::Vector;
  using Real = typename V::Real;
  Vector sine, cosine;
  sine_and_cosine<V>(speed * step, sine, cosine);
  // A particle at rest stays: its direction 0 / 0 is read as 0.
  const auto slow = V::broadcast(std::numeric_limits<float>::min());
  const auto along = sine / (speed < slow ? slow : speed), back = sine * speed;
  Vector square{};
  for (std::int64_t k = 0; k < d; ++k) {
    const auto y = x[k] * cosine + w[k] * along;
    w[k] = w[k] * cosine - x[k] * back;
    x[k] = y;
    square += y * y;
  }
  const auto inverse = Real{1} / V::square_root(square);
  Vector off{};
  for (std::int64_t k = 0; k < d; ++k) {
    x[k] *= inverse;
    off += w[k] * x[k];
  }
  for (std::int64_t k = 0; k < d; ++k) w[k] -= off * x[k];
}

struct Propose {
  template <int bytes, class Real>
  static EBM_INLINE void run(LeapfrogRows<Real> rule, const Real* x, const Real* gradient, const Real* noise,
                             std::int64_t count, Real* velocities, Real* y, Real* kinetic) {
    using V = Vectors<Real, bytes>;
    using Vector = typename V::Vector;
    const auto d = rule.dimension;
    const AlignedMemory<V> memory(3 * d, stage_size<V>(d));
    Vector *const at = memory.vectors(), *const w = at + d, *const slope = w + d;
    for (std::int64_t begin = 0; begin < count; begin += V::lanes) {
      load_group<V>(x, begin, count, d, at, 1, memory.numbers());
      load_group<V>(gradient, begin, count, d, slope, 1, memory.numbers());
      load_group<V>(noise, begin, count, d, w, 1, memory.numbers());
      Vector energy{}, square{};
      if (rule.on_sphere) {
        Vector normal{}, steep{};
        for (std::int64_t k = 0; k < d; ++k) {
          normal += w[k] * at[k];
          steep += slope[k] * at[k];
        }
        const auto half = rule.steps[0] / 2;
        for (std::int64_t k = 0; k < d; ++k) {
          const auto v = w[k] - normal * at[k];
          energy += v * v;
          w[k] = v - (slope[k] - steep * at[k]) * half;
          square += w[k] * w[k];
        }
        along_great_circles<V>(at, w, V::square_root(square), rule.steps[0], d);
      } else {
        for (std::int64_t k = 0; k < d; ++k) {
          const auto step = rule.steps[k];
          energy += w[k] * w[k];
          w[k] -= slope[k] * (step / 2);
          at[k] += w[k] * step;
        }
      }
      energy *= Real{0.5};
      store_group<V>(at, 1, begin, count, d, y, memory.numbers());
      store_group<V>(w, 1, begin, count, d, velocities, memory.numbers());
      std::copy_n(reinterpret_cast<const Real*>(&energy), std::min<std::int64_t>(V::lanes, count - begin),
                  kinetic + begin);
    }
  }
};

struct LogRatios {
  template <int bytes, class Real>
  static EBM_INLINE void run(LeapfrogRows<Real> rule, const Real* y, const Real* gradient,
                             const Real* velocities, std::int64_t count, const Real* kinetic,
                             const Real* energy, const Real* end_energy, double* ratios) {
    using V = Vectors<Real, bytes>;
    using Vector = typename V::Vector;
    const auto d = rule.dimension;
    const AlignedMemory<V> memory(3 * d, stage_size<V>(d));
    Vector *const at = memory.vectors(), *const w = at + d, *const slope = w + d;
    for (std::int64_t begin = 0; begin < count; begin += V::lanes) {
      load_group<V>(gradient, begin, count, d, slope, 1, memory.numbers());
      load_group<V>(velocities, begin, count, d, w, 1, memory.numbers());
      Vector square{}, steep{};
      if (rule.on_sphere) {
        load_group<V>(y, begin, count, d, at, 1, memory.numbers());
        for (std::int64_t k = 0; k < d; ++k) steep += slope[k] * at[k];
      }
      for (std::int64_t k = 0; k < d; ++k) {
        const auto half = rule.steps[rule.on_sphere ? 0 : k] / 2;
        const auto kick = rule.on_sphere ? slope[k] - steep * at[k] : slope[k];
        const auto v = w[k] - kick * half;
        square += v * v;
      }
      square *= Real{0.5};
      const Real* after = reinterpret_cast<const Real*>(&square);
      const auto rows = std::min<std::int64_t>(V::lanes, count - begin);
      for (std::int64_t i = 0; i < rows; ++i) {
        // Differences first: energies may be large numbers that differ little.
        ratios[begin + i] =
            (static_cast<double>(energy[begin + i]) - static_cast<double>(end_energy[begin + i])) +
            (static_cast<double>(kinetic[begin + i]) - static_cast<double>(after[i]));
      }
    }
  }
};

}  // namespace

template <class Real>
void LeapfrogRows<Real>::propose(const Real* x, const Real* gradient, const Real* noise, std::int64_t count,
                                 Real* velocities, Real* y, Real* kinetic) const {
  run_kernel<Propose>(*this, x, gradient, noise, count, velocities, y, kinetic);
}

template <class Real>
void LeapfrogRows<Real>::log_ratios(const Real* y, const Real* gradient, const Real* velocities,
                                    std::int64_t count, const Real* kinetic, const Real* energy,
                                    const Real* end_energy, double* ratios) const {
  run_kernel<LogRatios>(*this, y, gradient, velocities, count, kinetic, energy, end_energy, ratios);
}

template struct LeapfrogRows<float>;
template struct LeapfrogRows<double>;

}  // namespace ebm
