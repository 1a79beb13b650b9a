#pragma once

#include <cstdint>
#include <vector>

#include "dualebm/models/smooth_activation_kind.hpp"

namespace ebm::perceptron {

/// Zeros at first, from the beginning of a line of the cache to the end of one.
template <class Real>
class Lines {
 public:
  static constexpr std::int64_t width = 64 / static_cast<std::int64_t>(sizeof(Real));  ///< numbers of a line

  explicit Lines(std::int64_t numbers) : lines_(static_cast<std::size_t>((numbers + width - 1) / width)) {}

  Real* data() { return reinterpret_cast<Real*>(lines_.data()); }
  const Real* data() const { return reinterpret_cast<const Real*>(lines_.data()); }
  std::size_t size() const { return lines_.size() * static_cast<std::size_t>(width); }  ///< with the filling

  void operator+=(const Lines& other);

 private:
  struct alignas(64) Line {
    Real numbers[width] = {};
  };
  std::vector<Line> lines_;
};

/// So many numbers, filled up to whole lines.
template <class Real>
constexpr std::int64_t padded(std::int64_t count) {
  return (count + Lines<Real>::width - 1) / Lines<Real>::width * Lines<Real>::width;
}

/// A matrix [steps, columns] for products with rows, in panels as wide as a line, [steps, width] each, so
/// that a product reads it in order. The last panel is filled up with zeros.
template <class Real>
class Panels {
 public:
  /// @param matrix  element (i, j) at matrix[i * step_stride + j * column_stride]
  Panels(const Real* matrix, std::int64_t steps, std::int64_t columns, std::int64_t step_stride,
         std::int64_t column_stride);

  std::int64_t steps() const { return steps_; }
  std::int64_t columns() const { return columns_; }
  /// @param line  the number of a panel
  const Real* panel(std::int64_t line) const { return numbers_.data() + line * steps_ * Lines<Real>::width; }

 private:
  std::int64_t steps_, columns_;
  Lines<Real> numbers_;
};

/// A hidden layer h' = σ(W h + b).
template <class Real>
struct Layer {
  Panels<Real> forward;   ///< Wᵀ, [in, out]
  Panels<Real> backward;  ///< W, [out, in]
  Lines<Real> bias;       ///< b, [out]

  /// @param weight  W, [out, in], row after row @param b  [out]
  Layer(const Real* weight, const Real* b, std::int64_t in, std::int64_t out);
  std::int64_t in() const { return forward.steps(); }
  std::int64_t out() const { return forward.columns(); }
};

/// Σ_i weight_i ∇_θ E(x_i), as a kernel lays it out.
template <class Real>
struct ParameterSums {
  struct OfLayer {
    Lines<Real> weight;  ///< of Wᵀ, [in, padded(out)]
    Lines<Real> bias;    ///< [out]
  };
  std::vector<OfLayer> hidden;
  Lines<Real> last;  ///< of a
  Real last_bias = 0;

  void operator+=(const ParameterSums& other);
};

/// A perceptron E(x) = <a, h_L> + c + |x|² / (2 s²), h_l = σ(W_l h_{l-1} + b_l), h_0 = x, as a kernel reads
/// it: a copy of the parameters as they were.
///
/// Each pass takes a few rows through all layers while what they activate is in the first two caches: no
/// matrix of all rows and neurons exists. A row's results depend on that row alone, to the bit.
template <class Real>
struct Network {
  std::vector<Layer<Real>> hidden;  ///< at least one
  Lines<Real> last;                 ///< a
  Real last_bias = 0;               ///< c
  Real precision = 0;               ///< 1 / s², or 0
  SmoothActivationKind activation = SmoothActivationKind::silu;

  std::int64_t dimension() const { return hidden.front().in(); }
  /// Multiply-adds of E at one row.
  std::int64_t work() const;

  /// E and ∇_x E. One thread's work, with the best instructions that the processor has; results depend on the
  /// instruction set in their last bits.
  /// @param points  [rows, d] @param gradients  [rows, d], or null @param values  [rows], or null
  void operator()(const Real* points, std::int64_t rows, Real* gradients, Real* values) const;

  /// Adds Σ_i weight_i ∇_θ E(x_i) to `sums`, in the order of the rows; likewise. @param weights  [rows]
  void add_parameter_gradients(const Real* points, const Real* weights, std::int64_t rows,
                               ParameterSums<Real>& sums) const;

  ParameterSums<Real> no_sums() const;  ///< of this shape, all zero
};

}  // namespace ebm::perceptron
