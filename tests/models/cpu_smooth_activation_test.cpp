#include "dualebm/models/cpu_smooth_activation.hpp"

#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

template <class Activation>
struct Apply {
  template <int bytes, class Real>
  static EBM_INLINE void run(const Real* u, std::int64_t count, Real* values, Real* slopes) {
    using V = Vectors<Real, bytes>;
    for (std::int64_t i = 0; i + V::lanes <= count; i += V::lanes) {
      typename V::Vector value, slope;
      Activation::template at<V, true, true>(V::load(u + i), value, slope);
      V::store(values + i, value);
      V::store(slopes + i, slope);
    }
  }
};

/// σ and σ' in long double, and what the error of σ' is measured by: |σ'| and, where that has a zero, the
/// terms that cancel there.
struct Exact {
  std::function<long double(long double)> value, slope, size;
};

long double logistic(long double u) { return 1 / (1 + std::exp(-u)); }
long double normal_below(long double u) { return std::erfc(-u / std::sqrt(2.0L)) / 2; }
long double normal_density(long double u) {
  return std::exp(-u * u / 2) * 0.39894228040143267793994605993438187L;
}

Exact exact_softplus() {
  return {[](long double u) { return std::max(u, 0.0L) + std::log1p(std::exp(-std::abs(u))); }, logistic,
          logistic};
}
Exact exact_silu() {
  const auto slope = [](long double u) { return logistic(u) * (1 + u * logistic(-u)); };
  return {[](long double u) { return u * logistic(u); }, slope,
          [=](long double u) { return std::max(std::abs(slope(u)), logistic(u)); }};
}
Exact exact_tanh() {
  const auto slope = [](long double u) {
    const auto t = std::exp(-2 * std::abs(u));
    return 4 * t / ((1 + t) * (1 + t));
  };
  return {[](long double u) { return std::tanh(u); }, slope, slope};
}
Exact exact_gelu() {
  const auto slope = [](long double u) { return normal_below(u) + u * normal_density(u); };
  return {[](long double u) { return u * normal_below(u); }, slope,
          [=](long double u) { return std::max(std::abs(slope(u)), normal_below(u)); }};
}

struct Errors {
  double value = 0, slope = 0;  ///< in units of 2^-24, or 2^-53 in double, of the exact number
};

template <class Activation, class Real>
Errors errors_at(const std::vector<Real>& u, const Exact& exact) {
  std::vector<Real> values(u.size()), slopes(u.size());
  run_kernel<Apply<Activation>>(u.data(), static_cast<std::int64_t>(u.size()), values.data(), slopes.data());
  const long double unit = sizeof(Real) == 4 ? 0x1p-24L : 0x1p-53L;
  Errors worst;
  const auto note = [&](double& error, long double found, long double expected, long double size) {
    if (size == 0) return;
    const auto here = static_cast<double>(std::abs(found - expected) / (size * unit));
    error = here > error || std::isnan(here) ? here : error;
  };
  for (std::size_t i = 0; i < u.size(); ++i) {
    const long double x = u[i];
    note(worst.value, values[i], exact.value(x), std::abs(exact.value(x)));
    note(worst.slope, slopes[i], exact.slope(x), exact.size(x));
  }
  return worst;
}

/// Numbers of either sign from 2^-40 up to `largest`, `count` in each octave; a multiple of 16 of them.
template <class Real>
std::vector<Real> numbers_up_to(double largest, int count) {
  std::vector<Real> u;
  for (int octave = -40; std::ldexp(1.0, octave) < largest; ++octave) {
    for (int i = 0; i < count; ++i) {
      const double size = std::ldexp(1 + (i + 0.382) / count, octave);
      if (size <= largest) u.insert(u.end(), {static_cast<Real>(size), static_cast<Real>(-size)});
    }
  }
  u.resize(u.size() / 16 * 16);
  return u;
}

template <class Activation>
void expect_errors(const Exact& exact, double largest_float, double largest_double, Errors in_float,
                   Errors in_double) {
  const auto singles = numbers_up_to<float>(largest_float, 4000);
  const auto doubles = numbers_up_to<double>(largest_double, 4000);
  with_each_instruction_set([&](InstructionSet set) {
    const auto single = errors_at<Activation>(singles, exact), twice = errors_at<Activation>(doubles, exact);
    EXPECT_LT(single.value, in_float.value) << to_string(set);
    EXPECT_LT(single.slope, in_float.slope) << to_string(set);
    EXPECT_LT(twice.value, in_double.value) << to_string(set);
    EXPECT_LT(twice.slope, in_double.slope) << to_string(set);
  });
}

// What the docstrings say was found. Up to these arguments nothing leaves the normal numbers.
TEST(SmoothActivations, SoftplusKeepsItsBound) {
  expect_errors<smooth::Softplus>(exact_softplus(), 86, 707, {3.4, 3.2}, {4.8, 4});
}
TEST(SmoothActivations, SiluKeepsItsBound) {
  expect_errors<smooth::Silu>(exact_silu(), 86, 700, {4, 6.9}, {4, 6.9});
}
TEST(SmoothActivations, TanhKeepsItsBound) {
  expect_errors<smooth::Tanh>(exact_tanh(), 43, 350, {3.9, 5}, {3.9, 5});
}
TEST(SmoothActivations, GeluKeepsItsBound) {
  expect_errors<smooth::Gelu>(exact_gelu(), 13, 37, {7.2, 7.1}, {8.6, 9.4});
}

// What a network may be fed with: nothing becomes a number that was none, and nothing small becomes large.
TEST(SmoothActivations, EndAsTheyShould) {
  std::vector<float> u(16, std::nanf("")), values(16), slopes(16);
  for (std::size_t i = 1; i < 16; i += 3) {
    u[i] = -3e38F;
    u[i + 1] = 3e38F;
  }
  const auto apply = [&](auto activation) {
    run_kernel<Apply<decltype(activation)>>(u.data(), std::int64_t{16}, values.data(), slopes.data());
    EXPECT_TRUE(std::isnan(values[0]) && std::isnan(slopes[0]));
    EXPECT_NEAR(slopes[1], 0, 1e-35F);
  };
  with_each_instruction_set([&](InstructionSet) {
    apply(smooth::Softplus{});
    EXPECT_TRUE(std::abs(values[1]) < 1e-35F && values[2] == 3e38F && slopes[2] == 1);
    apply(smooth::Silu{});
    EXPECT_TRUE(std::abs(values[1]) < 1e-35F && values[2] == 3e38F && slopes[2] == 1);
    apply(smooth::Gelu{});
    EXPECT_TRUE(std::abs(values[1]) < 1e-35F && values[2] == 3e38F && slopes[2] == 1);
    apply(smooth::Tanh{});
    EXPECT_TRUE(values[1] == -1 && values[2] == 1 && slopes[2] < 1e-35F);
  });
}

// Every float there is, against double by the same formulas, some minutes an activation: by hand, with
// --gtest_also_run_disabled_tests.
TEST(SmoothActivations, DISABLED_KeepTheirBoundsForEveryFloat) {
  const auto all = [](auto activation, float largest, Errors bound) {
    using Activation = decltype(activation);
    constexpr std::int64_t piece = 1 << 16;
    std::vector<float> u(piece), values(piece), slopes(piece);
    std::vector<double> wide(piece), exact(piece), exact_slopes(piece);
    Errors worst;
    for (std::uint64_t begin = 0; begin < (1ULL << 32); begin += piece) {
      for (std::int64_t i = 0; i < piece; ++i) {
        const auto bits =
            std::bit_cast<float>(static_cast<std::uint32_t>(begin + static_cast<std::uint64_t>(i)));
        u[std::size_t(i)] = std::abs(bits) <= largest ? bits : 0;  // NaN, too
        wide[std::size_t(i)] = u[std::size_t(i)];
      }
      run_kernel<Apply<Activation>>(u.data(), piece, values.data(), slopes.data());
      run_kernel<Apply<Activation>>(wide.data(), piece, exact.data(), exact_slopes.data());
      for (std::size_t i = 0; i < std::size_t(piece); ++i) {
        // Where σ' has a zero, its terms are of the size of σ(u) / u.
        const double size =
            std::max(std::abs(exact_slopes[i]), u[i] < -0.1F ? std::abs(exact[i] / wide[i]) : 0.0);
        if (std::abs(exact[i]) > 1.2e-38)
          worst.value = std::max(worst.value, std::abs(values[i] - exact[i]) / std::abs(exact[i]) * 0x1p24);
        if (size > 1.2e-38)
          worst.slope = std::max(worst.slope, std::abs(slopes[i] - exact_slopes[i]) / size * 0x1p24);
      }
    }
    fmt::print("{:.3f} and {:.3f}\n", worst.value, worst.slope);
    EXPECT_LT(worst.value, bound.value);
    EXPECT_LT(worst.slope, bound.slope);
  };
  all(smooth::Softplus{}, 86, {6, 5.1});
  all(smooth::Silu{}, 86, {6.1, 17});
  all(smooth::Tanh{}, 43, {6.5, 10.2});
  all(smooth::Gelu{}, 13, {10, 10});
}

}  // namespace
}  // namespace ebm::testing
